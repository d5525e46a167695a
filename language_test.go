package house

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// spoken maps the kinds of files that must be in plain words to their longest line of prose.
var spoken = map[string]int{
	".md": 120,
}

// quoted is a page of texts that migrations have put into databases, so they stay as they are.
const quoted = "docs/tables.md"

// plain lists words that this project no longer uses, and what to say instead.
var plain = []struct {
	word    *regexp.Regexp
	instead string
}{
	{word(`tells?|told|telling`), "return, report, list, serve, say; known"},
	{word(`mend(s|ed|ing)?`), "fix, correct"},
	{word(`(is|are|was|were) away`), "is unreachable, is down"},
	{word(`anew`), "again, from the start"},
	{word(`go(es)? on( by itself| where)`), "resume, pick up where it left off"},
	{word(`(read|reading|written) whole|whole (answer|report|reading|snapshot)s?`), "complete"},
	{word(`floors`), "layers"},
	{word(`invented`), "demo, simulated"},
	{word(`beside a running`), "while the daemon is running"},
	{word(`(take|takes|took|taken|taking) (in|over)`), "import, accept, adopt"},
	{word(`(of|at) (a|that|this|the) moment`), "a time, at that time"},
	{word(`cannot be meant`), "is wrong"},
	{word(`there is nobody`), "nothing is configured"},
	{word(`stands? for no`), "is not"},
	{word(`by itself`), "automatically"},
	{word(`hears? of`), "get, learn"},
	{word(`mak(e|es|ing) (of|out of)`), "read as, do with"},
	{word(`(is|are|was|were) made`), "create, build, send"},
	{word(`(is|are) to be had`), "exists"},
}

func word(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:` + pattern + `)\b`)
}

var (
	span      = regexp.MustCompile("`[^`\n]*`")
	unwrapped = regexp.MustCompile(`^(\||\s*<)`) // rows of tables, pictures
)

// TestHouseLanguage: texts for readers use plain words, and their lines fit into a window.
func TestHouseLanguage(t *testing.T) {
	for path, text := range texts(t, func(name string) bool { return spoken[filepath.Ext(name)] > 0 }) {
		longest := spoken[filepath.Ext(path)]
		generated := strings.Contains(text, "enerated from")
		if filepath.Ext(path) == ".md" {
			text = fence.ReplaceAllStringFunc(text, func(code string) string { return strings.Repeat("\n", strings.Count(code, "\n")) })
			text = span.ReplaceAllStringFunc(text, func(code string) string { return strings.Repeat(" ", utf8.RuneCountInString(code)) })
		}
		for i, line := range strings.Split(text, "\n") {
			for _, p := range plain {
				if found := p.word.FindString(line); found != "" && path != quoted {
					t.Errorf("%s:%d: %q; say %s", path, i+1, found, p.instead)
				}
			}
			if n := utf8.RuneCountInString(line); n > longest && !generated && !unwrapped.MatchString(line) {
				t.Errorf("%s:%d has %d characters; the limit is %d", path, i+1, n, longest)
			}
		}
	}
}

// self is this file, which quotes the words.
const self = "language_test.go"

// unread lists the folders whose Go code is not yet in plain words.
var unread = []string{
	"reliability", "reseller",
}

// TestHouseLanguageOfCode: comments, messages and names in Go code use plain words.
func TestHouseLanguageOfCode(t *testing.T) {
	for _, s := range sources(t) {
		if s.path == self || slices.ContainsFunc(unread, func(folder string) bool { return s.folder == folder || strings.HasPrefix(s.folder, folder+"/") }) {
			continue
		}
		for i, line := range strings.Split(string(s.text), "\n") {
			for _, p := range plain {
				if found := p.word.FindString(line); found != "" {
					t.Errorf("%s:%d: %q; say %s", s.path, i+1, found, p.instead)
				}
			}
		}
	}
}
