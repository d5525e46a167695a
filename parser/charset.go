package parser

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"mime"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

var utf8BOM = []byte("\xEF\xBB\xBF")

// census counts what speaks for and against UTF-8. A text is UTF-8 when bad is 0.
type census struct {
	multi int // continuation bytes of valid sequences
	bad   int // bytes of no valid sequence
}

// add counts b up to a sequence that its end cuts off, and returns how far that was. A body that was truncated within a
// character is still UTF-8.
func (c *census) add(b []byte) (read int) {
	b = wholeRunes(b)
	read = len(b)
	if utf8.Valid(b) {
		c.multi += continuations(b)
		return read
	}
	for b = b[asciiPrefix(b):]; len(b) > 0; b = b[asciiPrefix(b):] {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			c.bad++
		}
		c.multi += size - 1
		b = b[size:]
	}
	return read
}

// continuations counts the bytes of b that are not the first of their character, eight at a time: utf8.RuneCount copies b.
func continuations(b []byte) (n int) {
	const high = 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		n += bits.OnesCount64(w & high &^ (w << 1))
	}
	for _, c := range b {
		if !utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

// wholeRunes is b without an incomplete sequence at its end.
func wholeRunes(b []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// charset chooses the encoding of a text that begins with head: nil is UTF-8. The quirk is empty when nothing is odd.
func charset(head []byte, c census, contentType string) (enc encoding.Encoding, quirk string) {
	if order, ok := utf16Order(head); ok {
		return unicode.UTF16(order, unicode.UseBOM), quirkUTF16
	}
	if c.bad == 0 {
		if bytes.HasPrefix(head, utf8BOM) {
			return nil, quirkBOM
		}
		return nil, ""
	}
	declared := declaredCharset(contentType)
	switch {
	case declared != nil && declared != unicode.UTF8:
		return declared, quirkDeclaredCharset
	case c.multi > c.bad:
		// Single-byte Turkish hardly ever forms valid UTF-8 sequences. Reading this document as windows-1254 would spoil
		// every name in it because of one text that the vendor cut within a character.
		return unicode.UTF8, quirkDamagedUTF8
	}
	return charmap.Windows1254, quirkWindows1254
}

// utf16Order recognises UTF-16 by its byte order mark or by the zero half of its first character, which is ASCII in JSON.
func utf16Order(head []byte) (unicode.Endianness, bool) {
	if len(head) < 2 {
		return unicode.BigEndian, false
	}
	switch {
	case head[0] == 0xFF && head[1] == 0xFE, head[0] != 0 && head[1] == 0:
		return unicode.LittleEndian, true
	case head[0] == 0xFE && head[1] == 0xFF, head[0] == 0 && head[1] != 0:
		return unicode.BigEndian, true
	}
	return unicode.BigEndian, false
}

// declaredCharset is the encoding that a Content-Type names, or nil.
func declaredCharset(contentType string) encoding.Encoding {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	enc, err := htmlindex.Get(params["charset"])
	if err != nil || enc == encoding.Replacement {
		return nil
	}
	return enc
}
