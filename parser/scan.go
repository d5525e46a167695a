package parser

// scanned is one record taken apart, nothing decoded but escapes in keys.
type scanned struct {
	raw     string
	charset string // of texts that are not UTF-8; empty is windows-1254
	foreign bool   // there may be such texts
	odd     Tally  // receives what decoding texts shows
	mode    mode
	values  [fieldCount]value
	cased   uint32 // fields whose key was only seen in another case, a bit each

	unknown, duplicate, control, trailing, illegal, surrogate int // how often each was seen
}

// scan finds the fields in b, of which s.raw is a copy. It is false for anything but one object of
// JSON and space.
func (s *scanned) scan(b []byte, m mode) bool {
	*s = scanned{raw: s.raw, charset: s.charset, foreign: s.foreign, odd: s.odd, mode: m}
	c := cursor{b: b, mode: m, whole: true}
	c.i++ // the caller has seen '{'
	first := true
	for next := fieldUID; ; next++ {
		f, known, cased := next, true, false
		if !c.foresee(next) {
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
		// Of a repeated key the last value counts, as it does for encoding/json and for ClickHouse.
		bit := uint32(1) << f
		if s.values[f].kind != absent {
			s.duplicate++
			if cased && s.cased&bit == 0 {
				continue // the key as alpemix.txt spells it counts
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

// foresee consumes the key of f, with the comma before it, if it comes next and is written as usual: with a space behind the
// comma, as alpemix.txt has it, or without. Keys nearly always come in the order of the document, and this is twice as fast as
// reading them.
func (c *cursor) foresee(f field) bool {
	if f >= fieldCount || c.i == 1 {
		return false
	}
	b, i, p := c.b, c.i+1, foreseen[f]
	if i < len(b) && b[i] == ' ' {
		i++
	}
	if len(b)-i < len(p) || b[c.i] != ',' || string(b[i:i+len(p)]) != p {
		return false
	}
	c.i = i + len(p)
	return true
}

var foreseen = func() (p [fieldCount]string) {
	for f, name := range fieldNames {
		p[f] = `"` + name + `":`
	}
	return p
}()

func (s *scanned) value(c *cursor) (value, status) {
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

// plain is a value's text as it stands in the record.
func (s *scanned) plain(f field) string { return s.raw[s.values[f].start:s.values[f].end] }
