package parser

// scanner finds the fields of one record. It decodes nothing but escapes in keys.
type scanner struct {
	raw     string
	charset string // of texts that are not UTF-8; empty is windows-1254
	foreign bool   // there may be such texts
	odd     Tally  // counts what decoding texts finds
	mode    mode
	values  [fieldCount]value
	cased   uint32 // fields whose key was only seen in another case, a bit each

	unknown, duplicate, control, trailing, illegal, surrogate int // how often each was seen
}

// scan finds the fields in b, of which s.raw is a copy. It returns false for anything but one
// object and space.
func (s *scanner) scan(b []byte, m mode) bool {
	*s = scanner{raw: s.raw, charset: s.charset, foreign: s.foreign, odd: s.odd, mode: m}
	c := cursor{b: b, mode: m, whole: true}
	c.i++ // the caller has seen '{'
	first := true
	for next := fieldUID; ; next++ {
		f, known, cased := next, true, false
		if !c.expectKey(next) {
			key, st := c.key(first)
			if st == closed {
				c.skipSpace()
				return c.i == len(b)
			}
			if st != done {
				return false
			}
			name := s.decode(key)
			if f, known = fieldOf(name); !known {
				f, known = fieldLike(name)
				cased = known
			}
		}
		first = false
		v, st := s.value(&c)
		if st != done {
			return false
		}
		if !known {
			s.unknown++
			continue
		}
		// The last value of a repeated key counts, as in encoding/json and ClickHouse.
		bit := uint32(1) << f
		if s.values[f].kind != absent {
			s.duplicate++
			if cased && s.cased&bit == 0 {
				continue // the key as alpemix.txt spells it wins
			}
		}
		s.values[f] = v
		s.cased &^= bit
		if cased {
			s.cased |= bit
		}
		next = f
	}
}

// expectKey consumes the key of f, with the comma before it, if it comes next and is written as
// usual: with a space after the comma, as in alpemix.txt, or without. Keys nearly always come in
// the document's order, and this is twice as fast as parsing them.
func (c *cursor) expectKey(f field) bool {
	if f >= fieldCount || c.i == 1 {
		return false
	}
	b, i, p := c.b, c.i+1, expectedKeys[f]
	if i < len(b) && b[i] == ' ' {
		i++
	}
	if len(b)-i < len(p) || b[c.i] != ',' || string(b[i:i+len(p)]) != p {
		return false
	}
	c.i = i + len(p)
	return true
}

var expectedKeys = func() (p [fieldCount]string) {
	for f, name := range fieldNames {
		p[f] = `"` + name + `":`
	}
	return p
}()

func (s *scanner) value(c *cursor) (value, status) {
	c.skipSpace()
	if c.i == len(c.b) {
		return value{}, short
	}
	v := value{kind: kindOf(c.b[c.i])}
	var st status
	if v.kind == str {
		v.text, st = c.text()
		if v.marks&control != 0 {
			s.control++
		}
		if v.marks&trailing != 0 {
			s.trailing++
		}
		if v.marks&illegal != 0 {
			s.illegal++
		}
		return v, st
	}
	v.start = c.i
	st = c.value(0)
	v.end = c.i
	return v, st
}

// plain returns a value's text as it is in the record.
func (s *scanner) plain(f field) string { return s.raw[s.values[f].start:s.values[f].end] }
