package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivateFilesAreIgnored checks that commits and the layers of images contain no keys,
// passwords or lists of customers.
func TestPrivateFilesAreIgnored(t *testing.T) {
	private := strings.Fields(`collector.yaml collector.prod.yaml collector-eu.yml .env .env.local docker-compose.override.yml
		alpemix.key serwersms.token grafana.token new.password customers.csv customers.old.csv rates.csv rates-2026.csv
		export.xlsx export.parquet usage.csv day.json.zst web.key web.pem users.htpasswd state/state.db state-demo/state.db
		secrets/alpemix config/customers.csv cmd/collector/new.password cmd/collector/grafana.token docs/customers.csv
		deploy/rates.csv deploy/.env old-state/limacity-keys/de/386557`)
	public := strings.Fields(`collector.example.yaml docker-compose.yml go.mod cmd/collector/main.go collector/collector.go
		docs/customers.md migrations/sql/00001_alpemix.sql web/page.html rules/alpemix.yml dashboards/customers.json
		reseller/customers.go`)
	for _, file := range []string{".gitignore", ".dockerignore"} {
		patterns, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		ignored := ignoredPaths(t, patterns, append(private[:len(private):len(private)], public...))
		for _, path := range private {
			if !ignored[path] {
				t.Errorf("%s does not exclude %s", file, path)
			}
		}
		for _, path := range public {
			if ignored[path] && (file == ".gitignore" || path != "collector.example.yaml") { // no build needs the example
				t.Errorf("%s excludes %s", file, path)
			}
		}
	}
	testdata := "statement/testdata/rates.csv"
	if ignoredPaths(t, filepath.Join(root, ".gitignore"), []string{testdata})[testdata] {
		t.Errorf(".gitignore excludes %s", testdata)
	}
}

// ignoredPaths returns which of the paths the patterns of a file match. It asks git, in a
// repository without files.
func ignoredPaths(t *testing.T, patterns string, paths []string) map[string]bool {
	t.Helper()
	patterns, err := filepath.Abs(patterns)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Skipf("git is required: %v %s", err, out)
	}
	// Docker anchors a pattern without a slash to the root of the context; git does not.
	if filepath.Base(patterns) == ".dockerignore" {
		patterns = anchorPatterns(t, patterns)
	}
	command := exec.CommandContext(t.Context(), "git", "-C", dir, "-c", "core.excludesFile="+patterns, "check-ignore", "--no-index", "--stdin")
	command.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	out, err := command.Output()
	if err != nil && len(out) > 0 {
		t.Fatal(err)
	}
	ignored := map[string]bool{}
	for path := range strings.Lines(string(out)) {
		ignored[strings.TrimSpace(path)] = true
	}
	return ignored
}

func anchorPatterns(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if line[0] != '#' && line[0] != '\n' && !strings.Contains(line, "/") {
			out.WriteByte('/')
		}
		out.WriteString(line)
	}
	path := filepath.Join(t.TempDir(), "patterns")
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
