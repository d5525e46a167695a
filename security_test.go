package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestHouseSecurityNamesTests: SECURITY.md names existing tests for each defense.
func TestHouseSecurityNamesTests(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| attack | defence | tests |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	named := regexp.MustCompile("`([a-z/]+) ((?:Test|Fuzz)\\w+)`")
	for row := range strings.Lines(table) {
		tests := named.FindAllStringSubmatch(row, -1)
		if len(tests) == 0 {
			t.Errorf("no test shows %s", row)
		}
		for _, test := range tests {
			files, err := filepath.Glob(filepath.Join(test[1], "*_test.go"))
			found := false
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				found = found || strings.Contains(string(text), "\nfunc "+test[2]+"(")
			}
			if err != nil || !found {
				t.Errorf("SECURITY.md: %s has no test %s", test[1], test[2])
			}
		}
	}
}
