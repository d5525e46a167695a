package parser

import "bytes"

// dtKeys lists the spellings of the key dt. The first that a record has is the one that counts.
var dtKeys = [...][]byte{[]byte(`"dt"`), []byte(`"DT"`), []byte(`"Dt"`), []byte(`"dT"`)}

// provenMode returns the mode that a record's own dt proves: literal if one of its backslashes starts
// no JSON escape, such as one before the digit of a date; lenient if all of them do. ok is false if
// dt has no backslash. A text can't contain a key, because the vendor escapes quotes in texts.
func provenMode(b []byte) (m mode, ok bool) {
	for _, key := range dtKeys {
		if m, ok, found := provenBy(key, b); found {
			return m, ok
		}
	}
	return 0, false
}

// provenBy returns the mode that the values of one spelling of the key prove, and whether b has it.
func provenBy(key, b []byte) (m mode, ok, found bool) {
	for from := 0; ; {
		n := bytes.Index(b[from:], key)
		if n < 0 {
			return m, ok, found
		}
		n += from
		from = n + len(key)
		if c := lastBefore(b, n); c != '{' && c != ',' {
			continue
		}
		colon, at := glance(b, from)
		opening, start := glance(b, at+1)
		if colon != ':' || opening != '"' {
			continue
		}
		found = true
		value := b[start+1:]
		value = value[:max(0, bytes.IndexByte(value, '"'))]
		for i := bytes.IndexByte(value, '\\'); i >= 0; i = bytes.IndexByte(value, '\\') {
			size := escapeLength(value[i:])
			if size == escapeIllegal {
				return literal, true, true
			}
			m, ok = lenient, true
			value = value[min(len(value), i+max(size, 1)):]
		}
	}
}

const (
	escapeIllegal = 0
	escapeCut     = -1
)

// escapeLength returns the length of the JSON escape at the start of b, or one of the two constants
// above.
func escapeLength[T string | []byte](b T) int {
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
