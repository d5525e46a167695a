package importer

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"alpemix-collector/parser"
)

// TestDamageIsToldOfAFile: there is no vendor to ask when a file is imported.
func TestDamageIsToldOfAFile(t *testing.T) {
	live := regexp.MustCompile(`(?i)endpoint|proxy|ask again|content type`)
	for _, reason := range parser.ErrorReasons {
		err := damage("day.json", &parser.Error{Reason: reason, ErrorNumber: 201, Offset: 7, Seen: "{", Err: io.ErrUnexpectedEOF})
		text := err.Error()
		for _, want := range []string{"day.json: ", reason, "byte 7", "errornumber 201", `"{"`, "unexpected EOF"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %s", reason, want, text)
			}
		}
		if damages[reason] == "" || live.MatchString(text) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %s", reason, text)
		}
	}
}
