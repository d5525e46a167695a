package parser

// status is the result of reading something from text that may continue.
type status uint8

const (
	done   status = iota
	short         // the text ends too early
	bad           // the text cannot be the thing
	closed        // no further member: the closing bracket was consumed
)

// maxDepth limits nested arrays and objects. Reports have none. The limit keeps the work linear on
// a body that never closes them, because reading resumes after each of them.
const maxDepth = 100

// mode is the meaning of a backslash in a string. Each record has one mode.
type mode uint8

const (
	strict  mode = iota // it starts a JSON escape
	lenient             // likewise, but where it starts none it is data
	literal             // it is data, except before a quote
)

// cursor reads JSON as Alpemix may send it: control characters in strings are data. It finds where
// things end and decodes nothing.
type cursor struct {
	b     []byte
	i     int
	mode  mode
	whole bool // nothing follows b
}

// text is the position of a string in the document. It has few fields so that the compiler keeps it
// in registers.
type text struct {
	start, end int // without the quotes
	marks      marks
}

// marks says what is unusual about a string.
type marks uint8

const (
	escaped  marks = 1 << iota // holds escapes, in literal mode \"
	control                    // holds raw control characters
	trailing                   // ends in a backslash, which could have been read as \"
	illegal                    // has backslashes that start no escape, in lenient mode
)

func (c *cursor) skipSpace() {
	for c.i < len(c.b) && space(c.b[c.i]) {
		c.i++
	}
}

// value consumes one value.
func (c *cursor) value(depth int) status {
	c.skipSpace()
	if c.i == len(c.b) {
		return short
	}
	switch ch := c.b[c.i]; ch {
	case '"':
		_, st := c.text()
		return st
	case '{', '[':
		return c.composite(ch == '{', depth+1)
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	}
	return c.number()
}

// composite consumes an object or an array.
func (c *cursor) composite(object bool, depth int) status {
	if depth > maxDepth {
		return bad
	}
	c.i++
	for first := true; ; first = false {
		var st status
		if object {
			_, st = c.key(first)
		} else {
			st = c.separator(']', first)
		}
		if st == closed {
			return done
		}
		if st == done {
			st = c.value(depth)
		}
		if st != done {
			return st
		}
	}
}

// separator consumes what precedes the next member, or the closing bracket.
func (c *cursor) separator(closing byte, first bool) status {
	c.skipSpace()
	switch {
	case c.i == len(c.b):
		return short
	case c.b[c.i] == closing:
		c.i++
		return closed
	case first:
		return done
	case c.b[c.i] != ',':
		return bad
	}
	c.i++
	return done
}

// key consumes the next key of an object and its colon.
func (c *cursor) key(first bool) (text, status) {
	if st := c.separator('}', first); st != done {
		return text{}, st
	}
	c.skipSpace()
	if c.i == len(c.b) {
		return text{}, short
	}
	if c.b[c.i] != '"' {
		return text{}, bad
	}
	t, st := c.text()
	if st != done {
		return t, st
	}
	c.skipSpace()
	if c.i == len(c.b) {
		return t, short
	}
	if c.b[c.i] != ':' {
		return t, bad
	}
	c.i++
	return t, done
}

func (c *cursor) word(w string) status {
	rest := c.b[c.i:]
	if len(rest) < len(w) {
		if string(rest) == w[:len(rest)] {
			return short
		}
		return bad
	}
	if string(rest[:len(w)]) != w {
		return bad
	}
	c.i += len(w)
	return done
}

// number consumes a number. One at the end of the text is short, because it might continue.
func (c *cursor) number() status {
	if c.b[c.i] == '-' {
		c.i++
	}
	from := c.i
	if !c.digits() {
		return c.cut()
	}
	if c.b[from] == '0' && c.i > from+1 {
		return bad
	}
	if c.peek() == '.' {
		c.i++
		if !c.digits() {
			return c.cut()
		}
	}
	if p := c.peek(); p == 'e' || p == 'E' {
		c.i++
		if p := c.peek(); p == '+' || p == '-' {
			c.i++
		}
		if !c.digits() {
			return c.cut()
		}
	}
	if c.i == len(c.b) {
		return short
	}
	return done
}

func (c *cursor) digits() bool {
	from := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i > from
}

func (c *cursor) peek() byte {
	if c.i == len(c.b) {
		return 0
	}
	return c.b[c.i]
}

func (c *cursor) cut() status {
	if c.i == len(c.b) {
		return short
	}
	return bad
}

// plain marks the bytes of a string that need no examination.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// text consumes a string.
func (c *cursor) text() (text, status) {
	t := text{start: c.i + 1}
	b := c.b
	for i := t.start; ; {
		for i < len(b) && plain[b[i]] {
			i++
		}
		if i == len(b) {
			return t, short
		}
		switch b[i] {
		case '"':
			t.end, c.i = i, i+1
			return t, done
		case '\\':
			n, st := c.backslash(i)
			if st == closed {
				t.marks |= trailing
				t.end, c.i = i+1, i+2
				return t, done
			}
			if st != done {
				return t, st
			}
			if n > 1 {
				t.marks |= escaped
			} else if c.mode == lenient {
				t.marks |= illegal
			}
			i += n
		default:
			t.marks |= control
			i++
		}
	}
}

// backslash returns the length of what the backslash at i starts. The status is closed if it is
// data and the quote after it ends the string.
func (c *cursor) backslash(i int) (int, status) {
	if c.mode != literal {
		n := escapeLength(c.b[i:])
		switch {
		case n == escapeCut:
			return 0, short
		case n == escapeIllegal && c.mode == lenient:
			return 1, done
		case n == escapeIllegal:
			return 0, bad
		case c.mode == strict, c.b[i+1] != '"':
			return n, done
		}
	}
	switch {
	case i+1 == len(c.b):
		return 0, short
	case c.b[i+1] != '"':
		return 1, done
	}
	switch c.closes(i + 2) {
	case short:
		return 0, short
	case done:
		return 0, closed
	}
	return 2, done
}
