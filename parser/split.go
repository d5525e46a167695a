package parser

import (
	"errors"

	"alpemix-collector/report"

	"golang.org/x/text/transform"
)

// Split yields the records of a report in the form of alpemix.txt ("Getting the Connection Report")
// as they were sent, without decoding them. contentType is the HTTP header's value; its charset
// counts only for texts that are not UTF-8. Parse handles charset and escapes for each record. Only
// a body in UTF-16 or UTF-32 is converted to UTF-8, because nothing can be found in it otherwise.
//
// The errors are *Error, or those of yield, which stop the scan. Elements of results that are not
// objects, or are broken, are yielded too, for Parse to reject.
func Split(body []byte, contentType string, yield func(report.Record) error) (Summary, error) {
	s := splitter{yield: yield, charset: fallback(contentType)}
	if enc := wide(body); enc != nil {
		s.sum.note(quirkUTF16)
		// What does not fit makes Append grow the slice. These decoders have no errors.
		body, _, _ = transform.Append(enc.NewDecoder(), make([]byte, 0, len(body)), body)
	}
	s.window = bodyWindow(body)
	err := s.run()
	return s.sum, err
}

// splitter reads the envelope and its records.
type splitter struct {
	window
	charset string // of records' texts that are not UTF-8
	yield   func(report.Record) error
	sum     Summary
	envelope
}

func (s *splitter) run() error {
	if s.skipBOM() {
		s.sum.note(quirkBOM)
	}
	err := s.document()
	if e, ok := errors.AsType[*Error](err); ok {
		e.ErrorNumber = s.sum.ErrorNumber
	}
	return err
}

func (s *splitter) document() error {
	switch c, ok := s.next(); {
	case !ok && s.err == nil:
		return s.fail(EmptyBody)
	case !ok:
		return s.fail(Truncated)
	case c == '<':
		return s.fail(HTML)
	case c != '{':
		return s.fail(WrongTopLevel)
	}
	s.pos++
	if err := s.members(s.member); err != nil {
		return err
	}
	s.closed = true
	return s.verdict()
}

// members reads the keys of an object after its opening brace, in any order.
func (s *splitter) members(member func(key string) error) error {
	for first := true; ; first = false {
		c, ok := s.next()
		if ok && !first && c != '}' {
			if c != ',' {
				return s.fail(MalformedEnvelope)
			}
			s.pos++
			if c, ok = s.next(); c == '}' {
				s.sum.note(quirkStrayComma)
			}
		}
		if c == '}' {
			s.pos++
			return nil
		}
		if ok && c != '"' {
			return s.fail(MalformedEnvelope)
		}
		token, err := s.token()
		if err != nil {
			return err
		}
		key := s.plain(token)
		if c, ok = s.next(); !ok {
			return s.fail(Truncated)
		}
		if c != ':' {
			return s.fail(MalformedEnvelope)
		}
		s.pos++
		if err := member(key); err != nil {
			return err
		}
	}
}

// token consumes one value of the envelope, of at most MaxRecord bytes. It is valid until the
// window moves.
func (s *splitter) token() ([]byte, error) {
	for {
		b := s.rest()
		n, st := s.grammarEnd(strict)
		if st == bad {
			n, st = s.grammarEnd(literal)
		}
		switch {
		case st == done:
			s.pos += n
			return b[:n], nil
		case st == bad, len(b) > MaxRecord:
			return nil, s.fail(MalformedEnvelope)
		case !s.more():
			return nil, s.fail(Truncated)
		}
	}
}

// plain returns the text of a token.
func (s *splitter) plain(token []byte) string {
	in := scanner{raw: string(token), mode: lenient}
	return in.decode(text{start: 1, end: len(token) - 1, marks: escaped})
}

// fail describes the text where reading stopped.
func (s *splitter) fail(reason string) *Error {
	if reason == Truncated {
		return &Error{Reason: reason, Offset: s.base + int64(len(s.buf)), Err: s.err}
	}
	for len(s.rest()) < excerptLength && s.more() {
	}
	return &Error{Reason: reason, Offset: s.offset(), Seen: excerpt(s.rest())}
}
