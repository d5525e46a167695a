// Package wire reads the values that the reseller vendors write in more than one way: numbers as text, flags as numbers or words,
// documents inside a text. What it cannot read it names by its shape, never by its content.
package wire

import (
	"alpemix-collector/vendorhttp"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Text is a text, or a number or flag in its place. Null and an absent member are not valid.
type Text struct {
	Value string
	Valid bool
}

// UnmarshalJSON reads any value that is no object and no list.
func (t *Text) UnmarshalJSON(raw []byte) error {
	*t = Text{}
	switch {
	case isNull(raw):
		return nil
	case raw[0] == '{', raw[0] == '[':
		return fmt.Errorf("expected a text, not %s", vendorhttp.Shape(raw))
	case raw[0] != '"':
		*t = Text{string(raw), true}
		return nil
	}
	t.Valid = true
	return json.Unmarshal(raw, &t.Value)
}

// UnmarshalText takes the text of an XML element.
func (t *Text) UnmarshalText(text []byte) error {
	*t = Text{string(text), true}
	return nil
}

// Number is a number or a text that holds one. Anything else that is no object and no list is not valid.
type Number struct {
	Value float64
	Valid bool
}

// UnmarshalJSON reads what Text reads.
func (n *Number) UnmarshalJSON(raw []byte) error {
	var t Text
	err := t.UnmarshalJSON(raw)
	*n = ParseNumber(t.Value)
	return err
}

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// ParseNumber reads a decimal number with a point.
func ParseNumber(text string) Number {
	text = strings.TrimSpace(text)
	if !decimal.MatchString(text) {
		return Number{}
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Number{} // beyond what a float64 holds
	}
	return Number{value, true}
}

// Int is n as a whole number that a float64 holds exactly; false if it is none.
func (n Number) Int() (int64, bool) {
	const exact = 1 << 53
	ok := n.Valid && n.Value == math.Trunc(n.Value) && math.Abs(n.Value) <= exact
	if !ok {
		return 0, false
	}
	return int64(n.Value), true
}

// Flag is true, false, 1 or 0, or a text that holds one. Anything else that is no object and no list is not valid.
type Flag struct {
	Value bool
	Valid bool
}

// UnmarshalJSON reads what Text reads.
func (f *Flag) UnmarshalJSON(raw []byte) error {
	var t Text
	err := t.UnmarshalJSON(raw)
	*f = ParseFlag(t.Value)
	return err
}

// UnmarshalText reads the text of an XML element.
func (f *Flag) UnmarshalText(text []byte) error {
	*f = ParseFlag(string(text))
	return nil
}

// ParseFlag reads a flag in any case.
func ParseFlag(text string) Flag {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1":
		return Flag{true, true}
	case "false", "0":
		return Flag{false, true}
	}
	return Flag{}
}

// Object decodes a document that has to be an object.
func Object(doc []byte, into any) error {
	doc = bytes.TrimSpace(doc)
	if len(doc) == 0 || doc[0] != '{' {
		return fmt.Errorf("expected an object, not %s", vendorhttp.Shape(doc))
	}
	if err := json.Unmarshal(doc, into); err != nil {
		return fmt.Errorf("%w: %s", err, vendorhttp.Shape(doc))
	}
	return nil
}

// Unwrapped is a value, or the document that a text in its place holds.
func Unwrapped(raw json.RawMessage) json.RawMessage {
	var text string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return raw
	}
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return json.RawMessage(text)
	}
	return raw
}

// Each hands the elements of a list to f one after the other, so that a bad one ends the work. What is no list is an error, also
// when it is absent or null: that is not an empty list.
func Each(list []byte, f func(element json.RawMessage) error) (n int, err error) {
	list = bytes.TrimSpace(list)
	if len(list) == 0 || list[0] != '[' {
		return 0, fmt.Errorf("expected a list, not %s", vendorhttp.Shape(list))
	}
	if !json.Valid(list) {
		return 0, fmt.Errorf("not a complete list: %s", vendorhttp.Shape(list))
	}
	d := json.NewDecoder(bytes.NewReader(list))
	_, _ = d.Token() // the opening bracket, which is there
	for ; d.More(); n++ {
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return n, err
		}
		if err := f(element); err != nil {
			return n, fmt.Errorf("element %d: %w", n, err)
		}
	}
	return n, nil
}

func isNull(raw []byte) bool { return string(raw) == "null" }
