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

// pattern is a secret that is looked for.
type pattern struct {
	characters []rune // folded, without space
	short      bool   // matches whole words alone, see shortest
	encoded    bool   // in base64: the characters around it carry bits of it too
	// needles are pieces of the secret that no escape changes, of which a line break leaves one whole;
	// empty if it has none.
	needles []string
}

// patterns are those of the secrets that are short, or of all others.
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

// needles are the first and the last piece of letters and digits of text, apart from each other. The
// longer they are, the fewer records hold one by chance.
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

// base64Core is what is left of text in base64 where so many bytes stand before it: without the
// characters that also carry bits of its neighbours. A very short one would match anywhere.
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
		p.characters = append(p.characters, standard(fold(r)))
	}
	return p
}

// standard is a character of either alphabet of base64 in the standard one.
func standard(r rune) rune {
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
		r = standard(r)
	}
	return r == want
}

func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// character is the first one of text. A byte that is no UTF-8 is one of its own, beyond all others.
func character(text string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 {
		return unicode.MaxRune + 1 + rune(text[0]), 1
	}
	return r, size
}

// reading is one way to read a place of a text.
type reading struct {
	character rune
	length    int  // bytes
	filler    bool // may stand between two characters of a secret: line breaks, space, backslashes
}

func opensEscape(c byte) bool { return c == '+' || c == '\\' || c == '%' || c == '&' }

// readingsOf adds the ways to read text at i: as it stands, and as the escapes of JSON, Go, an
// address and a web page.
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
		if r, n := backslashed(rest); n > 0 {
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

// backslashed reads an escape at the start of text; length is 0 if it is none.
func backslashed(text string) (r rune, length int) {
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
	if digits == 2 && r >= utf8.RuneSelf { // Go's escape of a byte that is no UTF-8
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
