package vendorhttp

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"unicode/utf8"
)

// document returns the length of the JSON or XML document at the start of body, or 0 if there is
// none or it is not complete.
func document(body []byte) int {
	start := len(body) - len(bytes.TrimLeft(bytes.TrimPrefix(body, bom), " \t\r\n"))
	switch rest := body[start:]; {
	case len(rest) == 0:
		return 0
	case rest[0] == '<':
		return start + element(rest)
	case rest[0] == '{', rest[0] == '[':
		d := json.NewDecoder(bytes.NewReader(rest))
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return 0
		}
		return start + int(d.InputOffset())
	}
	return 0
}

// isDocument reports whether body is a complete document with nothing that matters after it.
func isDocument(body []byte) bool {
	n := document(body)
	return n > 0 && blank(body[n:])
}

// element returns the length of the XML document at the start of text, up to the end of its root.
func element(text []byte) int {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for depth := 0; ; {
		token, err := d.RawToken()
		if err != nil {
			return 0
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth--; depth == 0 {
				return int(d.InputOffset())
			}
		}
	}
}

// blank reports whether text holds only what a server may send after a document: space, NUL and
// other control characters, a comment.
func blank(text []byte) bool {
	text = bytes.TrimLeftFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f })
	for _, sign := range []string{"//", "/*", "<!--", "#"} {
		if bytes.HasPrefix(text, []byte(sign)) {
			return utf8.Valid(text)
		}
	}
	return len(text) == 0
}
