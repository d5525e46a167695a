package parser

import (
	"bytes"
	"io"
)

// window is the part of a text that is in memory. For a body in memory it is all of it, and r is
// nil.
type window struct {
	buf   []byte
	pos   int   // position of reading in buf
	base  int64 // offset of buf[0] in the text
	r     io.Reader
	ended bool  // buf holds the end of the text
	err   error // why r ended, unless io.EOF
}

// maxIdleReads is how often a reader may return nothing at all before it counts as stuck, as in
// bufio.
const maxIdleReads = 100

func bodyWindow(b []byte) window { return window{buf: b, ended: true} }

// streamWindow reads through a buffer that starts with size bytes. The bytes that wide examines are
// in it.
func streamWindow(r io.Reader, size int) window {
	w := window{buf: make([]byte, 0, max(size, wideSeen)), r: r}
	w.more()
	return w
}

func (w *window) rest() []byte  { return w.buf[w.pos:] }
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// more reads more. It drops what is before pos; what follows keeps its distance from pos. Earlier
// slices of the window become invalid. It returns false if the end of the text was known; reaching
// it returns true even without new bytes.
func (w *window) more() bool {
	if w.ended {
		return false
	}
	if w.pos > 0 {
		w.base += int64(w.pos)
		w.buf = w.buf[:copy(w.buf, w.buf[w.pos:])]
		w.pos = 0
	}
	if len(w.buf) == cap(w.buf) {
		w.buf = append(make([]byte, 0, 2*cap(w.buf)), w.buf...)
	}
	for idle := 0; len(w.buf) < cap(w.buf) && !w.ended; idle++ {
		n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		if n > 0 {
			idle = 0
		} else if err == nil && idle == maxIdleReads {
			err = io.ErrNoProgress
		}
		if err != nil {
			w.ended = true
			if err != io.EOF {
				w.err = err
			}
		}
	}
	return true
}

// next returns the next byte that is not space, without consuming it; false at the end of the text.
func (w *window) next() (byte, bool) {
	for {
		for w.pos < len(w.buf) {
			c := w.buf[w.pos]
			if !space(c) {
				return c, true
			}
			w.pos++
		}
		if !w.more() {
			return 0, false
		}
	}
}

// skipBOM drops a byte order mark at the start of the text and reports whether there was one.
func (w *window) skipBOM() bool {
	found := bytes.HasPrefix(w.buf, utf8BOM)
	if found {
		w.pos = len(utf8BOM)
		w.base = -int64(len(utf8BOM))
	}
	return found
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
