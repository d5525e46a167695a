package parser

import (
	"bytes"
	"unicode/utf8"
)

// spaceSeen is how many bytes of space may lie between the signs by which broken looks for the end of a record.
const spaceSeen = 256

// broken yields the element at pos, whose end the grammar cannot tell, up to where its neighbour seems to begin. One that
// is longer than MaxRecord is handed out cut and skipped without being kept in memory.
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

// giveUp ends the broken element in front of the anchor at. It is too long by where the anchor is, because that is what
// broken goes by before it knows what stands in between.
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

// emitStart yields the beginning of an element that is longer than MaxRecord.
func (s *splitter) emitStart() error {
	b := s.rest()
	n := MaxRecord + 1
	for n < len(b) && n < MaxRecord+utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n++
	}
	s.sum.Records++
	s.recognised = true
	return s.yield(s.raw(n))
}

// anchor looks in b, not before from, for the beginning of the next record or the end of the list: a '{' with a quote after
// it and a comma or '}' before it, or the ']' with which the document ends or which leads back into the envelope: with a '}'
// before it, or to the errornumber. Within a text of an intact document none of them can stand, because quotes in texts are
// escaped. If it is short, the search goes on at the place it returns.
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

// keySeen is how long a key of the envelope may be for broken to know it, quotes included.
const keySeen = 64

// opensMember tells whether b, which begins with a quote, begins with a key and its colon.
func opensMember(b []byte) bool {
	n := bytes.IndexByte(b[1:min(len(b), keySeen)], '"')
	colon, _ := glance(b, n+2)
	return n >= 0 && colon == ':'
}

// glance is the first byte from i that is not space, and where it stands, which is len(b) if there is none. Space that goes
// on for too long counts as a byte.
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
