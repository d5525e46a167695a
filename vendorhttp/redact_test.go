package vendorhttp_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"alpemix-collector/vendorhttp"
)

const secret = `S3cr"et<Key>/+ß1`

// spellings returns the ways in which a page may repeat a secret.
var spellings = map[string]func(string) string{
	"plain":         func(s string) string { return s },
	"upper case":    strings.ToUpper,
	"query":         url.QueryEscape,
	"path":          url.PathEscape,
	"lower percent": func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
	"HTML":          html.EscapeString,
	"JSON":          func(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) },
	"JSON of PHP": func(s string) string {
		b := strconv.QuoteToASCII(s)
		return strings.ReplaceAll(b[1:len(b)-1], "/", `\/`)
	},
	"HTML of JSON":   func(s string) string { return html.EscapeString(strings.ReplaceAll(s, "+", "%2B")) },
	"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 login":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("api:" + s)) },
	"base64 of JSON": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(`{"k":"` + s + `"}`)) },
	"escaped base64": func(s string) string { return url.QueryEscape(base64.RawStdEncoding.EncodeToString([]byte("ab" + s))) },
	"numbers": func(s string) (all string) {
		for _, r := range s {
			all += fmt.Sprintf("&#x%X;", r)
		}
		return all
	},
}

func TestSecretsAreFoundInEverySpelling(t *testing.T) {
	for name, spell := range spellings {
		said := "before " + spell(secret) + " after"
		if got := vendorhttp.Redact(said, []string{"", "other", secret}); got != "before [redacted] after" {
			t.Errorf("%s: %s is %s", name, said, got)
		}
		cause := errors.New(said)
		err := vendorhttp.RedactError(cause, []string{secret})
		if err.Error() != "before [redacted] after" || !errors.Is(err, cause) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, secrets := range map[string][]string{
		"nothing of it": {secret, ""}, "": {secret}, "an apple": {"apples"},
	} {
		if got := vendorhttp.Redact(text, secrets); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := vendorhttp.Redact("abcdefghij abcdefgh", []string{"abcdefgh", "abcdefghij"}); got != "[redacted] [redacted]" {
		t.Error(got)
	}
	long := strings.Repeat("x9", 4000)
	if got := vendorhttp.Redact("<"+long+"> ", []string{long}); got != "<[redacted]> " {
		t.Errorf("%.100s", got)
	}
}

// TestBrokenSecretsAreFound: a line break within an echoed secret hides no part of it, however the
// break is written.
func TestBrokenSecretsAreFound(t *testing.T) {
	const secret = "S3cretKey+12345/67"
	for _, gap := range []string{
		"\n", "\r\n", " ", "\t", "\r\n\r\n   ", `\n`, `\r\n`, `\\n`, `\u000a`, `\u000D\u000A`, "&#10;", "&#13;&#10;", "&#xA;", "&#x0d;", "%0A", "%0d%0a",
		"+", "\u00a0", "\u2028", "&nbsp;", "&NewLine;", "\\\n",
	} {
		for _, at := range []int{1, 4, 9, len(secret) - 1} {
			said := "before " + secret[:at] + gap + secret[at:] + " after"
			if got := vendorhttp.Redact(said, []string{secret}); got != "before [redacted] after" {
				t.Errorf("%q is %q", said, got)
			}
			if got := vendorhttp.Excerpt([]byte(said), []string{secret}); strings.Contains(got, "12345") || strings.Contains(got, "S3c") {
				t.Errorf("%q is %q", said, got)
			}
		}
	}
}

// TestRecordsAreRedacted: a redacted record stays valid, whichever way it writes backslashes.
func TestRecordsAreRedacted(t *testing.T) {
	const secret, token = `S3cr"etKey\/+12`, "tok-4711-abcdef-9"
	r := vendorhttp.NewRedactor([]string{secret, token})
	for record, want := range map[string]string{
		`{"uid":"1","exp":"nothing"}`:                        `{"uid":"1","exp":"nothing"}`,
		`{"uid":"1","exp":"token tok-4711-abcdef-9."}`:       `{"uid":"1","exp":"token [redacted]."}`,
		`{"uid":"1","exp":"tok-4711-\r\nabcdef-9","x":0}`:    `{"uid":"1","exp":"[redacted]","x":0}`,
		"{\"exp\":\"tok-4711-abc\r\ndef-9\"}":                `{"exp":"[redacted]"}`,
		`{"exp":"tok-4711&#10;-abcdef-9","supnum":"TOK"}`:    `{"exp":"[redacted]","supnum":"TOK"}`,
		`{"exp":"{\"secretkey\":\"S3cr\\\"etKey\\\/+12\"}"}`: `{"exp":"{\"secretkey\":\"[redacted]\"}"}`,
		`{"exp":"S3cr\"etKey\/+12\",\"a"}`:                   `{"exp":"[redacted]\",\"a"}`,
		`{"tok-4711-abcdef-9":"dG9rLTQ3MTEtYWJjZGVmLTk="}`:   `{"[redacted]":"[redacted]"}`,
		"{\"exp\":\"\xfe\xff tok-4711-abcdef-9 \xfd\"}":      "{\"exp\":\"\xfe\xff [redacted] \xfd\"}",
	} {
		if got := string(r.Record([]byte(record))); got != want {
			t.Errorf("%s is %s", record, got)
		}
	}
	raw := []byte(`{"uid":"1","exp":"nothing"}`)
	if n := testing.AllocsPerRun(100, func() { r.Record(raw) }); n > 0 {
		t.Errorf("%v allocations for a record without a secret", n)
	}
}

// TestShortSecretsAreNotMarked: replacing a short secret within other words would give it away.
func TestShortSecretsAreNotMarked(t *testing.T) {
	for _, tt := range []struct{ text, secret, redact, excerpt string }{
		{"INVALID_PASSWORD", "PASSWORD", "INVALID_PASSWORD", "INVALID_PASSWORD"},
		{"INVALID_PASSWORD", "password", "INVALID_PASSWORD", "INVALID_PASSWORD"},
		{"error INVALID_PASSWORD1: no", "invalid", "error INVALID_PASSWORD1: no", "error INVALID_PASSWORD1: no"},
		{"INVALID_S3CRETKEY", "S3CRETKEY", "INVALID_[redacted]", "INVALID_[redacted]"},
		{"the alphabet", "alp", "the alphabet", "the alphabet"},
		{"user alp is unknown", "alp", "user alp is unknown", "(not shown: it may hold a secret)"},
		{"user \"ALP\"", "alp", "user \"ALP\"", "(not shown: it may hold a secret)"},
		{"geçersiz şifre", "şifre", "geçersiz şifre", "(not shown: it may hold a secret)"},
		{"geçersiz şifreler", "şifre", "geçersiz şifreler", "geçersiz şifreler"},
	} {
		if got := vendorhttp.Redact(tt.text, []string{tt.secret}); got != tt.redact {
			t.Errorf("%s without %s: %s", tt.text, tt.secret, got)
		}
		if got := vendorhttp.Excerpt([]byte(tt.text), []string{tt.secret}); got != tt.excerpt {
			t.Errorf("%s without %s: %s", tt.text, tt.secret, got)
		}
	}
}

func TestExcerptHoldsNoPartOfASecret(t *testing.T) {
	for body, want := range map[string]string{
		"say two\n  words": "say [redacted]", "": "", " a\r\n\tb\x00c ": "a b c", "\xff\xfe": "?", "ab\xffc": "ab?c",
		strings.Repeat("ä", 100):                        strings.Repeat("ä", 80) + "…",
		"x " + secret + " y":                            "x [redacted] y",
		strings.Repeat(" ", 4090) + secret:              "[redacted]",
		strings.Repeat(" ", 4080) + "é" + secret + "zz": "é[redacted]zz",
	} {
		if got := vendorhttp.Excerpt([]byte(body), []string{secret, "two words"}); got != want {
			t.Errorf("%.50q: %q, want %q", body, got, want)
		}
	}
}

// FuzzRedact: no secret of eight characters or more stays in a text, whatever surrounds it and
// however it is spelled.
func FuzzRedact(f *testing.F) {
	f.Add("text ", secret, "more", 3)
	f.Add("%", "%41%25%41%25", "%", 1)
	f.Add("&#", "&#38;amp;amp;", "\\u0041", 5)
	names := []string{"plain", "query", "path", "HTML", "JSON", "JSON of PHP", "numbers"}
	f.Fuzz(func(t *testing.T, before, secret, after string, way int) {
		// A secret that is part of "[redacted]" would be found again in its replacement. Space and
		// backslashes in a secret are ignored, and a word in a constant is not a secret.
		plain := strings.Trim(secret, "\\ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		if len([]rune(plain)) < 8 || strings.Contains("[redacted]", strings.ToLower(plain)) || len(secret) > 200 ||
			!utf8.ValidString(secret) || // the configuration refuses such a secret
			strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return
		}
		spelled := spellings[names[max(way, -way-1)%len(names)]](secret)
		got := vendorhttp.Redact(before+spelled+after, []string{secret})
		for _, part := range strings.Split(got, "[redacted]") {
			if strings.Contains(part, secret) || spelled != "" && strings.Contains(part, spelled) {
				t.Errorf("%q with %q in it is %q", before+spelled+after, secret, got)
			}
		}
		if !strings.Contains(got, "[redacted]") {
			t.Errorf("%q is not found in %q", secret, before+spelled+after)
		}
	})
}
