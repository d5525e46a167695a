package parser

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"alpemix-collector/report"
)

// records reads the list of results from its opening to its closing bracket.
func (s *splitter) records() error {
	at, before, missing := s.offset(), s.sum.Records, 0
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
			if missing > 0 && s.sum.Records == before {
				seen := "[" + strings.Repeat(",", min(missing, excerptLength)) + "]"
				s.missing = &Error{Reason: MalformedEnvelope, Offset: at, Seen: seen}
			}
			s.pos++
			return nil
		case c == ',':
			if comma {
				missing++
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

// record yields the element that starts with c at pos.
func (s *splitter) record(c byte) error {
	if c == '{' {
		n := quickEnd(s.rest())
		for n == 0 && len(s.rest()) < quickReach && s.more() {
			n = quickEnd(s.rest()) // it has an answer to the text, not to the part that happens to be in the window
		}
		if n > 0 && s.hasNeighbor(n) {
			return s.emit(n)
		}
	}
	for {
		n, st := s.measure()
		// An intact record is not lost because of garbage after it. Anything else may be the result
		// of damage to its neighbors: after a stray '[' they are a list, after a stray quote a
		// text.
		if st == done && (c == '{' || s.follows(n)) {
			return s.emit(n)
		}
		if st != short || len(s.rest()) > MaxRecord || !s.more() {
			return s.broken()
		}
	}
}

// quickReach limits the search of quickEnd, so that a body of many '{' and no '}' is not searched
// to its end from each of them.
const quickReach = 16 << 10

// quickEnd returns the length of the record at the start of b if that is easy to find, else 0. The
// first '}' ends the record if there is no '{' before it and it is outside a string, that is, after
// an even number of unescaped quotes. It can never swallow a neighbor, which would start with '{'.
func quickEnd(b []byte) int {
	n := bytes.IndexByte(b[:min(len(b), quickReach)], '}') + 1
	if n == 0 || bytes.IndexByte(b[1:n], '{') >= 0 {
		return 0
	}
	b = b[:n]
	quotes := bytes.Count(b, quote)
	literal, doubtful := false, false // a backslash starts no escape; a quote follows one
	for i := 0; ; {
		next := bytes.IndexByte(b[i:], '\\')
		if next < 0 {
			break
		}
		i += next
		size := max(escapeLength(b[i:]), 1) // after each there is at least the '}'
		literal = literal || size == 1
		if b[i+1] == '"' {
			quotes--
		}
		doubtful = doubtful || b[i+1] == '"' || size == 2 && b[i+2] == '"'
		i += size
	}
	if quotes%2 != 0 || literal && doubtful { // it may or may not end its string
		return 0
	}
	return n
}

var quote = []byte{'"'}

// measure finds the end of the element at pos by JSON's grammar: as strict JSON, or else in the
// mode that its own dt proves. Its neighbors say nothing about how it is written.
func (s *splitter) measure() (int, status) {
	var ends [literal + 1]int
	var found [literal + 1]bool
	for m := strict; m <= literal; m++ {
		n, st := s.grammarEnd(m)
		if st == short && !s.ended && len(s.rest()) <= MaxRecord {
			return 0, short // the following bytes may make sense of it
		}
		ends[m], found[m] = n, st == done
		if m == strict && found[m] && s.follows(n) {
			return n, done
		}
	}
	order := [...]mode{literal, lenient, strict}
	if found[lenient] && found[literal] && ends[lenient] != ends[literal] {
		if m, _ := provenMode(s.rest()[:max(ends[lenient], ends[literal])]); m == lenient {
			order = [...]mode{lenient, literal, strict}
		}
	}
	for _, garbage := range [...]bool{false, true} { // after an element that is intact anyway
		for _, m := range order {
			if found[m] && (garbage || s.follows(ends[m])) {
				return ends[m], done
			}
		}
	}
	return 0, bad
}

func (s *splitter) grammarEnd(m mode) (int, status) {
	b, whole := s.rest(), s.ended
	if len(b) > MaxRecord {
		b, whole = b[:MaxRecord], false
	}
	c := cursor{b: b, mode: m, whole: whole}
	st := c.value(0)
	return c.i, st
}

// follows reports whether n bytes after pos comes what may follow an element, or nothing. A missing
// comma is accepted.
func (s *splitter) follows(n int) bool {
	c, _, ok := s.behind(n)
	return !ok || c == ',' || c == ']' || c == '{'
}

// hasNeighbor reports whether n bytes after pos come a comma and the next record. Nothing less shows
// that the quick way was right: in a damaged record the '}' may be part of a text, and in the last
// one it may be the document's.
func (s *splitter) hasNeighbor(n int) bool {
	c, at, _ := s.behind(n)
	if c == ',' {
		c, _, _ = s.behind(at + 1)
		return c == '{'
	}
	return false
}

// behind returns the first byte that is not space, from n bytes after pos, and its position. Too
// much space counts as the end, because everything before it is kept in memory meanwhile.
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
	rec := s.raw(n)
	s.recognize(rec.Raw)
	s.pos += n
	s.sum.Records++
	return s.yield(rec)
}

// raw returns the record in the next n bytes. A record in UTF-8 has no charset, so that it is the
// same under every Content-Type.
func (s *splitter) raw(n int) report.Record {
	rec := report.Record{Raw: s.rest()[:n]}
	if s.charset != "" && !utf8.Valid(rec.Raw) {
		rec.Charset = s.charset
	}
	return rec
}
