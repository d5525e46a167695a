package prometheustest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Rule is an alert or a recording rule.
type Rule struct {
	File        string `yaml:"-"`
	Alert       string
	Record      string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// Name returns the alert's name and severity, or the name of the recorded series.
func (r Rule) Name() string {
	if r.Alert != "" {
		return r.Alert + " " + r.Labels["severity"]
	}
	return r.Record
}

// Files returns the rule files of a folder.
func Files(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules in %s: %v", folder, err)
	}
	return files
}

// Rules returns the rules of a folder.
func Rules(t testing.TB, folder string) []Rule {
	t.Helper()
	var all []Rule
	for _, file := range Files(t, folder) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			Groups []struct {
				Name  string
				Rules []Rule
			}
		}
		if err := yaml.Unmarshal(text, &parsed); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, g := range parsed.Groups {
			for _, r := range g.Rules {
				r.File = filepath.Base(file)
				all = append(all, r)
			}
		}
	}
	return all
}

var waits = regexp.MustCompile(`(?m)^(\s+(?:keep_firing_)?for: ).*$`)

// Hurried copies the rules of a folder without their waits, so that an alert fires and resolves at
// the first evaluation. It returns the pattern of the copies.
func Hurried(t testing.TB, folder string) (pattern string) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range Files(t, folder) {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), waits.ReplaceAll(text, []byte("${1}0s")), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "*.yml")
}
