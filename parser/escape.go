package parser

import "bytes"

// Detect tells whether the backslashes of one stored record are data. It is the rule of Split for a whole document,
// applied to the only text that is left of it.
func Detect(raw []byte) (literal bool) {
	literal, _ = illegalEscape(raw)
	return literal
}

// illegalEscape reads backslashes in pairs from left to right and tells whether one of them starts something that is no
// JSON escape: then the writer of the document does not escape backslashes at all. An unescaped dt always shows it, because
// a digit follows its backslashes. A pair that b cuts off decides nothing; read says how far b was judged, which is all of it
// once one was found.
func illegalEscape(b []byte) (illegal bool, read int) {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\\')
		if n < 0 {
			return false, len(b)
		}
		i += n
		switch n := escapeLength(b[i:]); n {
		case escapeIllegal:
			return true, len(b)
		case escapeCut:
			return false, i
		default:
			i += n
		}
	}
}

const (
	escapeIllegal = 0
	escapeCut     = -1
)

// escapeLength is the length of the JSON escape at the start of b, or one of the two constants above.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return escapeCut
	}
	switch b[1] {
	case '\\', '"', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for i := 2; i < 6; i++ {
			if i == len(b) {
				return escapeCut
			}
			if _, ok := hexDigit(b[i]); !ok {
				return escapeIllegal
			}
		}
		return 6
	}
	return escapeIllegal
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}
