package parser

import (
	"slices"
	"strings"

	"alpemix-collector/report"
)

// field is a key that alpemix.txt explains ("Explanation of Keys").
type field uint8

const (
	fieldUID field = iota
	fieldDT
	fieldDur
	fieldDurColon // "dur:", as in the samples of alpemix.txt
	fieldDir
	firstText  // of report.TextColumns
	fieldCount = firstText + field(len(report.TextColumns))
)

// fieldNames has the keys in the order of alpemix.txt.
var fieldNames = func() (names [fieldCount]string) {
	copy(names[:], []string{"uid", "dt", "dur", "dur:", "dir"})
	for i, c := range report.TextColumns {
		names[int(firstText)+i] = c.Key
	}
	return names
}()

// fieldOf compares exactly.
func fieldOf(key string) (field, bool) {
	i := slices.Index(fieldNames[:], key)
	return field(max(i, 0)), i >= 0
}

// fieldLike returns the field of a key in another case.
func fieldLike(key string) (field, bool) {
	for f, name := range fieldNames {
		if strings.EqualFold(key, name) {
			return field(f), true
		}
	}
	return 0, false
}

// kind is the JSON type of a value, determined by its first byte.
type kind uint8

const (
	absent kind = iota
	null
	number
	boolean
	str
	array
	object
)

func kindOf(c byte) kind {
	switch c {
	case 'n':
		return null
	case 't', 'f':
		return boolean
	case '"':
		return str
	case '[':
		return array
	case '{':
		return object
	}
	return number
}

func (k kind) String() string {
	return [...]string{"absent", "null", "a number", "true or false", "a text", "a list", "an object"}[k]
}

// value is the position of a field's value in the record; for a text, start and end exclude the
// quotes.
type value struct {
	text
	kind kind
}
