package parser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// told is what a strict reader of JSON makes of a report.
type told struct {
	records []string
	number  int
	reason  string // of the Error there has to be, or ""
}

// strictReport reads text by encoding/json alone. It is false for what is not JSON in UTF-8, or goes beyond the bounds that
// the parser sets to depth and length.
func strictReport(text []byte) (want told, ok bool) {
	text = bytes.TrimPrefix(text, utf8BOM)
	if len(text) > MaxRecord || !utf8.Valid(text) || !json.Valid(text) || nesting(text) > maxDepth {
		return want, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		return told{reason: WrongTopLevel}, err == nil
	}
	numbered, listed := false, false
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return want, false
		}
		switch {
		case key == "results" && value[0] == '[':
			var list []json.RawMessage
			if json.Unmarshal(value, &list) != nil {
				return want, false
			}
			for _, element := range list {
				want.records = append(want.records, string(element))
			}
			listed = true
		case key == "results" && string(value) != "null":
			want.reason = ResultsWrongType
			return want, true
		case key == "results":
			listed = true
		case key == "errornumber" && string(value) != "null":
			n, err := wholeNumber(value)
			if err != nil {
				want.reason = MalformedEnvelope
				return want, true
			}
			want.number, numbered = n, true
		}
	}
	switch {
	case want.number != 0:
		want.reason = VendorError
	case !listed && !numbered:
		want.reason = ResultsMissing
	}
	return want, true
}

// wholeNumber is the integer that a value is, or that the text in it shows.
func wholeNumber(value json.RawMessage) (int, error) {
	var s string
	if json.Unmarshal(value, &s) != nil {
		s = string(value)
	}
	return strconv.Atoi(strings.Trim(s, " "))
}

// nesting is how deep arrays and objects lie in each other.
func nesting(text []byte) (deepest int) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // or a number beyond float64 would end the tokens
	for depth := 0; ; {
		switch token, err := d.Token(); {
		case err == io.EOF:
			return deepest
		case err != nil:
			panic(err)
		case token == json.Delim('{'), token == json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case token == json.Delim('}'), token == json.Delim(']'):
			depth--
		}
	}
}

// strictly rewrites text as a server would have written it that escapes what has to be: control characters, and in a literal
// text every backslash but that of \".
func strictly(text []byte, literal bool) (out []byte) {
	inside := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case !inside || c >= ' ' && c != '\\':
			inside = inside != (c == '"')
			out = append(out, c)
		case c < ' ':
			out = fmt.Appendf(out, `\u%04x`, c)
		case literal && !bytes.HasPrefix(text[i+1:], quote):
			out = append(out, `\\`...)
		default:
			out = append(out, text[i:min(i+2, len(text))]...)
			i++
		}
	}
	return out
}

// undecided is what two readings of a literal text are possible for; closes.go tells which is taken.
var undecided = regexp.MustCompile(`\\"[ \t\r\n]*[,}\]]`)

var (
	legalEscape   = regexp.MustCompile(`\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})`) // RFC 8259, section 7
	illegalRemain = regexp.MustCompile(`\\([^u]|u[0-9A-Fa-f]{0,3}[^0-9A-Fa-f])`)
)

// writtenLiterally tells whether a backslash of text begins no legal escape, other than one that the end of text cuts off.
func writtenLiterally(text []byte) bool {
	return illegalRemain.Match(legalEscape.ReplaceAll(text, []byte("x")))
}
