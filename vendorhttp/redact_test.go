package vendorhttp_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"alpemix-collector/vendorhttp"
)

const secret = `S3cr"et<Key>/+ß1`

// spellings are the ways in which a page may repeat a secret.
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
	if got := vendorhttp.Redact("abcdef abc", []string{"abc", "abcdef"}); got != "[redacted] [redacted]" {
		t.Error(got)
	}
	if got := vendorhttp.Redact("aaa e", []string{"a", "e"}); got != "[redacted][redacted][redacted] [redacted]" {
		t.Error(got)
	}
	long := strings.Repeat("x9", 4000)
	if got := vendorhttp.Redact("<"+long+"> "+long[:7000], []string{long}); strings.Contains(got, "x9x9") {
		t.Errorf("%.100s", got)
	}
}

func TestAnExcerptIsShortAndHoldsNoPartOfASecret(t *testing.T) {
	for body, want := range map[string]string{
		"say two\n  words": "say [redacted]", "": "", " a\r\n\tb\x00c ": "a b c", "\xff\xfe": "", "ab\xffc": "ab?c",
		strings.Repeat("ä", 100):                        strings.Repeat("ä", 80) + "…",
		"x " + secret + " y":                            "x [redacted] y",
		"key=" + secret[:len(secret)-2]:                 "key=[redacted]", // cut
		strings.Repeat(" ", 4090) + secret:              "[redacted]",     // cut by us
		strings.Repeat(" ", 4080) + "é" + secret + "zz": "é[redacted]",
	} {
		if got := vendorhttp.Excerpt([]byte(body), []string{secret, "two words"}); got != want {
			t.Errorf("%.50q: %q, want %q", body, got, want)
		}
	}
}

func TestASecretIsShownByNothing(t *testing.T) {
	s := vendorhttp.NewSecret(secret)
	type holder struct {
		Exported vendorhttp.Secret
		hidden   vendorhttp.Secret
		pointer  *vendorhttp.Secret
	}
	h := holder{s, s, &s}
	encoded, err := json.Marshal(map[string]any{"a": s, "b": h})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "s", s, "h", h, "p", &h)
	}
	text := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text += fmt.Sprintf(verb+verb+verb, s, h, &h)
	}
	if strings.Contains(text, "S3cr") || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", "S3cr")) {
		t.Error(text)
	}
	if s.Reveal() != secret || s.IsZero() || !(vendorhttp.Secret{}).IsZero() || fmt.Sprint(s, vendorhttp.Secret{}) != "[redacted] " {
		t.Errorf("%v %q", s, s.Reveal())
	}
}

// FuzzRedact: no secret of four characters or more stays in a text, whatever stands around it and however it is spelled.
func FuzzRedact(f *testing.F) {
	f.Add("text ", secret, "more", 3)
	f.Add("%", "%41%25", "%", 1)
	f.Add("&#", "&#38;amp;", "\\u0041", 5)
	f.Add("abc", "\xff\xfe\xfd\xfc", "", 0)
	names := []string{"plain", "query", "path", "HTML", "JSON", "JSON of PHP", "numbers"}
	f.Fuzz(func(t *testing.T, before, secret, after string, way int) {
		// A secret that occurs in "[redacted]" would be found again in what takes its place.
		if len([]rune(secret)) < 4 || strings.Contains("[redacted]", strings.ToLower(secret)) || len(secret) > 200 {
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
