package parser

import (
	"testing"
	"unicode/utf8"

	"alpemix-collector/report"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

func TestCharsetOfAText(t *testing.T) {
	for _, tt := range []struct{ name, contentType, sent, want string }{
		{"UTF-8", "", "Ayşe", "Ayşe"},
		{"UTF-8 that was encoded twice", "", "AyÅŸe", "AyÅŸe"},
		{"windows-1254", "", "\xC7a\xF0r\xFD", "Çağrı"},
		{"windows-1254 declared as UTF-8", "application/json; charset=utf-8", "\xC7a\xF0r\xFD", "Çağrı"},
		{"windows-1254 declared as iso-8859-9", "text/html;charset=ISO-8859-9", "\xC7a\xF0r\xFD", "Çağrı"},
		{"a letter at the end that could begin a character", "", "Gen\xE7", "Genç"},
		{"UTF-8 cut within a character", "", "Çağrı\xC5", "ÇağrıÅ"},
		{"UTF-8 cut in the middle", "", "Çağrı\xC5... ışık", "ÇağrıÅ... ışık"},
		{"two letters of windows-1254 like a character", "", "G\xDCL\xDC\x92N\xDCN", "GÜLÜ’NÜN"},
		{"both charsets", "", "Ayşe \xC7a\xF0r\xFD", "Ayşe Çağrı"},
		{"both, declared as windows-1254", "text/plain; charset=windows-1254", "Ayşe \xC7a\xF0r\xFD", "Ayşe Çağrı"},
		{"both, declared as iso-8859-1", "text/plain; charset=iso-8859-1", "Ayşe \xD0\xDE\xFD", "Ayşe ÐÞý"},
		{"both, declared as iso-8859-15", "text/plain; charset=iso-8859-15", "Ayşe \xA4\xFD", "Ayşe €ý"},
		{"a charset whose letters look like both", "text/plain; charset=iso-8859-2", "\xCENS\xC3\xAAI", "ÎNSĂŞI"},
		{"both, declared as a charset without one of the bytes", "text/plain; charset=iso-8859-2", "Ayşe \xF0\xFD", "Ayşe ğı"},
		{"both within a word", "", "\xC7ağr\xFD", "Çağrı"},
		{"punctuation and signs of UTF-8", "", "\xFE\xFE\xFE\xFE “5 €” ✓ 😀", "şşşş “5 €” ✓ 😀"},
		{"quotes of windows-1254 around its letters", "", "\xAB\xC2\xBB h\xE2l\xE2", "«Â» hâlâ"},
		{"an ellipsis of windows-1254 behind its letters", "", "\xFE\xFE h\xE2l\xE2\x85\x85", "şş hâlâ……"},
		{"more UTF-8 than an odd pair", "", "Ayşe Şule ışık G\xDCL\xDC\x92N\xDCN", "Ayşe Şule ışık GÜLÜ’NÜN"},
		{"a letter beside damaged UTF-8 declared as iso-8859-1", "text/plain; charset=iso-8859-1", "ışık \xF0", "ışık ð"},
		{"Cyrillic cut in the middle", "", "Привет\xD0... Иван", "ПриветĞ... Иван"},
		{"U+FFFD", "", "\xFE \uFFFD", "ş \uFFFD"},
		{"CESU-8 beside UTF-8", "", "Ş \xED\xA0\xBD\xED\xB8\x80", "Ş 😀"},
		{"CESU-8 alone", "", "\xED\xA0\xBD\xED\xB8\x80!", "😀!"},
		{"CESU-8 cut between two halves", "", "Ş \xED\xA0\xBD", "Ş í\u00a0½"},
		{"CESU-8 cut within a half", "", "Ş \xED\xA0\xBD\xED\xB8", "Ş í\u00a0½í¸"},
		{"CESU-8 beside windows-1254", "", "\xDEule \xED\xA0\xBD\xED\xB8\x80", "Şule 😀"},
		{"undefined bytes", "", "\x81\xFE", "\u0081ş"},
		{"escapes beside bytes", "", "\xFE\\u00e7\\n", "şç\n"},
		{"iso-8859-2", "application/json; charset=iso-8859-2", "Za\xBF\xF3\xB3\xE6", "Zażółć"},
		{"a charset in which the bytes mean nothing", "application/json; charset=windows-1253", "\xFF\xFE", "ÿş"},
		{"a charset in which a backslash is half a character", "application/json; charset=shift_jis", "\x95\x5C\x8E\xA6", "表示"},
		{"that charset beside UTF-8", "application/json; charset=shift_jis", "Ayşe", "Ayşe"},
		{"gbk", "application/json; charset=gbk", "\xD6\xD0\xCE\xC4", "中文"},
		{"a charset that nobody knows", "application/json; charset=klingon", "\xFE", "ş"},
		{"a broken Content-Type", `application/json; charset="x`, "\xFE", "ş"},
		{"UTF-16 of a body that is not", "application/json; charset=utf-16", "\xFE", "ş"},
	} {
		for _, beside := range []string{"", `,{"exp":"Şule"}`, ",{\"exp\":\"\xDEule\"}", ",{\"exp\":\"C:\\Program\"}"} {
			body := `{"errornumber":0,"results":[{"uid":"1","dt":"10:00:00 22\\08\\2024","exp":"` + tt.sent + `","uname":"Işık"}` + beside + `]}`
			n := 0
			_, err := Split([]byte(body), tt.contentType, func(rec report.Record) error {
				if n++; n > 1 {
					return nil
				}
				c, reject := Parse(rec, Source{FetchedAt: fetchedAt})
				if reject != nil || c.Explanation != tt.want || c.Staff.Name != "Işık" || c.Raw != string(rec.Raw) {
					t.Errorf("%s beside %q: %q, %q, %v", tt.name, beside, c.Explanation, c.Staff.Name, reject)
				}
				return nil
			})
			if err != nil || n == 0 {
				t.Errorf("%s: %d records, %v", tt.name, n, err)
			}
		}
	}
}

// TestBytesCanBeToldFromTheText: in windows-1254 any byte is a character of its own, and none is U+FFFD.
func TestBytesCanBeToldFromTheText(t *testing.T) {
	seen := map[rune]bool{}
	for b := range 256 {
		r := decodeByte(charmap.Windows1254, byte(b))
		if r == utf8.RuneError || seen[r] {
			t.Errorf("byte %#x is %q", b, r)
		}
		seen[r] = true
	}
}

func TestWideBodies(t *testing.T) {
	const text = `{"errornumber":0,"results":[{"uid":"1","dt":"10:00:00 22\\08\\2024","exp":"Şule 😀"}]}`
	for name, enc := range map[string]encoding.Encoding{
		"UTF-16LE":       unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16BE":       unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		"UTF-16LE, mark": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16BE, mark": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"UTF-32LE":       utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM),
		"UTF-32BE":       utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
		"UTF-32LE, mark": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
		"UTF-32BE, mark": utf32.UTF32(utf32.BigEndian, utf32.UseBOM),
	} {
		body, err := enc.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1, 5, len(body)} {
			raws, sum, err := streamAll(body, "", size)
			if err != nil || len(raws) != 1 || raws[0] != text[28:len(text)-2] || sum.Quirks[quirkUTF16] != 1 {
				t.Errorf("%s through %d bytes: %q, %+v, %v", name, size, raws, sum, err)
			}
		}
		if raws, _, err := splitAll(body, ""); err != nil || len(raws) != 1 {
			t.Errorf("%s in memory: %q, %v", name, raws, err)
		}
	}
}

// TestSeen is pinned: what a state file remembers must be found again.
func TestSeen(t *testing.T) {
	text := report.Record{Raw: []byte("a")}
	declared := report.Record{Raw: []byte("a"), Charset: "iso-8859-2"}
	hash := Hash(text.Raw)
	if Seen(text, hash) != hash^0x78DDE6E5FD29F054 || Seen(declared, hash) != 0x315DC4BA99966C90 {
		t.Errorf("%#x, %#x", Seen(text, hash)^hash, Seen(declared, hash))
	}
	if Seen(text, hash) == hash {
		t.Error("a record is remembered as before it counted how it was read")
	}
}
