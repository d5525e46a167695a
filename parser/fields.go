package parser

import "strings"

// field is a key that alpemix.txt explains ("Explanation of Keys").
type field uint8

const (
	fieldUID field = iota
	fieldDT
	fieldDur
	fieldDurColon // "dur:", as the samples of alpemix.txt have it
	fieldDir
	fieldExp
	fieldSupNum
	fieldUName
	fieldIP
	fieldLIP
	fieldUNum
	fieldAID
	fieldTUName
	fieldTIP
	fieldTLIP
	fieldTUNum
	fieldTAID
	fieldCount
)

var fieldNames = [fieldCount]string{
	"uid", "dt", "dur", "dur:", "dir", "exp", "supnum", "uname", "ip", "lip", "unum", "aid", "tuname", "tip", "tlip", "tunum", "taid",
}

// fieldOf compares exactly.
func fieldOf(key string) (field, bool) {
	switch key {
	case "uid":
		return fieldUID, true
	case "dt":
		return fieldDT, true
	case "dur":
		return fieldDur, true
	case "dur:":
		return fieldDurColon, true
	case "dir":
		return fieldDir, true
	case "exp":
		return fieldExp, true
	case "supnum":
		return fieldSupNum, true
	case "uname":
		return fieldUName, true
	case "ip":
		return fieldIP, true
	case "lip":
		return fieldLIP, true
	case "unum":
		return fieldUNum, true
	case "aid":
		return fieldAID, true
	case "tuname":
		return fieldTUName, true
	case "tip":
		return fieldTIP, true
	case "tlip":
		return fieldTLIP, true
	case "tunum":
		return fieldTUNum, true
	case "taid":
		return fieldTAID, true
	}
	return 0, false
}

// fieldLike is the field of a key in another case.
func fieldLike(key string) (field, bool) {
	for f, name := range fieldNames {
		if strings.EqualFold(key, name) {
			return field(f), true
		}
	}
	return 0, false
}

// kind is the JSON type of a value, by its first byte.
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

// value is a field's value where it stands in the record; for a text, start and end are without the quotes.
type value struct {
	text
	kind kind
}
