package parser

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"strings"

	"alpemix-collector/report"
)

// Envelope is what an answer of Alpemix holds around its records. It is read by one piece of code
// with one rule, for reports and for tokens.
type Envelope struct {
	ErrorNumber int    // see alpemix.txt; 0 is success, or an answer without one
	Numbered    bool   // an errornumber was there and is a whole number
	Token       string // accesstoken, in any case; empty if there is none
	Closed      bool   // the object of the answer was read to its closing brace
	Shape       string // keys and types, no content: {errornumber: 0, results: list of 20}
	// Unread is why the answer is no object, or was not read to its end; nil if it was.
	Unread *Error
	// NoNumber is the errornumber that is no whole number; nil if there is none.
	NoNumber *Error
	// Report is why the answer is not a complete report; nil if it is one.
	Report *Error
}

// ReadEnvelope reads an answer of any size in a few megabytes. It opens the source as SplitStream
// does. The error is one of open; everything else stands in the Envelope.
func ReadEnvelope(open func() (io.ReadCloser, error), contentType string) (Envelope, error) {
	s := splitter{yield: discard}
	err := s.stream(open, contentType, streamBuffer)
	e, bad := err.(*Error)
	if err != nil && !bad {
		return Envelope{}, err
	}
	env := Envelope{
		ErrorNumber: s.sum.ErrorNumber, Numbered: s.numbered, Token: s.accessToken, Closed: s.closed,
		Shape: s.shape.String(), NoNumber: s.badNumber, Report: e,
	}
	if !s.closed {
		env.Unread = e
	}
	return env, nil
}

func discard(report.Record) error { return nil }

// The keys that alpemix.txt names.
const (
	keyErrorNumber = "errornumber"
	keyResults     = "results"
	keyAccessToken = "accesstoken"
)

// envelope is what the splitter has read around the records so far.
type envelope struct {
	numbered    bool
	badNumber   *Error // an errornumber that is no whole number
	missing     *Error // a list of commas alone: not an empty one, its elements are missing
	lists       int    // how often results was there, possibly null
	wrongType   bool   // results was neither a list nor null
	recognised  bool   // an element of results is a record, intact or broken
	unexpected  bool   // a key that a report does not have
	elsewhere   bool   // such a key holds a list with records in it
	accessToken string
	closed      bool
	shape       shape
}

// member reads the value of one key of the answer.
func (s *splitter) member(key string) error {
	c, ok := s.next()
	if !ok {
		return s.fail(Truncated)
	}
	switch {
	case key == keyResults:
		return s.results(c)
	case strings.EqualFold(key, keyErrorNumber):
		if key != keyErrorNumber {
			s.unexpected = true
			s.sum.note(quirkErrorNumberCase)
		}
		return s.errorNumber(key, c)
	}
	s.unexpected = true
	if strings.EqualFold(key, keyAccessToken) {
		s.sum.note(quirkTokenInReport)
	} else {
		s.sum.note(quirkEnvelopeKey)
	}
	if c == '"' && strings.EqualFold(key, keyAccessToken) {
		token, err := s.token()
		if err == nil {
			s.accessToken = s.plain(token)
			s.shape.add(key, "text")
		}
		return err
	}
	return s.unnamed(key, c, 0)
}

// results reads the list of records.
func (s *splitter) results(c byte) error {
	s.lists++
	switch c {
	case '[':
		before := s.sum.Records
		err := s.records()
		s.shape.list(keyResults, s.sum.Records-before)
		return err
	case 'n':
		s.sum.note(quirkResultsNull)
	default:
		s.wrongType = true
	}
	return s.unnamed(keyResults, c, 0)
}

// errorNumber reads a number however it is written. Of several the first that is not 0 counts.
func (s *splitter) errorNumber(key string, c byte) error {
	at := s.offset()
	var token []byte
	var err error
	if strings.IndexByte("+-.0123456789", c) >= 0 {
		token, err = s.digits()
	} else if c == '[' || c == '{' {
		s.badNumber = &Error{Reason: MalformedEnvelope, Offset: at, Seen: string(rune(c))}
		return s.unnamed(key, c, 0)
	} else {
		token, err = s.token()
	}
	if err != nil {
		return err
	}
	digits := string(token)
	if c == '"' {
		digits = strings.Trim(s.plain(token), " ")
	}
	n, ok := parseNumber(digits)
	switch {
	case c == 'n', digits == "": // null says as little as no errornumber
		s.shape.add(key, "null")
		return nil
	case !ok:
		seen := excerpt(token)
		if numeric(digits) {
			seen = digits[:min(len(digits), excerptLength)]
		}
		s.badNumber = &Error{Reason: MalformedEnvelope, Offset: at, Seen: seen}
		s.shape.add(key, kindOf(c).String())
		return nil
	case c == '"':
		s.sum.note(quirkErrorNumberText)
	}
	if s.numbered {
		s.sum.note(quirkErrorNumberTwice)
	}
	s.numbered = true
	if s.sum.ErrorNumber == 0 {
		s.sum.ErrorNumber = n
	}
	s.shape.add(key, strconv.Itoa(n))
	return nil
}

