package vendorhttp

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redacted replaces a secret.
const redacted = "[redacted]"

// redactedError prints its cause without secrets and unwraps to it, for errors.Is and errors.As.
type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.cause }

// RedactError removes the secrets from an error's text, which may quote the request.
func RedactError(err error, secrets []string) error {
	text := err.Error()
	clean := Redact(text, secrets)
	if clean == text {
		return err
	}
	return &redactedError{clean, err}
}

// shortest is the length, in characters, from which a secret is replaced wherever it occurs. A
// shorter one may be a word or a part of one: replacing it would show where it occurs.
const shortest = 8

// Redact replaces every secret of at least 8 characters: as it is, and as JSON, URLs, HTML and
// base64 encode it, even with line breaks in it.
func Redact(text string, secrets []string) string {
	clean, _ := replace(text, patterns(secrets, false))
	return clean
}

// redactOwn is Redact for a text that we built from the request, where a word that equals a secret
// is that secret.
func redactOwn(text string, secrets []string) string {
	clean, _ := replace(Redact(text, secrets), patterns(secrets, true))
	return clean
}

// Redactor removes the secrets from many texts. It is safe for concurrent use.
type Redactor struct{ patterns []pattern }

// NewRedactor returns a Redactor that replaces what Redact replaces.
func NewRedactor(secrets []string) *Redactor { return &Redactor{patterns(secrets, false)} }

// Record returns raw without secrets; nearly always raw itself. A JSON record stays valid JSON.
func (r *Redactor) Record(raw []byte) []byte {
	clean := raw
	for i := range r.patterns {
		p := &r.patterns[i]
		if len(p.needles) > 0 && !slices.ContainsFunc(p.needles, func(n string) bool { return bytes.Contains(clean, []byte(n)) }) {
			continue
		}
		if text, found := replace(string(clean), r.patterns[i:i+1]); found {
			clean = []byte(text)
		}
	}
	return clean
}

const notShown = "(not shown: it may hold a secret)"

// Excerpt returns the start of a vendor's text, for an error message, without control characters. A
// text that contains a short secret as a word is not shown at all.
func Excerpt(body []byte, secrets []string) string {
	const most, window = 80, 2048 // characters; bytes, enough for the longest secret after them
	s := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(body[:min(len(body), 1<<16)]), "?"))
	s = strings.Join(strings.Fields(s), " ")
	s = strings.ToValidUTF8(s[:min(len(s), window)], "")
	if _, found := replace(s, patterns(secrets, true)); found {
		return notShown
	}
	s = Redact(s, secrets)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// replace puts redacted in place of every match.
func replace(text string, all []pattern) (clean string, found bool) {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text) && len(all) > 0; i++ {
		from, to := i, 0
		for _, p := range all {
			if f, t := p.find(text, i); t > to {
				from, to = max(f, done), t
			}
		}
		if to > 0 {
			b.WriteString(text[done:from] + redacted)
			done, i = to, to-1
		}
	}
	return b.String() + text[done:], done > 0
}

// find returns the part of text around a match that starts at i; end is 0 if there is none.
func (p *pattern) find(text string, i int) (start, end int) {
	if end = p.match(text, i); end == 0 {
		return 0, 0
	}
	start = i
	if p.encoded {
		for start > 0 && inBase64(text[start-1]) {
			start--
		}
		for end < len(text) && inBase64(text[end]) {
			end++
		}
		return start, end
	}
	before := strings.LastIndexFunc(text[:start], notInWord) + 1
	if before > 0 {
		_, size := utf8.DecodeRuneInString(text[before-1:])
		before += size - 1
	}
	after := len(text)
	if n := strings.IndexFunc(text[end:], notInWord); n >= 0 {
		after = end + n
	}
	inside := before < start || end < after
	if inside && (p.short || isConstant(text[before:after]) && isLetters(text[start:end])) {
		return 0, 0
	}
	return start, end
}

// match returns the end of a match that starts at i, or 0 if there is none.
func (p *pattern) match(text string, i int) int {
	if c := text[i]; c < utf8.RuneSelf && !opensEscape(c) && !p.same(rune(c), p.characters[0]) {
		return 0 // the usual case, decided fast
	}
	reached, next := []int{i}, []int(nil)
	var readings []reading
	for n, want := range p.characters {
		next = next[:0]
		for j := 0; j < len(reached); j++ {
			readings = readingsOf(readings[:0], text, reached[j])
			for _, r := range readings {
				to := reached[j] + r.length
				switch {
				case r.filler && n > 0 && !p.short && len(reached) < maxFiller && !slices.Contains(reached, to):
					reached = append(reached, to)
				case !r.filler && p.same(r.character, want) && !slices.Contains(next, to):
					next = append(next, to)
				}
			}
		}
		if len(next) == 0 {
			return 0
		}
		reached, next = next, reached
	}
	return slices.Max(reached)
}

// maxFiller limits how much filler between two characters of a secret is skipped.
const maxFiller = 64

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }

// isConstant reports whether a word is a vendor's constant, such as INVALID_PASSWORD.
func isConstant(word string) bool {
	return strings.Contains(word, "_") && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func isLetters(text string) bool { return !strings.ContainsFunc(text, notLetter) }

func notLetter(r rune) bool { return r < 'A' || r > 'Z' }
