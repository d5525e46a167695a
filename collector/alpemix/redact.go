package alpemix

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
)

// redactedError shows its cause without secrets and still unwraps to it, for errors.Is and errors.As.
type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.cause }

// redacted takes the secret key and the token out of an error's text: a page that echoes the request may hold them.
func (f *fetch) redacted(err error) error {
	text := err.Error()
	clean := redact(text, f.secrets)
	if clean == text {
		return err
	}
	return &redactedError{clean, err}
}

// redact replaces every secret as it is, and as JSON, an address and a web page write it.
func redact(text string, secrets []string) string {
	for _, secret := range secrets {
		forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret)}
		for _, marshal := range []func(any) ([]byte, error){json.Marshal, encode} {
			if quoted, err := marshal(secret); err == nil {
				forms = append(forms, string(quoted[1:len(quoted)-1]))
			}
		}
		for _, form := range forms {
			text = strings.ReplaceAll(text, form, "[redacted]")
		}
	}
	return text
}
