package alpemix

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
)

var bom = []byte("\xef\xbb\xbf")

// errorNumber reads "errornumber" of an answer without decoding its report, which may be large. It stands before the results
// or, if the body is whole, behind them. Text inside a record cannot be taken for it: before the first record only members of
// the answer itself are looked at, and at the end only what directly precedes the brace that ends the answer.
func errorNumber(body []byte, whole bool) (number int, ok bool) {
	if value, ended := member(body, "errornumber"); value != nil {
		return parseNumber(value)
	} else if ended || !whole {
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

func parseNumber(value []byte) (int, bool) {
	n, err := strconv.ParseInt(strings.Trim(string(value), `" `), 10, 32)
	return int(n), err == nil || errors.Is(err, strconv.ErrRange) // then n is the nearest that fits: an error all the same
}

// text is the string value of a top-level member, empty if there is none before the first object or filled list.
func text(body []byte, name string) string {
	value, _ := member(body, name)
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value[1 : len(value)-1]) // backslashes that are not escapes
}

// member is the raw value of a top-level member of a JSON object, looked for up to the first value that is an object or a
// list with elements; ended tells that there was none and the object was over.
func member(body []byte, name string) (value []byte, ended bool) {
	rest := skipSpace(bytes.TrimPrefix(body, bom))
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
			return nil, len(rest) > 0 && rest[0] == '}'
		}
		n := scalar(rest)
		key := rest[:n]
		rest = skipSpace(rest[n:])
		if n == 0 || len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		rest = skipSpace(rest[1:])
		if n = scalar(rest); n == 0 {
			return nil, false
		}
		if strings.EqualFold(string(bytes.Trim(key, `"`)), name) {
			return bytes.TrimSpace(rest[:n]), false
		}
		rest = rest[n:]
	}
}

// scalar is the length of the string, number, word or empty list that b begins with, 0 if it is something else or cut.
func scalar(b []byte) int {
	if len(b) == 0 || b[0] == '{' {
		return 0
	}
	if b[0] == '[' {
		inner := skipSpace(b[1:])
		if len(inner) == 0 || inner[0] != ']' {
			return 0
		}
		return len(b) - len(inner) + 1
	}
	if b[0] != '"' {
		return max(0, bytes.IndexAny(b, ",}"))
	}
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

func skipSpace(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }
