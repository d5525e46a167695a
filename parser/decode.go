package parser

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decode returns a text in UTF-8 without escapes: a substring of the record if there is nothing to
// do. Half of a surrogate pair without the other becomes U+FFFD.
func (s *scanner) decode(t text) string {
	in := s.raw[t.start:t.end]
	if s.foreign && !utf8.ValidString(in) {
		var quirk string
		// Before the escapes: in some charsets a backslash is the second half of a character.
		in, quirk = readCharset(in, s.charset)
		s.odd.add(quirk)
	}
	switch {
	case t.marks&escaped == 0:
		return in
	case s.mode == literal:
		return strings.ReplaceAll(in, `\"`, `"`)
	}
	return string(s.appendDecoded(make([]byte, 0, len(in)), in))
}

// appendDecoded appends in to out without its JSON escapes. A backslash that starts no escape is
// data.
func (s *scanner) appendDecoded(out []byte, in string) []byte {
	for {
		n := strings.IndexByte(in, '\\')
		if n < 0 {
			return append(out, in...)
		}
		out = append(out, in[:n]...)
		in = in[n:]
		switch escapeLength(in) {
		case escapeIllegal, escapeCut:
			out = append(out, '\\')
			in = in[1:]
			continue
		case 2:
			out = append(out, escapeOf[in[1]])
			in = in[2:]
			continue
		}
		r := codeUnit(in)
		in = in[6:]
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if escapeLength(in) == 6 {
				pair = utf16.DecodeRune(r, codeUnit(in))
			}
			if r = pair; r == utf8.RuneError {
				s.surrogate++
			} else {
				in = in[6:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
}

// escapeOf maps the letter after a backslash to the character it stands for.
var escapeOf = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// codeUnit decodes the \uXXXX at the start of in, whose digits the grammar has checked.
func codeUnit(in string) (r rune) {
	for i := 2; i < 6; i++ {
		d, _ := hexDigit(in[i])
		r = r<<4 | d
	}
	return r
}
