package vendorhttp_test

import (
	"testing"

	"alpemix-collector/vendorhttp"
)

// BenchmarkRedact is what every failure costs: an error's text and two secrets of the usual length.
func BenchmarkRedact(b *testing.B) {
	secrets := []string{"HnyxDQCkB6NUJCd6a7X43qIygcLVJ9ZR", "tok-0123456789abcdef0123456789abcdef"}
	text := "alpemix account main, request for today: the vendor allows 3 report requests in 1m0s"
	b.ReportAllocs()
	for b.Loop() {
		vendorhttp.Redact(text, secrets)
	}
}
