package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// texts returns the repository's files whose names are wanted, by path.
func texts(t *testing.T, wanted func(name string) bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && name != "." && name != ".github"):
			return filepath.SkipDir
		case entry.IsDir() || !wanted(name):
			return nil
		}
		text, err := os.ReadFile(path)
		all[filepath.ToSlash(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 40 {
		t.Fatalf("only %d files found", len(all))
	}
	return all
}

// pages returns every Markdown page of the repository, by path.
func pages(t *testing.T) map[string]string {
	return texts(t, func(name string) bool { return filepath.Ext(name) == ".md" })
}

var (
	link    = regexp.MustCompile(`(?:\]\(|src(?:set)?=")([^)"\s]+)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fence   = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
)

// TestHouseLinks: each link of a page leads to an existing file or folder, and to an existing
// heading.
func TestHouseLinks(t *testing.T) {
	all := pages(t)
	for path, text := range all {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", path, m[1])
			} else if anchor != "" && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s: %s has no heading #%s", path, target, anchor)
			}
		}
	}
}

// anchors returns the fragments of a page's headings.
func anchors(text string) []string {
	var names []string
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(m[1]), " ", "-"))
		names = append(names, regexp.MustCompile(`[^\p{L}\p{N}_-]`).ReplaceAllString(name, ""))
	}
	return names
}

// TestHousePagesAreOneClickAway: the README links to every page of docs, except those that an index
// page there lists.
func TestHousePagesAreOneClickAway(t *testing.T) {
	all := pages(t)
	for path := range all {
		if filepath.Dir(path) == "docs" && !strings.Contains(all["README.md"], "("+path+")") {
			t.Errorf("README.md does not link to %s", path)
		}
		if index := filepath.Join(filepath.Dir(path), "README.md"); filepath.Dir(filepath.Dir(path)) == "docs" && path != index &&
			!strings.Contains(all[index], "("+filepath.Base(path)+")") {
			t.Errorf("%s does not link to %s", index, path)
		}
	}
}
