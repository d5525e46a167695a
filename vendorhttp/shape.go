package vendorhttp

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"strings"
)

// Limits of how much of a document Shape shows.
const (
	shapeDepth   = 4
	shapeMembers = 12
	shapeName    = 40
	shapeMost    = 400 // bytes
)

// Shape describes a JSON document without its values: {"status": text, "items": [{"id": number}]}.
func Shape(doc []byte) string {
	doc = bytes.TrimSpace(doc)
	switch {
	case len(doc) == 0:
		return "nothing"
	case doc[0] == '<':
		return outline(doc)
	case !json.Valid(doc):
		return fmt.Sprintf("something that is not JSON (%d bytes)", len(doc))
	}
	s := shaper{d: json.NewDecoder(bytes.NewReader(doc))}
	s.d.UseNumber()
	s.value(0)
	if s.b.Len() > shapeMost {
		return strings.ToValidUTF8(s.b.String()[:shapeMost], "") + "…"
	}
	return s.b.String()
}

// outline returns the first tags of a document in angle brackets.
func outline(doc []byte) string {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	tags, n := "", 0
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if n++; n > shapeMembers {
			tags += "…"
			break
		}
		tags += "<" + shorten(start.Name.Local) + ">"
	}
	if tags == "" {
		return fmt.Sprintf("something in angle brackets (%d bytes)", len(doc))
	}
	return tags
}

type shaper struct {
	d *json.Decoder
	b strings.Builder
}

func (s *shaper) value(depth int) {
	token, err := s.d.Token()
	if err != nil {
		return // the document is valid
	}
	switch token := token.(type) {
	case json.Delim:
		s.container(token, depth)
	case string:
		s.write("text")
	case json.Number:
		s.write("number")
	case bool:
		s.write("flag")
	default:
		s.write("null")
	}
}

func (s *shaper) container(opening json.Delim, depth int) {
	end := "}"
	if opening == '[' {
		end = "]"
	}
	s.write(opening.String())
	most := shapeMembers
	if opening == '[' {
		most = 1 // the others look alike
	}
	n := 0
	for ; s.d.More() && n < most && depth < shapeDepth && s.b.Len() <= shapeMost; n++ {
		if n > 0 {
			s.write(", ")
		}
		if opening == '{' {
			s.name()
		}
		s.value(depth + 1)
	}
	if s.d.More() {
		s.write("…")
		s.rest()
	}
	_, _ = s.d.Token() // the closing bracket
	s.write(end)
}

// name writes the name of the next member.
func (s *shaper) name() {
	token, _ := s.d.Token()
	name, _ := token.(string)
	s.write(fmt.Sprintf("%q: ", shorten(name)))
}

func shorten(name string) string {
	if r := []rune(name); len(r) > shapeName {
		return string(r[:shapeName]) + "…"
	}
	return name
}

// rest skips the rest of the container.
func (s *shaper) rest() {
	for depth := 0; s.d.More() || depth > 0; {
		token, err := s.d.Token()
		if err != nil {
			return
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

func (s *shaper) write(text string) {
	if s.b.Len() <= shapeMost {
		s.b.WriteString(text)
	}
}

// Shape describes the answer without its content: status, type, length, and its keys or first tags.
func (a *Answer) Shape() string {
	contentType := a.Header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(contentType); err == nil {
		contentType = kind
	} else {
		contentType = "no Content-Type"
	}
	return fmt.Sprintf("HTTP %d, %s, %d bytes, %s", a.Status, contentType, a.Size(), Shape(bytes.TrimPrefix(a.Body, bom)))
}
