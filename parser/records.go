package parser

import (
	"bytes"

	"alpemix-collector/report"
)

// records reads the list of results from its opening bracket to its closing one.
func (s *splitter) records() error {
	s.pos++
	for comma := true; ; {
		c, ok := s.next()
		switch {
		case !ok:
			return s.fail(Truncated)
		case c == ']':
			if comma && s.sum.Records > 0 {
				s.sum.note(quirkStrayComma)
			}
			s.pos++
			return nil
		case c == ',':
			if comma {
				s.sum.note(quirkStrayComma)
			}
			comma = true
			s.pos++
			continue
		case !comma:
			s.sum.note(quirkMissingComma)
		}
		comma = false
		if err := s.record(c); err != nil {
			return err
		}
	}
}

// record yields the element that begins with c at pos.
func (s *splitter) record(c byte) error {
	if c == '{' {
		n := quickEnd(s.rest(), s.literal)
		for n == 0 && len(s.rest()) < quickReach && s.more() {
			n = quickEnd(s.rest(), s.literal) // it has an answer to the text, not to the part that happens to be in the window
		}
		if n > 0 && s.neighbours(n) {
			return s.emit(n)
		}
	}
	for {
		n, st := s.measure()
		// An intact record is not lost for garbage behind it. Anything else may be what damage has made of its neighbours: with
		// a stray '[' in front of them they are a list, with a stray quote a text.
		if st == done && (c == '{' || s.follows(n)) {
			return s.emit(n)
		}
		if st != short || len(s.rest()) > MaxRecord || !s.more() {
			return s.broken()
		}
	}
}

// quickReach bounds the search of quickEnd, lest a body of many '{' and no '}' be searched to its end from each of them.
const quickReach = 16 << 10

// quickEnd is the length of the record at the start of b if that is easy to tell, else 0. The first '}' ends the record if
// no '{' comes between and if it is outside a string, which it is after an even number of quotes that are not escaped.
// Whatever it says, it cannot swallow a neighbour, because that would begin with '{'.
func quickEnd(b []byte, literal bool) int {
	n := bytes.IndexByte(b[:min(len(b), quickReach)], '}') + 1
	if n == 0 || bytes.IndexByte(b[1:n], '{') >= 0 {
		return 0
	}
	b = b[:n]
	quotes := bytes.Count(b, quote)
	for i := 0; ; i += 2 {
		next := bytes.IndexByte(b[i:], '\\')
		if next < 0 {
			break
		}
		i += next
		if b[i+1] == '"' {
			if literal {
				return 0 // may or may not be the end of its string
			}
			quotes--
		} else if literal {
			i--
		}
	}
	if quotes%2 != 0 {
		return 0
	}
	return n
}

var quote = []byte{'"'}

// measure finds the end of the element at pos by the grammar of JSON. Where a document of escapes holds a record that
// makes sense only without them, that reading counts.
func (s *splitter) measure() (int, status) {
	n, st := s.grammarEnd(s.literal)
	if s.literal || st == done && s.follows(n) {
		return n, st
	}
	switch n, st := s.grammarEnd(true); {
	case st == done && s.follows(n):
		return n, done
	case st == short && !s.ended && len(s.rest()) <= MaxRecord:
		return 0, short // what is to come may make sense of it
	}
	return n, st
}

func (s *splitter) grammarEnd(literal bool) (int, status) {
	b, whole := s.rest(), s.ended
	if len(b) > MaxRecord {
		b, whole = b[:MaxRecord], false
	}
	c := cursor{b: b, literal: literal, whole: whole}
	st := c.value(0)
	return c.i, st
}

// follows tells whether n bytes from pos comes what may follow an element, or nothing. A missing comma is forgiven.
func (s *splitter) follows(n int) bool {
	c, _, ok := s.behind(n)
	return !ok || c == ',' || c == ']' || c == '{'
}

// neighbours tells whether n bytes from pos come a comma and the next record. Nothing less shows that the quick way was right:
// in a damaged record the '}' may be part of a text, and in the last one it may be the document's.
func (s *splitter) neighbours(n int) bool {
	c, at, _ := s.behind(n)
	if c == ',' {
		c, _, _ = s.behind(at + 1)
		return c == '{'
	}
	return false
}

// behind is the first byte from n bytes behind pos that is not space, and where it stands. Space that goes on for too long
// counts as the end: what stands before it is held in memory meanwhile.
func (s *splitter) behind(n int) (c byte, at int, ok bool) {
	at = n
	for {
		b := s.rest()
		for ; at < min(len(b), n+spaceSeen); at++ {
			if !space(b[at]) {
				return b[at], at, true
			}
		}
		if at == n+spaceSeen || !s.more() {
			return 0, at, false
		}
	}
}

func (s *splitter) emit(n int) error {
	rec := report.Record{Raw: s.rest()[:n], Literal: s.literal}
	s.recognise(rec.Raw, rec.Literal)
	s.pos += n
	s.sum.Records++
	return s.yield(rec)
}
