package parser

import (
	"strconv"
	"strings"
)

// Limits of a shape: longer ones end in an ellipsis, and deeper objects are skipped.
const (
	longestShape = 160 // bytes
	deepestShape = 3
)

// shape describes an answer by its keys and the types of their values, so that an error can show
// the structure without the content.
type shape struct {
	text   []byte
	hidden int // objects that were opened after the text was full
}

func (s *shape) String() string { return "{" + string(s.text) + "}" }

// add describes a key with a value that has no parts.
func (s *shape) add(key, what string) {
	if !s.full() {
		s.text = append(append(append(s.text, shownKey(key)...), ": "...), what...)
	}
}

func (s *shape) list(key string, elements int) {
	if s.full() {
		return
	}
	s.text = append(append(s.text, shownKey(key)...), ": a list of "...)
	s.text = strconv.AppendInt(s.text, int64(elements), 10)
}

// open describes a key with an object. Its keys follow, up to close.
func (s *shape) open(key string) {
	if s.full() {
		s.hidden++
		return
	}
	s.text = append(append(s.text, shownKey(key)...), ": {"...)
}

func (s *shape) close() {
	if s.hidden > 0 {
		s.hidden--
		return
	}
	s.text = append(s.text, '}')
}

// full writes the separator between two keys, or ends the text.
func (s *shape) full() bool {
	switch n := len(s.text); {
	case n == 0:
		s.text = make([]byte, 0, longestShape/2)
	case s.text[n-1] == '{':
	case n >= longestShape:
		const more = ", …"
		if s.hidden == 0 && string(s.text[n-len(more):]) != more {
			s.text = append(s.text, more...)
		}
		return true
	default:
		s.text = append(s.text, ", "...)
	}
	return false
}

// longestKey is the longest key that a shape shows.
const longestKey = 24

// shownKey returns a key that looks like a name. Anything else might be data.
func shownKey(key string) string {
	name := strings.TrimSuffix(key, ":")
	digits := strings.TrimLeft(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
	if name == "" || len(name) > longestKey || len(digits) > 2 || len(digits) == len(name) ||
		strings.Trim(digits, "0123456789") != "" {
		return "…"
	}
	return key
}
