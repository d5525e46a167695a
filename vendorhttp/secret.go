package vendorhttp

const redacted = "[redacted]"

// Secret is a value that nothing shows: no format, no logger, no encoder.
type Secret struct {
	// A pointer: fmt prints what lies in unexported fields of other types without asking the methods below.
	text *string
}

// NewSecret makes a Secret of text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the value itself, for the one place that sends or stores it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero tells that there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString keeps %#v from printing the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders and loggers from printing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
