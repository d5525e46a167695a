package parser

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

var utf8BOM = []byte("\xEF\xBB\xBF")

// wideSeen is how many bytes of a body wide looks at.
const wideSeen = 4

// wide recognises UTF-16 and UTF-32 by the byte order mark, or by the zeros around the first
// character, which is ASCII in JSON. It returns nil for any other text.
func wide(head []byte) encoding.Encoding {
	head = head[:min(len(head), wideSeen)]
	var zeros [wideSeen]bool
	for i, c := range head {
		zeros[i] = c == 0
	}
	switch {
	case len(head) < 2:
		return nil
	case bytes.Equal(head, []byte{0xFF, 0xFE, 0, 0}), zeros == [...]bool{false, true, true, true}:
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case bytes.Equal(head, []byte{0, 0, 0xFE, 0xFF}), zeros == [...]bool{true, true, true, false}:
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case head[0] == 0xFF && head[1] == 0xFE, !zeros[0] && zeros[1]:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case head[0] == 0xFE && head[1] == 0xFF, zeros[0] && !zeros[1]:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	return nil
}

// notFallback are charsets that no text is read in which is not UTF-8: UTF-8 itself, those that are
// recognised by the whole body, and those whose bytes are all ASCII or mean nothing.
var notFallback = []string{"utf-8", "utf-16be", "utf-16le", "iso-2022-jp", "replacement", "x-user-defined"}

// fallback is the charset in which texts are read that are not UTF-8: the one that Content-Type
// names. It is empty, which is windows-1254, if that names none or one of notFallback.
func fallback(contentType string) string {
	if !strings.Contains(strings.ToLower(contentType), "charset") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	enc, err := htmlindex.Get(params["charset"])
	if err != nil {
		return ""
	}
	name, err := htmlindex.Name(enc)
	if err != nil || name == "windows-1254" || slices.Contains(notFallback, name) {
		return ""
	}
	return name
}

// readCharset reads a text that is not UTF-8, and reports what was found.
//
// It is UTF-8 nevertheless if it was merely cut within a character, or holds more characters outside
// ASCII than bytes that belong to none: Turkish in a single-byte charset hardly ever looks like that.
// Otherwise it is in the given charset, if each of its bytes means something there, and else in
// windows-1254, in which any byte does. Nothing becomes U+FFFD: the bytes can be told from the text.
func readCharset(in, charset string) (text, quirk string) {
	if damagedUTF8(in) {
		var b strings.Builder
		for len(in) > 0 {
			r, size := utf8.DecodeRuneInString(in)
			if r == utf8.RuneError && size == 1 {
				r = windows1254(in[0])
			}
			b.WriteRune(r)
			in = in[size:]
		}
		return b.String(), quirkDamagedUTF8
	}
	if charset != "" {
		if enc, err := htmlindex.Get(charset); err == nil {
			text, err := enc.NewDecoder().String(in)
			if err == nil && !strings.ContainsRune(text, utf8.RuneError) {
				return text, quirkDeclaredCharset
			}
		}
	}
	var b strings.Builder
	for i := range len(in) {
		b.WriteRune(windows1254(in[i]))
	}
	return b.String(), quirkWindows1254
}

// windows1254 is the character of a byte. One that the code page leaves undefined is the control
// character of its number, as in browsers, so that different bytes are different characters.
func windows1254(b byte) rune {
	if r := charmap.Windows1254.DecodeByte(b); r != utf8.RuneError {
		return r
	}
	return rune(b)
}

// damagedUTF8 reports whether more speaks for UTF-8 than against it. A sequence that the end cuts
// off speaks for nothing.
func damagedUTF8(in string) bool {
	good, bad := 0, 0
	for i, r := range in {
		switch {
		case r < utf8.RuneSelf:
		case r != utf8.RuneError || strings.HasPrefix(in[i:], "\uFFFD"):
			good++
		case utf8.FullRuneInString(in[i:]):
			bad++
		}
	}
	return good > bad
}
