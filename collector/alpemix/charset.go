package alpemix

import (
	"bytes"

	"golang.org/x/text/encoding/unicode"
)

var bom = []byte("\xef\xbb\xbf")

// utf8Of is a body for our own eyes: without a byte order mark, and not in UTF-16. All other charsets that a vendor might use
// have ASCII where we look.
func utf8Of(body []byte) []byte {
	if order, ok := utf16Order(body); ok {
		if decoded, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(body); err == nil {
			body = decoded
		}
	}
	return bytes.TrimPrefix(body, bom)
}

// utf16Order recognises UTF-16 by its byte order mark or by the zero half of its first character, which is ASCII in JSON.
func utf16Order(body []byte) (unicode.Endianness, bool) {
	if len(body) < 2 {
		return unicode.BigEndian, false
	}
	switch {
	case body[0] == 0xFF && body[1] == 0xFE, body[0] != 0 && body[1] == 0:
		return unicode.LittleEndian, true
	case body[0] == 0xFE && body[1] == 0xFF, body[0] == 0 && body[1] != 0:
		return unicode.BigEndian, true
	}
	return unicode.BigEndian, false
}
