package simulator

// The desk's vocabulary. Every list holds some of what breaks careless readers: dotted and dotless i, all Turkish letters,
// quotes, backslashes before letters that JSON gives a meaning to (b, f, n, r, t, u), line breaks, and characters outside
// windows-1254.

var firstNames = []string{
	"Ayşe", "Mehmet", "Fatma", "Mustafa", "Çağla", "İbrahim", "Şule", "Oğuz", "Gülşen", "Emre", "Işıl", "Burak", "Zeynep", "Hüseyin",
	"Ömer", "Elif", "Serkan", "Nazlı", "Uğur", "Büşra", "Yiğit", "Özge", "Tuğba", "Kağan", "Selin", "Cem", "İpek", "Barış", "Derya", "Hakan",
}

var lastNames = []string{
	"Yılmaz", "Kaya", "Demir", "Şahin", "Çelik", "Yıldız", "Öztürk", "Aydın", "Özdemir", "Arslan", "Doğan", "Kılıç", "Çetin", "Koç",
	"Kurt", "Özkan", "Şimşek", "Polat", "Işık", "Erdoğan", "Güneş", "Bozkurt", "Uçar", "Tunç", "Gündüz", "Ağaoğlu",
}

var companyNames = []string{
	"Yıldız", "Güneş", "Anadolu", "Boğaziçi", "Ege", "Karadeniz", "Toros", "Ihlamur", "Çınar", "Şafak", "Öz Kardeşler", "Gökkuşağı", "İnci",
	"Zümrüt", "Uludağ", "Marmara", "Pınar", "Başak", "Doruk", "Altın", "Akdeniz", "Göksu", "Çağdaş", "Ümit", "Yeşil Vadi", "Işıltı", "Kızılırmak",
	"Şen", "Demirel", "Özgür", "Ufuk", "Sağlık", "Bereket", "Defne", "Kardelen", "Lale", "Nazar", "Poyraz", "Rüzgâr", "Tuğra",
}

var trades = []string{
	"Muhasebe", "Eczanesi", "Gıda", "Tekstil", "Market", "Oto Galeri", "İnşaat", "Mobilya", "Lokantası", "Kuyumculuk", "Züccaciye", "Nakliyat",
	"Diş Kliniği", "Kırtasiye", "Petrol", "Çiçekçilik", "Sigorta", "Mali Müşavirlik", "Optik", "Şarküteri",
}

var machines = []string{
	"Kasa 1", "Kasa 2", "Kasa-3", "SERVER", "Muhasebe", "Müdür", "Depo", "Ön Büro", "Şube", "Fabrika", "AYŞE-PC", "DESKTOP-7KQ2N1F", "Laptop",
	"Üretim", "Sevkiyat", "Terminal", "Yedek PC", "İdari İşler",
}

// domainUsers are what Windows shows for a signed-in user.
var domainUsers = []string{
	`OFIS\berk`, `OFIS\user`, `MERKEZ\fatma`, `SUBE2\nurcan`, `DEPO\recep`, `AD\tugba`, `OFIS\İrem`, `FIRMA\0142`,
}

// topics fill the %s of notes.
var topics = []string{
	"e-Fatura", "e-Arşiv", "e-Defter", "stok modülü", "cari hesap", "bordro", "yazıcı", "barkod okuyucu", "POS cihazı", "yedekleme", "Outlook",
	"Excel çıktısı", "KDV beyannamesi", "irsaliye", "kasa raporu", "SQL Server", "lisans", "mali mühür", "çek/senet", "terazi", "VPN", "döviz kuru",
}

var notes = []string{
	"%s hatası giderildi", "%s kurulumu yapıldı", "%s güncellendi", "%s ayarları kontrol edildi, sorun yok", "%s açılmıyor; servis yeniden başlatıldı",
	"%s eğitimi verildi", "%s için yetki tanımlandı", "Kullanıcıya %s anlatıldı", "%s bağlantısı koptu, tekrar kuruldu", "%s şifresi sıfırlandı",
	"%s raporu yanlış geliyordu, düzeltildi", "İşlem yarım kaldı, müşteri %s için tekrar arayacak", "%s: müşteri \"çalışmıyor\" dedi, çalışıyor",
	"%s ekranında \"Geçersiz değer\", \"Tekrar deneyin\" uyarısı alındı", "Yol düzeltildi: C:\\new\\%s", "Paylaşım yetkisi verildi (OFIS\\berk) - %s",
	"\\\\SERVER\\yedek klasörüne %s kopyalandı", "%s dosyası D:\\raporlar\\u2024\\ altına taşındı", "%s yedeği şuraya alındı: D:\\YEDEK\\",
	"%s\r\n1) Servis durduruldu\r\n2) Güncelleme yapıldı\r\n3) Test edildi", "%s kontrol edildi.\nSorun görülmedi.", "Müşteri:\t%s\tTAMAM",
	"%s 👍", "Fiyat 1.250 € + KDV, %s için teklif iletildi", "%s -> öğleden sonra bakılacak (ğüşıöç ĞÜŞİÖÇ)", "%s işlemi %100 tamam", "%s; {acil} [2. kez]",
	"Uzaktan %s desteği sağlandı, ÖDEME ALINACAK", "%s için üst birime aktarıldı / bekliyor", "\"%s\"",
}
