package parser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// strictResult is a report as a strict JSON decoder sees it.
type strictResult struct {
	records []string
	number  int
	reason  string // of the Error there has to be, or ""
}

// strictReport reads text by encoding/json alone. It is false for what is not JSON in UTF-8, or goes beyond the bounds that
// the parser sets to depth and length.
func strictReport(text []byte) (want strictResult, ok bool) {
	text = bytes.TrimPrefix(text, utf8BOM)
	if len(text) > MaxRecord || !utf8.Valid(text) || !json.Valid(text) || nesting(text) > maxDepth {
		return want, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		return strictResult{reason: WrongTopLevel}, err == nil
	}
	var lists int
	var numbered, bad, wrongType, recognized, unexpected, elsewhere bool
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return want, false
		}
		switch {
		case key == "results":
			lists++
			var list []json.RawMessage
			if json.Unmarshal(value, &list) != nil {
				wrongType = true
			}
			for _, element := range list {
				want.records = append(want.records, string(element))
				recognized = recognized || isRecord(element)
			}
		case strings.EqualFold(key.(string), "errornumber"):
			unexpected = unexpected || key != "errornumber"
			n, there, err := wholeNumber(value)
			bad = bad || err != nil
			numbered = numbered || there && err == nil
			if want.number == 0 {
				want.number = n
			}
		default:
			unexpected = true
			elsewhere = elsewhere || holdsRecords(value, deepestShape)
		}
	}
	empty := len(want.records) == 0
	switch {
	case want.number != 0:
		want.reason = VendorError
	case bad:
		want.reason = MalformedEnvelope
	case wrongType, !empty && !recognized:
		want.reason = ResultsWrongType
	case lists > 1, elsewhere, empty && unexpected, empty && !numbered:
		want.reason = UnexpectedEnvelope
	}
	return want, true
}

// holdsRecords reports whether a value is a list with records in it, or an object with such a list.
func holdsRecords(value json.RawMessage, deep int) bool {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		return slices.ContainsFunc(list, isRecord)
	}
	if deep == 0 || json.Unmarshal(value, &object) != nil {
		return false
	}
	for _, inner := range object {
		if holdsRecords(inner, deep-1) {
			return true
		}
	}
	return false
}

// isRecord reports whether an element is an object with a key of alpemix.txt.
func isRecord(element json.RawMessage) bool {
	var keys map[string]json.RawMessage
	_ = json.Unmarshal(element, &keys) // what is no object has no keys
	for _, name := range fieldNames {
		if _, ok := keys[name]; ok {
			return true
		}
	}
	return false
}

var decimalNumber = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)

// wholeNumber is the number that a value is, or that the text in it shows.
func wholeNumber(value json.RawMessage) (n int, there bool, err error) {
	var s *string
	if json.Unmarshal(value, &s) != nil {
		text := string(value)
		s = &text
	}
	if s == nil || strings.Trim(*s, " ") == "" {
		return 0, false, nil
	}
	if !decimalNumber.MatchString(strings.Trim(*s, " ")) {
		return 0, true, strconv.ErrSyntax
	}
	f, err := strconv.ParseFloat(strings.Trim(*s, " "), 64)
	mantissa := strings.FieldsFunc(*s, func(r rune) bool { return r == 'e' || r == 'E' })[0]
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 || f == 0 && strings.ContainsAny(mantissa, "123456789") {
		return 0, true, strconv.ErrRange
	}
	return int(f), true, nil
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

// strictly rewrites text as a server would have written it that escapes what has to be: control
// characters, in lenient mode the backslashes that begin no escape, and in literal mode all but that of \".
func strictly(text []byte, m mode) (out []byte) {
	inside := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case !inside || c >= ' ' && c != '\\':
			inside = inside != (c == '"')
			out = append(out, c)
		case c < ' ':
			out = fmt.Appendf(out, `\u%04x`, c)
		case m == literal && !bytes.HasPrefix(text[i+1:], quote), m == lenient && !startsLegal.Match(text[i:]):
			out = append(out, `\\`...)
		default:
			out = append(out, text[i:min(i+2, len(text))]...)
			i++
		}
	}
	return out
}

// undecided matches literal text that can be read in two ways; closes.go decides which.
var undecided = regexp.MustCompile(`\\"[ \t\r\n]*[,}\]]`)

var (
	legalEscape   = regexp.MustCompile(`\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})`) // RFC 8259, section 7
	startsLegal   = regexp.MustCompile(`^\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})`)
	dtValue       = regexp.MustCompile(`[{,][ \t\r\n]*"((?i:dt))"[ \t\r\n]*:[ \t\r\n]*"([^"]*)"`)
	illegalRemain = regexp.MustCompile(`\\([^u]|u[0-9A-Fa-f]{0,3}[^0-9A-Fa-f])`)
)

// writtenLiterally reports whether a backslash of text starts no legal escape, except one that the
// end of text cuts off.
func writtenLiterally(text []byte) bool {
	return illegalRemain.Match(legalEscape.ReplaceAll(text, []byte("x")))
}

// writtenAs is how a record's backslashes are meant that is no strict JSON.
func writtenAs(raw []byte) mode {
	texts := map[string][][]byte{} // by the key as it is spelt
	for _, dt := range dtValue.FindAllSubmatch(raw, -1) {
		texts[string(dt[1])] = append(texts[string(dt[1])], dt[2])
	}
	for _, key := range []string{"dt", "DT", "Dt", "dT"} {
		if len(texts[key]) == 0 {
			continue
		}
		shown := literal
		for _, text := range texts[key] {
			if bytes.Contains(legalEscape.ReplaceAll(text, nil), []byte(`\`)) {
				return literal
			}
			if bytes.Contains(text, []byte(`\`)) {
				shown = lenient
			}
		}
		return shown
	}
	return literal
}
