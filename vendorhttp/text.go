package vendorhttp

import (
	"bytes"
	"errors"
	"mime"
	"regexp"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

var bom = []byte("\xef\xbb\xbf")

// declaration matches the charset in an XML declaration.
var declaration = regexp.MustCompile(`^\s*<\?xml\s[^>]*?encoding=["']([^"']+)["']`)

// Text returns the body in UTF-8 without a byte order mark. A body that is not UTF-8 must name its
// charset, because a wrong guess would be stored.
func (a *Answer) Text() ([]byte, error) {
	text := bytes.TrimPrefix(a.Body, bom)
	if utf8.Valid(text) {
		return text, nil
	}
	charset := a.charset()
	if charset == nil {
		return nil, errors.New("it is not UTF-8 and names no other charset")
	}
	return charset.NewDecoder().Bytes(text)
}

// Said returns the body as text for an error message: in UTF-8, in the charset that it names, or
// else in windows-1252, which accepts every byte.
func (a *Answer) Said() []byte {
	text, err := a.Text()
	if err == nil {
		return text
	}
	text, _ = charmap.Windows1252.NewDecoder().Bytes(a.Body) // never fails
	return text
}

func (a *Answer) charset() encoding.Encoding {
	label := ""
	if _, params, err := mime.ParseMediaType(a.Header.Get("Content-Type")); err == nil {
		label = params["charset"]
	}
	if m := declaration.FindSubmatch(a.Body[:min(len(a.Body), 256)]); m != nil {
		label = string(m[1])
	}
	charset, err := htmlindex.Get(label)
	if err != nil || charset == encoding.Replacement || charset == unicode.UTF8 {
		return nil
	}
	return charset
}
