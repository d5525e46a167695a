package simulator

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// quote writes s as a string in the quirks' charset and escapes.
func (e *encoder) quote(s string) {
	e.add(`"`)
	e.mixes, e.single = e.q.MixedTexts && mixable(s), false
	done := 0 // s[:done] is written
	for i := 0; i < len(s); {
		if e.plain[s[i]] {
			i++
			continue
		}
		e.add(s[done:i])
		r, size := utf8.DecodeRuneInString(s[i:])
		e.special(r)
		i += size
		done = i
	}
	e.add(s[done:])
	e.add(`"`)
}

// special writes a character that does not stand for itself.
func (e *encoder) special(r rune) {
	switch r {
	case '"', '\\', '/':
		e.buf = append(e.buf, '\\', byte(r))
	case '\n':
		e.add(`\n`)
	case '\r':
		e.add(`\r`)
	case '\t':
		e.add(`\t`)
	default:
		e.foreign(r)
	}
}

// foreign writes a character outside ASCII that is escaped, or is or may be in windows-1254.
func (e *encoder) foreign(r rune) {
	if e.q.EscapeUnicode && !e.q.RawBackslashes {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			e.buf = fmt.Appendf(e.buf, `\u%04x\u%04x`, high, low)
		} else {
			e.buf = fmt.Appendf(e.buf, `\u%04x`, r)
		}
		return
	}
	b, ok := charmap.Windows1254.EncodeRune(r)
	if e.q.MixedTexts {
		if e.single = e.mixes && ok && !e.single; e.single {
			e.buf = append(e.buf, b)
		} else {
			e.buf = utf8.AppendRune(e.buf, r)
		}
		return
	}
	if !ok {
		b = '?'
	}
	e.buf = append(e.buf, b)
}

// mixable reports whether a text in two charsets can be read at all: all that is not ASCII are letters
// of Latin alphabets. Other characters of UTF-8 could as well be two of windows-1254.
func mixable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 'ſ' || r >= utf8.RuneSelf && r < 'À' })
}
