package secret

// Redacted is printed in place of a secret.
const Redacted = "<redacted>"

// Value is a secret that no log, error or printed configuration shows.
type Value struct {
	// A pointer, because fmt prints unexported fields of other types without calling the methods
	// below.
	text     *string
	fromFile bool
}

// New returns a Value of text.
func New(text string) Value { return Value{text: &text} }

// FromFile returns a Value of the content of the file that the configuration key x_file names. The
// Value is at the key x.
func FromFile(text string) Value { return Value{&text, true} }

// Reveal returns the secret, for the one place that sends or stores it.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// Empty reports whether there is no secret.
func (v Value) Empty() bool { return v.Reveal() == "" }

// IsFromFile reports whether the value came from a file.
func (v Value) IsFromFile() bool { return v.fromFile }

// IsZero reports whether a configuration prints nothing at this key: the value is empty, or x_file
// prints the file's path.
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
