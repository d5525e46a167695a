package vendorhttp

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// spelling is the ways in which a text can be written: for each of its characters the forms that may stand for it, in lower case.
type spelling struct {
	characters []string
	forms      [][]string            // of the characters that were looked for so far
	formsOf    func(string) []string // of a character
	encoded    bool                  // in base64: the characters around it carry bits of it too
	longer     bool                  // the text goes on
}

// at is the forms of character i. Most searches end at the first one.
func (s *spelling) at(i int) []string {
	if i == len(s.forms) {
		s.forms = append(s.forms, s.formsOf(s.characters[i]))
	}
	return s.forms[i]
}

// longestSpelled is how many characters of a secret are looked for; what follows goes with them up to the next space.
const longestSpelled = 256

func spellings(secrets []string) (all []*spelling) {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		s := spelled(secret)
		all = append(all, s)
		for before := range 3 {
			if core := base64Core(secret, before); core != nil {
				core.longer = s.longer
				all = append(all, core)
			}
		}
	}
	return all
}

func spelled(text string) *spelling {
	s := &spelling{formsOf: escapes}
	for len(text) > 0 {
		if s.longer = len(s.characters) == longestSpelled; s.longer {
			break
		}
		_, size := utf8.DecodeRuneInString(text)
		s.characters = append(s.characters, text[:size])
		text = text[size:]
	}
	return s
}

var (
	short = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "/", `\/`, "\n", `\n`, "\r", `\r`, "\t", `\t`,
		"\a", `\a`, "\b", `\b`, "\f", `\f`, "\v", `\v`)
	entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
)

// escapes are a character itself and its escapes in addresses, JSON, and web pages.
func escapes(raw string) []string {
	r, _ := utf8.DecodeRuneInString(raw)
	percent := ""
	for i := range len(raw) {
		percent += fmt.Sprintf("%%%02x", raw[i])
	}
	unit := fmt.Sprintf(`\u%04x`, r)
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		unit = fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	all := []string{lower(raw), percent, unit, fmt.Sprintf("&#%d;", r), fmt.Sprintf("&#%03d;", r), fmt.Sprintf("&#x%x;", r)}
	if r > 0xffff {
		all = append(all, fmt.Sprintf(`\u%08x`, r)) // as Go writes it
	}
	for _, escaped := range []string{short.Replace(raw), entities.Replace(raw)} {
		if escaped != raw {
			all = append(all, escaped)
		}
	}
	if r < ' ' || r == 0x7f || len(raw) == 1 && r == utf8.RuneError {
		all = append(all, fmt.Sprintf(`\x%02x`, raw[0])) // the same
	}
	switch raw {
	case " ":
		all = append(all, "+")
	case "\n", "\r":
		all = append(all, " ") // in an excerpt
	}
	return all
}

// base64Core is what is left of text in base64 where so many bytes stand before it: without the characters that also carry bits
// of its neighbours. A very short one would match anywhere.
func base64Core(text string, before int) *spelling {
	const shortest = 4
	padded := append(make([]byte, before), text[:min(len(text), longestSpelled)]...)
	first, last := (before*8+5)/6, len(padded)*8/6
	if last-first < shortest {
		return nil
	}
	core := base64.RawStdEncoding.EncodeToString(padded)[first:last]
	return &spelling{encoded: true, characters: strings.Split(core, ""), formsOf: alphabets}
}

// alphabets are a character of base64 in both alphabets, and as addresses and JSON write it.
func alphabets(c string) []string {
	switch c {
	case "+":
		return []string{"+", "-", "%2b"}
	case "/":
		return []string{"/", "_", "%2f", `\/`}
	}
	return []string{lower(c)}
}

func inBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("+/_=-", c) >= 0
}

// lower folds ASCII alone: every byte stays where it is.
func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
