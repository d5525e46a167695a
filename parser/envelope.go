package parser

import (
	"io"
	"strings"

	"alpemix-collector/report"
)

// Envelope is everything in an answer of Alpemix except the records. The same code reads it for
// reports and for tokens.
type Envelope struct {
	ErrorNumber int    // see alpemix.txt; 0 is success, or an answer without one
	Numbered    bool   // there was an errornumber, and it is an integer
	Token       string // accesstoken, in any case; empty if there is none
	Closed      bool   // the object was read to its closing brace
	Shape       string // keys and types without content: {errornumber: 0, results: list of 20}
	// Unread is why the answer is not an object, or was not read to its end; nil if it was.
	Unread *Error
	// NoNumber is an errornumber that is not an integer; nil if there is none.
	NoNumber *Error
	// Report is why the answer is not a complete report; nil if it is.
	Report *Error
}

// ReadEnvelope reads an answer of any size in a few megabytes of memory. It opens the source like
// SplitStream. It returns only an error of open; everything else is in the Envelope.
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

// The keys in alpemix.txt.
const (
	keyErrorNumber = "errornumber"
	keyResults     = "results"
	keyAccessToken = "accesstoken"
)

// envelope is what the splitter has read so far around the records.
type envelope struct {
	numbered    bool
	badNumber   *Error // an errornumber that is not an integer
	missing     *Error // a list of only commas: not empty, its elements are missing
	lists       int    // how often results occurred, possibly null
	wrongType   bool   // results was neither a list nor null
	recognized  bool   // an element of results is a record, intact or broken
	unexpected  bool   // a key that a report does not have
	elsewhere   bool   // the value of such a key is a list with records
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

// unnamed consumes a value that a report does not have, of any length if it is a list or an object,
// and records its shape.
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

// count reads a list like the records and returns the number of its elements.
func (s *splitter) count() (int, error) {
	sum, yield, recognized := s.sum, s.yield, s.recognized
	s.sum, s.yield, s.recognized = Summary{}, discard, false
	err := s.records()
	n := s.sum.Records
	s.elsewhere = s.elsewhere || s.recognized
	s.sum, s.yield, s.recognized = sum, yield, recognized
	return n, err
}

// recognize notes whether an element of results can be a record: an object with a key of
// alpemix.txt, or a broken one. A list without any is a list of something else.
func (s *splitter) recognize(raw []byte) {
	if s.recognized || raw[0] != '{' {
		return
	}
	in := scanner{raw: string(raw)}
	if !in.scan(raw, strict) && !in.scan(raw, literal) {
		s.recognized = true
		return
	}
	for f := range in.values {
		if in.values[f].kind != absent {
			s.recognized = true
			return
		}
	}
}

// verdict judges, as a report, an answer that was read to its closing brace.
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
	case s.wrongType, !empty && !s.recognized:
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
