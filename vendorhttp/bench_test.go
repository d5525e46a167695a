package vendorhttp_test

import (
	"fmt"
	"testing"

	"alpemix-collector/vendorhttp"
)

// BenchmarkRedact measures what every failure costs: an error's text and two secrets of the usual
// length.
func BenchmarkRedact(b *testing.B) {
	secrets := []string{"HnyxDQCkB6NUJCd6a7X43qIygcLVJ9ZR", "tok-0123456789abcdef0123456789abcdef"}
	text := "alpemix account main, request for today: the vendor allows 3 report requests in 1m0s"
	b.ReportAllocs()
	for b.Loop() {
		vendorhttp.Redact(text, secrets)
	}
}

// BenchmarkRecord measures what every record of every poll costs: one without a secret, and one
// that holds a piece of one.
func BenchmarkRecord(b *testing.B) {
	r := vendorhttp.NewRedactor([]string{"2024a-8f3c-key", "b0a7e3d2-7c1f-4b6e-9a55-2024d8f1c0aa"})
	record := `{"uid":"8f2c01","dt":"23:38:18 22\\08\\2024","dur":754,"dir":0,"exp":"%s","supnum":"4711","uname":"Ay\u015fe"}`
	for name, exp := range map[string]string{"without": "Yazıcı kurulumu yapıldı", "piece": "2024d8 and 2024a-"} {
		b.Run(name, func(b *testing.B) {
			raw := []byte(fmt.Sprintf(record, exp))
			for b.Loop() {
				r.Record(raw)
			}
		})
	}
}
