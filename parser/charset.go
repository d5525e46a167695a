package parser

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

var utf8BOM = []byte("\xEF\xBB\xBF")

// wideSeen is how many bytes of a body wide examines.
const wideSeen = 4

// wide recognizes UTF-16 and UTF-32 by the byte order mark, or by the zeros around the first
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

// notFallback lists charsets that are never used for texts that are not UTF-8: UTF-8 itself, those
// that are recognized by the whole body, and those whose bytes are all ASCII or mean nothing.
var notFallback = []string{"utf-8", "utf-16be", "utf-16le", "iso-2022-jp", "replacement", "x-user-defined"}

// fallback returns the charset for texts that are not UTF-8: the one in Content-Type, or "", which
// is windows-1254, if that names none or one of notFallback.
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

// latin has the charsets in which single characters of UTF-8 are recognized, because texts in these
// charsets hardly ever look like one. The empty name is for texts without a named charset.
var latin = map[string]*charmap.Charmap{
	"": charmap.Windows1254, "windows-1252": charmap.Windows1252, "iso-8859-15": charmap.ISO8859_15,
}

// readCharset decodes a text that is not UTF-8, and reports what was found.
//
// It is UTF-8 anyway if it was merely cut within a character, or has more non-ASCII characters than
// bytes that belong to none: Turkish in a single-byte charset hardly ever looks like that.
//
// Otherwise it is in the given charset if each byte means something there, and else in
// windows-1254, where any byte does. Plausible UTF-8 characters are decoded as such among bytes of
// a latin charset. No byte becomes U+FFFD.
func readCharset(in, charset string) (text, quirk string) {
	rest, isLatin := latin[charset]
	if !isLatin {
		rest = latin[""]
	}
	good, odd, bad := weigh(in)
	if good+odd > bad {
		text, _ = readBytes(in, rest, func(r rune) bool { return odd > bad || plausible(r) })
		return text, quirkDamagedUTF8
	}
	if !isLatin {
		if enc, err := htmlindex.Get(charset); err == nil {
			text, err := enc.NewDecoder().String(in)
			if err == nil && !strings.ContainsRune(text, utf8.RuneError) {
				return text, quirkDeclaredCharset
			}
		}
		charset = ""
	}
	text, mixed := readBytes(in, rest, plausible)
	switch {
	case mixed:
		return text, quirkMixedCharset
	case charset != "":
		return text, quirkDeclaredCharset
	}
	return text, quirkWindows1254
}

// readBytes decodes the UTF-8 characters that accept allows, if any, and every other byte in the
// charset rest.
func readBytes(in string, rest *charmap.Charmap, accept func(rune) bool) (text string, found bool) {
	var b strings.Builder
	for len(in) > 0 {
		r, size := character(in)
		if size > 1 && accept(r) {
			found = true
		} else {
			r, size = decodeByte(rest, in[0]), 1
		}
		b.WriteRune(r)
		in = in[size:]
	}
	return b.String(), found
}

// decodeByte returns the character of a byte. A byte that the charset leaves undefined becomes the
// control character with its number, as in browsers, so that different bytes are different
// characters.
func decodeByte(charset *charmap.Charmap, b byte) rune {
	if r := charset.DecodeByte(b); r != utf8.RuneError {
		return r
	}
	return rune(b)
}

// plausible reports whether a UTF-8 character is usual in texts while its bytes make no sense in a
// latin charset: letters of Turkish and its neighbors, punctuation and signs, emoji, U+FFFD. "Ü’"
// in windows-1254 would be a Syriac letter in UTF-8, "«Â»" would contain a "»", and "â……" a
// mathematical sign.
func plausible(r rune) bool {
	return 0xC0 <= r && r <= 0x17F || 0x2000 <= r && r <= 0x213F || 0x2600 <= r && r <= 0x27BF ||
		0x1F000 <= r && r <= 0x1FAFF || r == utf8.RuneError
}

// character returns the first character of a text in UTF-8, or in CESU-8, which encodes each half
// of a surrogate pair in three bytes. It returns U+FFFD of size 1 if there is none.
func character(in string) (r rune, size int) {
	if surrogate(in) == 3 && surrogate(in[3:]) == 3 {
		if r = utf16.DecodeRune(half(in), half(in[3:])); r != utf8.RuneError {
			return r, 6
		}
	}
	return utf8.DecodeRuneInString(in)
}

// surrogate returns how many bytes at the start of in are half of a surrogate pair, which the end
// may cut off; 0 if there is none.
func surrogate(in string) int {
	if len(in) < 2 || in[0] != 0xED || in[1]>>5 != 0b101 || len(in) > 2 && utf8.RuneStart(in[2]) {
		return 0
	}
	return min(len(in), 3)
}

// half returns the surrogate in the three bytes at the start of in.
func half(in string) rune { return 0xD000 | rune(in[1]&0x3F)<<6 | rune(in[2]&0x3F) }

// weigh counts the evidence for UTF-8, its plausible and odd characters, and the evidence against
// it, bytes that belong to no character. A sequence that the end cuts off counts for neither, nor
// does half of a surrogate pair, because writers that use UTF-16 cut between the two.
func weigh(in string) (good, odd, bad int) {
	for len(in) > 0 {
		r, size := utf8.DecodeRuneInString(in)
		switch {
		case r < utf8.RuneSelf:
		case surrogate(in) > 0:
			size = surrogate(in)
		case size > 1 && plausible(r):
			good++
		case size > 1:
			odd++
		case utf8.FullRuneInString(in):
			bad++
		}
		in = in[size:]
	}
	return good, odd, bad
}
