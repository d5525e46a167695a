package reseller

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strconv"
)

// fields are the parameters of a request by their exact names, which encoding/json's structs would accept in any case.
type fields map[string]any

// fieldsOf reads a body that is one JSON object.
func fieldsOf(body []byte) (f fields, ok bool) {
	return f, decode(body, &f) && f != nil
}

// decode reads a body that is one JSON value; numbers keep their text.
func decode(body []byte, into any) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(into) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

// formOf reads a body of type application/x-www-form-urlencoded.
func formOf(body []byte) (f fields, ok bool) {
	values, err := url.ParseQuery(string(body))
	f = fields{}
	for name := range values {
		f[name] = values.Get(name)
	}
	return f, err == nil
}

// text is a parameter that is a string; absent ones are "".
func (f fields) text(name string) (text string, ok bool) {
	value := f[name]
	if value == nil {
		return "", true
	}
	text, ok = value.(string)
	return text, ok
}

// count is a parameter that is a whole number and not negative, as a number or, with loose, in a string; absent ones are 0.
func (f fields) count(name string, loose bool) (n int, ok bool) {
	digits := ""
	switch value := f[name].(type) {
	case nil:
		return 0, true
	case json.Number:
		digits = value.String()
	case string:
		if !loose {
			return 0, false
		}
		digits = value
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0
}

// given reports whether all of the parameters are there and not empty.
func (f fields) given(names ...string) bool {
	for _, name := range names {
		if value := f[name]; value == nil || value == "" {
			return false
		}
	}
	return true
}
