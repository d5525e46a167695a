// Package terminal keeps foreign text from controlling the terminal on which it is printed. Names
// of computers and staff come from machines that nobody here controls.
package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape replaces what a terminal would act on, or what is invisible, by \u001b and the like, and a
// byte that is not UTF-8 by \x9b. In JSON, \u001b means the same character. Line feeds and tabs
// stay.
func Escape(s string) string {
	if !strings.ContainsFunc(s, steers) && utf8.ValidString(s) {
		return s
	}
	return string(appendEscaped(nil, []byte(s)))
}

func appendEscaped(out, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, text[0])
		case !steers(r):
			out = append(out, text[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}

// steers reports whether r is a control character, changes the direction of text or is invisible.
// Emoji need the first variation selectors.
func steers(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case r >= 0xfe00 && r <= 0xfe0f:
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Writer escapes what is written to it. It is safe for concurrent use.
type Writer struct {
	// Raw receives the text.
	Raw io.Writer

	mu   sync.Mutex
	rest []byte // the start of an incomplete character
	err  error  // the first error of Raw
}

// NewWriter returns a Writer to raw.
func NewWriter(raw io.Writer) *Writer { return &Writer{Raw: raw} }

// Write implements io.Writer. An incomplete character at the end of p waits for the next call or
// for Flush.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := p
	if len(w.rest) > 0 {
		text = append(w.rest, p...)
		w.rest = nil
	}
	whole := len(text) - brokenOff(text)
	w.rest = append(w.rest, text[whole:]...)
	if err := w.write(text[:whole]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Data returns a writer to Raw that escapes nothing. w remembers its first error, too.
func (w *Writer) Data() io.Writer { return (*data)(w) }

type data Writer

func (d *data) Write(p []byte) (int, error) {
	n, err := d.Raw.Write(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
	return n, err
}

// Flush writes an incomplete character that is still waiting.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.rest
	w.rest = nil
	return w.write(rest)
}

// Err returns the first error of a write, for callers that don't check each one.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *Writer) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := w.Raw.Write(appendEscaped(make([]byte, 0, len(text)), text))
	if w.err == nil {
		w.err = err
	}
	return err
}

// brokenOff returns how many bytes at the end belong to an incomplete character.
func brokenOff(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
