package parser

// scanned is one record taken apart, nothing decoded but escapes in keys.
type scanned struct {
	raw     string
	literal bool
	values  [fieldCount]value

	unknown, duplicate, control, trailing, surrogate int // how often each was seen
}

// scan finds the fields in b, of which s.raw is a copy. It is false for anything but one object of JSON and space.
func (s *scanned) scan(b []byte) bool {
	c := cursor{b: b, literal: s.literal, whole: true}
	c.i++ // the caller has seen '{'
	for first := true; ; first = false {
		key, st := c.key(first)
		if st == closed {
			c.skipSpace()
			return c.i == len(b)
		}
		if st != done {
			return false
		}
		v, st := s.value(&c)
		if st != done {
			return false
		}
		f, known := fieldOf(s.decode(key))
		if !known {
			s.unknown++
			continue
		}
		// Of a repeated key the last value counts, as it does for encoding/json and for ClickHouse.
		if s.values[f].kind != absent {
			s.duplicate++
		}
		s.values[f] = v
	}
}

func (s *scanned) value(c *cursor) (value, status) {
	c.skipSpace()
	if c.i == len(c.b) {
		return value{}, short
	}
	v := value{kind: kindOf(c.b[c.i])}
	var st status
	if v.kind == str {
		v.text, st = c.text()
		if v.control {
			s.control++
		}
		if v.trailing {
			s.trailing++
		}
		return v, st
	}
	v.start = c.i
	st = c.value(0)
	v.end = c.i
	return v, st
}

// plain is a value's text as it stands in the record.
func (s *scanned) plain(f field) string { return s.raw[s.values[f].start:s.values[f].end] }
