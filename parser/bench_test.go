package parser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"alpemix-collector/report"

	"golang.org/x/text/encoding/charmap"
)

const benchRows = 100_000

// benchBody is a day of n rows of about 400 bytes with Turkish names, as alpemix.txt orders and spells the keys.
func benchBody(n int, backslash string) []byte {
	staff := []string{"Ayşe Yılmaz", "Mehmet Öztürk", "Gökhan Çelik", "Şule Işık", "Deniz Aydın"}
	texts := []string{"Yazıcı kurulumu yapıldı", "e-Fatura gönderilemiyor, düzeltildi", "", "Yedek alındı", "Muhasebe programı güncellendi"}
	var b bytes.Buffer
	b.WriteString(`{"errornumber":0,"results":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		s := 86399 - i*86399/n
		fmt.Fprintf(&b, `{ "uid":"%016x", "dt":"%02d:%02d:%02d 22%[5]s08%[5]s2024", "dur:":%d, "dir":%d, `,
			uint64(i)*0x9E3779B97F4A7C15, s/3600, s/60%60, s%60, backslash, 30+i%4000, i%10/9)
		fmt.Fprintf(&b, `"exp":"%s", "supnum":"%d", "uname":"%s", "ip":"85.105.%d.%d", "lip":"192.168.1.%d", "unum":"D%032d", "aid":"%d", `,
			texts[i%len(texts)], 100000+i%700, staff[i%len(staff)], i%250, i%200, i%254, i%20, 300000000+i%20)
		fmt.Fprintf(&b, `"tuname":"MÜŞTERİ-%04d", "tip":"78.180.%d.%d", "tlip":"10.0.%d.15", "tunum":"T%032d", "taid":"%d" }`,
			i%900, i%255, i%123, i%99, i%900, 400000000+i%900)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// BenchmarkIndexQuotes is the measure for BenchmarkSplitUnchanged.
func BenchmarkIndexQuotes(b *testing.B) {
	body := benchBody(benchRows, `\\`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		indexQuotes(body)
	}
}

func indexQuotes(body []byte) (n int) {
	for {
		i := bytes.IndexByte(body, '"')
		if i < 0 {
			return n
		}
		n++
		body = body[i+1:]
	}
}

// BenchmarkSplitUnchanged is a poll that brings nothing new. Its figure "ratio" is its speed as a fraction of that of
// finding the quotes of the same body, measured in the same run.
func BenchmarkSplitUnchanged(b *testing.B) {
	for _, mode := range []struct{ name, backslash string }{{"escaped", `\\`}, {"literal", `\`}} {
		b.Run(mode.name, func(b *testing.B) { benchUnchanged(b, benchBody(benchRows, mode.backslash)) })
	}
	b.Run("windows1254", func(b *testing.B) {
		body, err := charmap.Windows1254.NewEncoder().Bytes(benchBody(benchRows, `\`))
		if err != nil {
			b.Fatal(err)
		}
		benchUnchanged(b, body)
	})
}

func benchUnchanged(b *testing.B, body []byte) {
	seen := make(map[uint64]struct{}, benchRows)
	if _, err := Split(body, "", func(r report.Record) error { seen[Hash(r.Raw)] = struct{}{}; return nil }); err != nil {
		b.Fatal(err)
	}
	fresh := 0
	known := func(r report.Record) error {
		if _, ok := seen[Hash(r.Raw)]; !ok {
			fresh++
		}
		return nil
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var measure time.Duration
	for b.Loop() {
		if sum, err := Split(body, "", known); err != nil || sum.Records != benchRows {
			b.Fatal(sum, err)
		}
		b.StopTimer()
		start := time.Now()
		indexQuotes(body)
		measure += time.Since(start)
		b.StartTimer()
	}
	if fresh > 0 {
		b.Fatal("fresh records:", fresh)
	}
	b.ReportMetric(measure.Seconds()/b.Elapsed().Seconds(), "ratio")
}

// BenchmarkSplitStream is the first half of an import.
func BenchmarkSplitStream(b *testing.B) {
	body := benchBody(benchRows, `\\`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SplitStream(opener(body), "", func(report.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse compares one record's way to a connection with encoding/json into a struct of the same fields.
func BenchmarkParse(b *testing.B) {
	body := benchBody(1000, `\\`)
	var records []report.Record
	if _, err := Split(body, "", func(r report.Record) error { records = append(records, r); return nil }); err != nil {
		b.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		b.Fatal(err)
	}
	src := Source{Account: "main", Location: zone, FetchedAt: time.Date(2024, 8, 22, 21, 0, 0, 0, time.UTC), Tally: Tally{}}
	b.Run("scanner", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, reject := Parse(records[i%len(records)], src); reject != nil {
				b.Fatal(reject)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			var row struct {
				UID, DT, Exp, SupNum, UName, IP, LIP, UNum, AID, TUName, TIP, TLIP, TUNum, TAID string

				Dur int `json:"dur:"`
				Dir int
			}
			if err := json.Unmarshal(records[i%len(records)].Raw, &row); err != nil {
				b.Fatal(err)
			}
		}
	})
}
