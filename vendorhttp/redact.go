package vendorhttp

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redacted is in the place of a secret.
const redacted = "[redacted]"

// redactedError shows its cause without secrets and still unwraps to it, for errors.Is and errors.As.
type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.cause }

// RedactError takes the secrets out of an error's text: what it quotes may echo the request.
func RedactError(err error, secrets []string) error {
	text := err.Error()
	clean := Redact(text, secrets)
	if clean == text {
		return err
	}
	return &redactedError{clean, err}
}

// shortest is the length of a secret, in characters, from which on it is replaced wherever it stands.
// A shorter one may be a word, or a part of one: to mark it would show where it occurs.
const shortest = 8

// Redact replaces every secret of 8 characters or more, as it is and as JSON, an address, a web page
// and base64 write it, also with line breaks in it.
func Redact(text string, secrets []string) string {
	clean, _ := replace(text, patterns(secrets, false))
	return clean
}

// redactOwn is Redact for a text that we wrote ourselves from the request, where every word that is
// a secret is known to be one.
func redactOwn(text string, secrets []string) string {
	clean, _ := replace(Redact(text, secrets), patterns(secrets, true))
	return clean
}

// Redactor takes the secrets out of many texts. It is safe for concurrent use.
type Redactor struct{ patterns []pattern }

// NewRedactor looks for what Redact looks for.
func NewRedactor(secrets []string) *Redactor { return &Redactor{patterns(secrets, false)} }

// Record is raw without secrets; nearly always it is raw itself. What takes their place keeps a
// record of JSON one.
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

// Excerpt is the beginning of a text of the vendor's, for an error, without control characters. A
// text in which a short secret is a word is not shown at all.
func Excerpt(body []byte, secrets []string) string {
	const most, window = 80, 2048 // characters; bytes, in which the longest secret fits behind them
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

// replace puts a mark in place of every match.
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

// find is the piece of text around a match that starts at i; end is 0 if there is none.
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

// match is where a match that starts at i ends, 0 if there is none.
func (p *pattern) match(text string, i int) int {
	if c := text[i]; c < utf8.RuneSelf && !opensEscape(c) && !p.same(rune(c), p.characters[0]) {
		return 0 // nearly everywhere
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

// maxFiller is how much of what may stand between two characters of a secret is skipped.
const maxFiller = 64

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }

// isConstant tells that a word is one of a vendor's own, such as INVALID_PASSWORD.
func isConstant(word string) bool {
	return strings.Contains(word, "_") && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func isLetters(text string) bool { return !strings.ContainsFunc(text, notLetter) }

func notLetter(r rune) bool { return r < 'A' || r > 'Z' }
