package vendorhttp

import (
	"encoding/base64"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// pattern is a secret to look for.
type pattern struct {
	characters []rune // folded, without space
	short      bool   // matches only whole words, see shortest
	encoded    bool   // base64: the characters around it carry bits of it too
	// needles are pieces of the secret that no escape changes; a line break leaves at least one of
	// them intact. It is empty if there are none.
	needles []string
}

// patterns returns the patterns of the secrets that are short, or of all others.
func patterns(secrets []string, short bool) (all []pattern) {
	for _, secret := range secrets {
		p := pattern{short: short, needles: needles(secret)}
		for rest := secret; rest != ""; {
			r, size := character(rest)
			rest = rest[size:]
			if !unicode.IsSpace(r) && !unicode.IsControl(r) && r != '\\' {
				p.characters = append(p.characters, fold(r))
			}
		}
		if len(p.characters) == 0 || (utf8.RuneCountInString(secret) < shortest) != short {
			continue
		}
		all = append(all, p)
		for before := 0; before < 3 && !short; before++ {
			if core := base64Core(secret, before); core != "" {
				all = append(all, core.pattern())
			}
		}
	}
	return all
}

// needles returns the first and the last run of letters and digits of text, which must not overlap.
// The longer they are, the fewer records contain one by chance.
func needles(text string) []string {
	for size := 6; size > 1; size-- {
		var pieces []string
		for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return r > 'z' || notInWord(r) || r == '_' }) {
			for ; len(run) >= size; run = run[size:] {
				pieces = append(pieces, run[:size])
			}
		}
		if n := len(pieces); n > 1 {
			return []string{pieces[0], pieces[n-1]}
		}
	}
	return nil
}

// base64Core returns text in base64 when before bytes precede it, without the characters that also
// carry bits of its neighbors. A very short one would match anywhere.
func base64Core(text string, before int) core {
	const least = 6
	padded := append(make([]byte, before), text...)
	first, last := (before*8+5)/6, len(padded)*8/6
	if last-first < least {
		return ""
	}
	return core(base64.RawStdEncoding.EncodeToString(padded)[first:last])
}

type core string

func (c core) pattern() pattern {
	p := pattern{encoded: true, needles: needles(string(c))}
	for _, r := range c {
		p.characters = append(p.characters, toStandard(fold(r)))
	}
	return p
}

// toStandard converts a character of either base64 alphabet to the standard one.
func toStandard(r rune) rune {
	switch r {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return r
}

func inBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("+/_=-", c) >= 0
}

func (p *pattern) same(r, want rune) bool {
	if r = fold(r); p.encoded {
		r = toStandard(r)
	}
	return r == want
}

func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// character returns the first character of text. A byte that is not UTF-8 gets a value beyond all
// others.
func character(text string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 {
		return unicode.MaxRune + 1 + rune(text[0]), 1
	}
	return r, size
}

// reading is one way to read text at some position.
type reading struct {
	character rune
	length    int  // bytes
	filler    bool // may occur between two characters of a secret: line breaks, space, backslashes
}

func opensEscape(c byte) bool { return c == '+' || c == '\\' || c == '%' || c == '&' }

// readingsOf appends the ways to read text at i: as it is, and as an escape of JSON, Go, URLs and
// HTML.
func readingsOf(all []reading, text string, i int) []reading {
	if i == len(text) {
		return all
	}
	add := func(r rune, length int) {
		all = append(all, reading{r, length, r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r)})
	}
	r, size := character(text[i:])
	add(r, size)
	switch rest := text[i:]; r {
	case '+':
		add(' ', 1)
	case '\\':
		if r, n := unescape(rest); n > 0 {
			add(r, n)
		}
	case '%':
		var raw []byte
		for n := 0; len(raw) < utf8.UTFMax && n+2 < len(rest) && rest[n] == '%'; n += 3 {
			c, err := strconv.ParseUint(rest[n+1:n+3], 16, 8)
			if err != nil {
				break
			}
			raw = append(raw, byte(c))
		}
		if len(raw) > 0 {
			r, size := character(string(raw))
			add(r, 3*size)
		}
	case '&':
		if n := strings.IndexByte(rest[:min(len(rest), 12)], ';'); n > 0 {
			if s := html.UnescapeString(rest[:n+1]); utf8.RuneCountInString(s) == 1 {
				r, _ := utf8.DecodeRuneInString(s)
				add(r, n+1)
			}
		}
	}
	return all
}

// unescape reads an escape at the start of text; length is 0 if there is none.
func unescape(text string) (r rune, length int) {
	if len(text) < 2 {
		return 0, 0
	}
	digits := map[byte]int{'u': 4, 'U': 8, 'x': 2}[text[1]]
	if digits == 0 {
		if i := strings.IndexByte("nrtbfav", text[1]); i >= 0 {
			return rune("\n\r\t\b\f\a\v"[i]), 2
		}
		return rune(text[1]), 2
	}
	n := 2 + digits
	code, err := strconv.ParseUint(text[2:min(n, len(text))], 16, 32)
	if err != nil || len(text) < n {
		return 0, 0
	}
	r = rune(code)
	if digits == 2 && r >= utf8.RuneSelf { // Go's escape of a byte that is not UTF-8
		r += unicode.MaxRune + 1
	}
	if utf16.IsSurrogate(r) && len(text) >= n+6 && text[n] == '\\' {
		low, err := strconv.ParseUint(text[n+2:n+6], 16, 32)
		if pair := utf16.DecodeRune(r, rune(low)); err == nil && pair != utf8.RuneError {
			return pair, n + 6
		}
	}
	return r, n
}