// longestNumber bounds the text of a number that is not in quotes.
const longestNumber = 400

// digits consumes what stands before the next sign of structure. The grammar of JSON knows no
// leading zeros; other writers do.
func (s *splitter) digits() ([]byte, error) {
	for {
		b := s.rest()
		n := bytes.IndexAny(b, ",}] \t\r\n")
		switch {
		case n > 0 && n <= longestNumber:
			s.pos += n
			return b[:n], nil
		case len(b) > longestNumber:
			return nil, s.fail(MalformedEnvelope)
		case !s.more():
			return nil, s.fail(Truncated)
		}
	}
}

// parseNumber reads 0, 0.0, 1e0, 007. The error numbers of alpemix.txt are whole; one that is not, or
// is beyond 32 bits, is none of them.
func parseNumber(digits string) (int, bool) {
	n, err := strconv.ParseFloat(digits, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(digits), "e")
	tooSmall := n == 0 && strings.ContainsAny(mantissa, "123456789") // for a float64, and no 0 either
	if !numeric(digits) || err != nil || tooSmall || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

func numeric(digits string) bool { return strings.Trim(digits, "-+.0123456789eE") == "" }

// unnamed consumes a value that is not a report's, of any length if it is a list or an object, and
// notes its shape.
func (s *splitter) unnamed(key string, c byte, depth int) error {
	switch {
	case c == '[':
		n, err := s.count()
		s.shape.list(key, n)
		return err
	case c == '{' && depth < deepestShape:
		s.pos++
		s.shape.open(key)
		err := s.members(func(inner string) error {
			c, ok := s.next()
			if !ok {
				return s.fail(Truncated)
			}
			return s.unnamed(inner, c, depth+1)
		})
		s.shape.close()
		return err
	}
	_, err := s.token()
	s.shape.add(key, kindOf(c).String())
	return err
}

// count reads a list as if it were the records and returns how many elements it has.
func (s *splitter) count() (int, error) {
	sum, yield, recognised := s.sum, s.yield, s.recognised
	s.sum, s.yield, s.recognised = Summary{}, discard, false
	err := s.records()
	n := s.sum.Records
	s.elsewhere = s.elsewhere || s.recognised
	s.sum, s.yield, s.recognised = sum, yield, recognised
	return n, err
}

// recognise notes whether an element of results can be a record: an object with a key of
// alpemix.txt, or a broken one. A list without any is a list of something else.
func (s *splitter) recognise(raw []byte) {
	if s.recognised || raw[0] != '{' {
		return
	}
	in := scanned{raw: string(raw)}
	if !in.scan(raw, strict) && !in.scan(raw, literal) {
		s.recognised = true
		return
	}
	for f := range in.values {
		if in.values[f].kind != absent {
			s.recognised = true
			return
		}
	}
}

// verdict judges an answer that was read to its closing brace, as a report.
func (s *splitter) verdict() error {
	end := s.offset()
	behind, trailing := s.trailing()
	if s.err != nil {
		return s.fail(Truncated)
	}
	is := func(reason string) error { return &Error{Reason: reason, Offset: end, Shape: s.shape.String()} }
	empty := s.sum.Records == 0
	switch {
	case s.sum.ErrorNumber != 0:
		return is(VendorError)
	case s.badNumber != nil:
		return s.badNumber
	case s.missing != nil && empty:
		return s.missing
	case trailing == anotherObject, trailing == foreignText && empty:
		return behind
	case s.wrongType, !empty && !s.recognised:
		return is(ResultsWrongType)
	case s.lists > 1, s.elsewhere, empty && (!s.numbered || s.unexpected):
		return is(UnexpectedEnvelope)
	}
	if s.lists == 0 {
		s.sum.note(quirkResultsAbsent)
	}
	if !s.numbered {
		s.sum.note(quirkErrorNumberAbsent)
	}
	if trailing != nothing {
		s.sum.note(quirkTrailingText)
	}
	return nil
}

// trailer is what stands behind the closing brace of an answer.
type trailer uint8

const (
	nothing       trailer = iota // or space
	harmless                     // NUL and other control characters, a comment
	foreignText                  // anything else
	anotherObject                // an object of JSON: of two answers nobody can say which counts
)

// trailing reads what follows the document, to its end. The error describes it as garbage.
func (s *splitter) trailing() (*Error, trailer) {
	found, brace, garbage := nothing, false, &Error{Reason: TrailingGarbage}
	var head []byte
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; {
			case space(c):
			case c < ' ' || c == 0x7f:
				found, brace = harmless, false
			default:
				if len(head) == 0 {
					garbage.Offset = s.offset()
				}
				if len(head) < excerptLength {
					head = append(head, c)
				}
				if brace && c == '"' {
					garbage.Seen = excerpt(head)
					return garbage, anotherObject
				}
				brace = c == '{'
			}
		}
		if !s.more() {
			break
		}
	}
	if len(head) == 0 {
		return nil, found
	}
	for _, sign := range []string{"//", "/*", "<!--", "#"} {
		if bytes.HasPrefix(head, []byte(sign)) {
			return nil, harmless
		}
	}
	garbage.Seen = excerpt(head)
	return garbage, foreignText
}
