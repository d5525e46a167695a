package parser

import (
	"bytes"
	"unicode/utf8"
)

// spaceSeen is how many bytes of space may be between the signs by which broken looks for the end
// of a record.
const spaceSeen = 256

// broken yields the element at pos, whose end the grammar cannot find, up to where the next one
// seems to start. One that is longer than MaxRecord is cut, and the rest is skipped without being
// kept in memory.
func (s *splitter) broken() error {
	cut := false
	for from := 1; ; {
		at, st := anchor(s.rest(), from, s.ended)
		if st == done {
			return s.giveUp(at, cut)
		}
		if at > MaxRecord+utf8.UTFMax && !cut {
			cut = true
			if err := s.emitStart(); err != nil {
				return err
			}
		}
		if cut {
			if drop := at - spaceSeen; drop > 0 {
				s.pos += drop
				at = spaceSeen
			}
		}
		from = at
		if !s.more() {
			return s.fail(Truncated)
		}
	}
}

// giveUp ends the broken element before the anchor at. Whether it is too long depends on the
// anchor's position, because broken uses that before it knows what is in between.
func (s *splitter) giveUp(at int, cut bool) error {
	n := len(bytes.TrimRight(s.rest()[:at], ", \t\r\n"))
	switch {
	case cut:
		s.pos += n
		return nil
	case at <= MaxRecord:
		s.sum.note(quirkBrokenRecord)
		return s.emit(n)
	}
	err := s.emitStart()
	s.pos += n
	return err
}

// emitStart yields the start of an element that is longer than MaxRecord.
func (s *splitter) emitStart() error {
	b := s.rest()
	n := MaxRecord + 1
	for n < len(b) && n < MaxRecord+utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n++
	}
	s.sum.Records++
	s.recognized = true
	return s.yield(s.raw(n))
}

// anchor looks in b, from from on, for the start of the next record or the end of the list. The
// former is a '{' with a quote after it and a comma or '}' before it. The latter is the ']' that
// ends the document or leads back into the envelope: after a '}', or before the errornumber. None
// of them can be in a text of an intact document, because quotes in texts are escaped. If it is
// short, the search resumes at the returned position.
func anchor(b []byte, from int, whole bool) (int, status) {
	for i := from; i < len(b); i++ {
		if b[i] != '{' && b[i] != ']' {
			continue
		}
		next, n := glance(b, i+1)
		if n == len(b) && !whole {
			return i, short
		}
		before := lastBefore(b, i)
		if b[i] == '{' {
			if next == '"' && (before == ',' || before == '}') {
				return i, done
			}
			continue
		}
		if next != '}' && next != ',' {
			continue
		}
		after, m := glance(b, n+1)
		switch {
		case !whole && len(b)-m < keySeen+spaceSeen:
			return i, short
		case next == '}' && m == len(b),
			next == ',' && after == '"' && (before == '}' || bytes.HasPrefix(b[m:], errorNumberKey)) && opensMember(b[m:]):
			return i, done
		}
	}
	return len(b), short
}

var errorNumberKey = []byte(`"errornumber"`)

// keySeen is how long a key of the envelope may be for broken to recognize it, including quotes.
const keySeen = 64

// opensMember reports whether b, which starts with a quote, starts with a key and its colon.
func opensMember(b []byte) bool {
	n := bytes.IndexByte(b[1:min(len(b), keySeen)], '"')
	colon, _ := glance(b, n+2)
	return n >= 0 && colon == ':'
}

// glance returns the first byte from i that is not space, and its position, which is len(b) if
// there is none. Too much space counts as a byte.
func glance(b []byte, i int) (byte, int) {
	for n := i; n < len(b); n++ {
		if !space(b[n]) || n == i+spaceSeen {
			return b[n], n
		}
	}
	return 0, len(b)
}

func lastBefore(b []byte, i int) byte {
	b = bytes.TrimRight(b[max(0, i-spaceSeen):i], " \t\r\n")
	if len(b) == 0 {
		return 0
	}
	return b[len(b)-1]
}
