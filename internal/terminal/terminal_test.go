package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"Işıltı Züccaciye\t5\n": "Işıltı Züccaciye\t5\n",
		"┌─name─┐ ✔ 👍🏽 ❤️":      "┌─name─┐ ✔ 👍🏽 ❤️",
		"\x1b]0;owned\x07":      `\u001b]0;owned\u0007`,
		"\x1b[2J":               `\u001b[2J`,
		"\u009b31m":             `\u009b31m`,
		"\x9b31m\xff":           `\x9b31m\xff`,
		"a\rb\bc\x7f\x00":       `a\u000db\u0008c\u007f\u0000`,
		"gpj.\u202eexe":         `gpj.\u202eexe`,
		"\u2066x\u2069\u200f":   `\u2066x\u2069\u200f`,
		"a\u200bb\u00adc\ufeff": `a\u200bb\u00adc\ufeff`,
		"a\u2028b\u2029":        `a\u2028b\u2029`,
		"\U000e0041":            `\udb40\udc41`,
		"\u3164":                `\u3164`,
		"\ufffd":                "\ufffd",
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestSplitCharacters: a character that comes in two writes is complete.
func TestSplitCharacters(t *testing.T) {
	text := "Işıltı \u202e\x1b[2J 👍 \u009b \xe2\x80 \xf0\x9f\x91 end\xe2\x80"
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := NewWriter(&out)
		for rest := []byte(text); len(rest) > 0; {
			n, err := w.Write(rest[:min(size, len(rest))])
			if err != nil || n != min(size, len(rest)) {
				t.Fatal(n, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if out.String() != Escape(text) {
			t.Errorf("in pieces of %d: %q", size, out.String())
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("Işık\u202e\x1b")
	f.Fuzz(func(t *testing.T, text string) {
		got := Escape(text)
		if strings.ContainsFunc(got, steers) || !utf8.ValidString(got) || Escape(got) != got {
			t.Errorf("%q: %q", text, got)
		}
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Skip()
		}
		var before, after string
		if json.Unmarshal(encoded, &before) != nil || json.Unmarshal([]byte(Escape(string(encoded))), &after) != nil || before != after {
			t.Errorf("%q in JSON: %q", before, after)
		}
	})
}
