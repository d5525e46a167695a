package secret

// Redacted is printed in the place of a secret.
const Redacted = "<redacted>"

// Value is a secret that no log, error or printed configuration shows.
type Value struct {
	// A pointer: fmt prints what lies in unexported fields of other types without asking the methods below.
	text     *string
	fromFile bool
}

// New makes a Value of text.
func New(text string) Value { return Value{text: &text} }

// FromFile makes a Value of what the file named by the configuration key x_file holds, whose Value is at the key x.
func FromFile(text string) Value { return Value{&text, true} }

// Reveal is the value itself, for the one place that sends or stores it.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// Empty reports that there is no value.
func (v Value) Empty() bool { return v.Reveal() == "" }

// IsFromFile reports that the value came from a file.
func (v Value) IsFromFile() bool { return v.fromFile }

// IsZero reports that a configuration prints nothing at this key: the value is empty, or the path of its file stands at another.
func (v Value) IsZero() bool { return v.Empty() || v.fromFile }

func (v Value) String() string {
	if v.Empty() {
		return ""
	}
	return Redacted
}

// GoString keeps %#v from printing the value.
func (v Value) GoString() string { return v.String() }

// MarshalText keeps encoders and loggers from printing the value.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
