package vendorhttp

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redactedError shows its cause without secrets and still unwraps to it, for errors.Is and errors.As.
type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.cause }

// RedactError takes the secrets out of an error's text: a page that echoes the request may hold them.
func RedactError(err error, secrets []string) error {
	text := err.Error()
	clean := Redact(text, secrets)
	if clean == text {
		return err
	}
	return &redactedError{clean, err}
}

// Redact replaces every secret as it is, and as JSON, an address, a web page and base64 write it.
func Redact(text string, secrets []string) string { return redact(text, secrets, false) }

// redact also takes what a secret begins with at the end of a text that was cut.
func redact(text string, secrets []string, cut bool) string {
	all := spellings(secrets)
	if len(all) == 0 {
		return text
	}
	folded := lower(text)
	var clean strings.Builder
	done := 0
	for i := 0; i < len(text); i++ {
		from, to := i, 0
		for _, s := range all {
			if f, t := s.find(folded, i, cut); t > to {
				from, to = max(f, done), t
			}
		}
		if to > 0 {
			clean.WriteString(text[done:from] + redacted)
			done, i = to, to-1
		}
	}
	return clean.String() + text[done:]
}

// find is the piece of text around the secret that begins at at; end is 0 if there is none.
func (s *spelling) find(text string, at int, cut bool) (start, end int) {
	const least = 4 // bytes at the end of a cut text; any text may end like the beginning of a secret
	n, whole := s.match(text[at:])
	if n == 0 || !whole && (!cut || n < least) {
		return 0, 0
	}
	start, end = at, at+n
	if s.encoded {
		for start > 0 && inBase64(text[start-1]) {
			start--
		}
		for end < len(text) && inBase64(text[end]) {
			end++
		}
	}
	for s.longer && end < len(text) && !unicode.IsSpace(rune(text[end])) {
		end++
	}
	return start, end
}

// match is how much of the beginning of text spells the secret, whole or up to the end of text.
func (s *spelling) match(text string) (n int, whole bool) {
	reached, next, ended := []int{0}, []int(nil), false
	for i := range s.characters {
		next = next[:0]
		for _, at := range reached {
			for _, form := range s.at(i) {
				switch rest := text[at:]; {
				case strings.HasPrefix(rest, form):
					if !slices.Contains(next, at+len(form)) {
						next = append(next, at+len(form))
					}
				case strings.HasPrefix(form, rest):
					ended = true
				}
			}
		}
		if len(next) == 0 {
			if ended {
				return len(text), false
			}
			return 0, false
		}
		reached, next = next, reached
	}
	return slices.Max(reached), true
}

// Excerpt is the beginning of a body, for an error. Secrets go before it is cut, and what was cut of one goes too.
func Excerpt(body []byte, secrets []string) string {
	const most, window = 80, 4096
	s := strings.TrimRightFunc(string(body[:min(len(body), window)]), func(r rune) bool { return r == utf8.RuneError }) // half a character
	s = redact(s, secrets, true)
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = redact(strings.Join(strings.Fields(s), " "), secrets, true)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
