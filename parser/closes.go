package parser

import "bytes"

// closes reports whether the quote of a \" in front of i ends its string, where backslashes may be
// data: done if so, bad if it is an escaped quote. It ends it when what follows is the document's
// structure. Within a text it could not be, because the vendor does escape quotes.
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

// quoted tells whether a key follows, or a text among those of an array.
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

// afterBracket tells whether what follows a closing bracket can follow one: more of them, the end, or another member.
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
