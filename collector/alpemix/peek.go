package alpemix

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// errorNumber reads "errornumber" of an answer without decoding its report, which may be large. Text inside a record cannot be
// taken for it: only members of the answer itself are looked at. Where unescaped backslashes hide which those are, it is also
// found if it directly precedes the brace that ends a whole body.
func errorNumber(body []byte, whole bool) (number int, ok bool) {
	value, ended := member(body, "errornumber")
	if value != nil {
		return parseNumber(value)
	}
	if ended || !whole {
		return 0, false
	}
	tail := body[max(0, len(body)-256):]
	if m := numberAtEnd.FindSubmatch(tail); m != nil {
		return parseNumber(m[1])
	}
	return 0, false
}

// A quote inside a text is escaped even where other backslashes are not, so `]` `,` `"errornumber"` is no text.
var numberAtEnd = regexp.MustCompile(`(?i)\]\s*,\s*"errornumber"\s*:\s*("?-?\d+"?)\s*\}\s*$`)

// parseNumber reads a number, or one in a text. One that does not fit, or is no whole number, becomes the nearest that is, away
// from 0: an error all the same.
func parseNumber(value []byte) (int, bool) {
	digits := strings.Trim(unquoted(value), " ")
	if strings.Trim(digits, "-+.0123456789eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	n = math.Copysign(math.Ceil(math.Abs(n)), n)
	return int(min(max(n, math.MinInt32), math.MaxInt32)), true
}

// text is the string value of a member of the answer itself, empty if there is none.
func text(body []byte, name string) string {
	value, _ := member(body, name)
	if len(value) == 0 || value[0] != '"' {
		return ""
	}
	return unquoted(value)
}

// unquoted is the content of a string, and anything else as it is.
func unquoted(value []byte) string {
	if value[0] != '"' {
		return string(value)
	}
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value[1 : len(value)-1]) // backslashes that are not escapes
}

// member is the raw value of a member of the JSON object that body is; ended tells that there is none and the object is whole.
func member(body []byte, name string) (value []byte, ended bool) {
	rest := skipSpace(body)
	if len(rest) == 0 || rest[0] != '{' {
		return nil, false
	}
	rest = rest[1:]
	for {
		rest = skipSpace(rest)
		if len(rest) > 0 && rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
		if len(rest) == 0 || rest[0] != '"' {
			return nil, len(rest) > 0 && rest[0] == '}' && len(skipSpace(rest[1:])) == 0
		}
		n := length(rest)
		key := rest[:n]
		rest = skipSpace(rest[n:])
		if n == 0 || len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		rest = skipSpace(rest[1:])
		if n = length(rest); n == 0 {
			return nil, false
		}
		if strings.EqualFold(unquoted(key), name) {
			return bytes.TrimSpace(rest[:n]), false
		}
		rest = rest[n:]
	}
}

// length is how long the value is that b begins with, 0 if it is cut.
func length(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case '"':
		return stringLength(b)
	case '{', '[':
		return nestedLength(b)
	}
	return max(0, bytes.IndexAny(b, ",}"))
}

func stringLength(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

func nestedLength(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			n := stringLength(b[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		}
	}
	return 0
}

func skipSpace(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }
