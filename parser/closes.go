package parser

import "bytes"

// closes reports whether the quote of a \" before i ends its string, where backslashes may be data:
// done if so, bad if it is an escaped quote. It does if the document's structure follows. That
// can't be in a text, because the vendor does escape quotes.
func (c *cursor) closes(i int) status {
	look := cursor{b: c.b, i: i, whole: c.whole}
	ch, st := look.take()
	switch {
	case st != done:
		return st
	case ch == ',':
		return look.quoted()
	case ch == '}', ch == ']':
		return look.afterBracket()
	}
	return bad
}

// take consumes space and one byte.
func (c *cursor) take() (byte, status) {
	c.skipSpace()
	if c.i < len(c.b) {
		c.i++
		return c.b[c.i-1], done
	}
	if c.whole {
		return 0, bad
	}
	return 0, short
}

// quoted reports whether a key follows, or a text among those of an array.
func (c *cursor) quoted() status {
	ch, st := c.take()
	if st != done {
		return st
	}
	if ch != '"' {
		return bad
	}
	n := bytes.IndexByte(c.b[c.i:], '"')
	if n < 0 {
		c.i = len(c.b)
	} else {
		c.i += n + 1
	}
	ch, st = c.take()
	if st == done && ch != ':' && ch != ',' && ch != ']' {
		return bad
	}
	return st
}

// afterBracket reports whether the following text may follow a closing bracket: more of them, the
// end, or another member.
func (c *cursor) afterBracket() status {
	ch, st := c.take()
	for st == done && (ch == '}' || ch == ']') {
		ch, st = c.take()
	}
	if st == bad {
		return done // nothing follows
	}
	if st == done && ch == ',' {
		if c.skipSpace(); c.i < len(c.b) && c.b[c.i] == '"' {
			return c.quoted()
		}
		ch, st = c.take()
	}
	if st != done {
		return st
	}
	if ch == '{' {
		return c.quoted()
	}
	return bad
}
