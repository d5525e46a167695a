package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeGo replaces the compiler: the binary of a release contains its arguments.
const fakeGo = `#!/bin/sh
for last; do case $previous in -o) out=$last ;; esac; previous=$last; done
echo "$GOOS $GOARCH $*" >"$out"
`

// TestRelease: a tag becomes archives, checksums and notes, and a commit that is not ready is
// refused.
func TestRelease(t *testing.T) {
	dir := t.TempDir()
	script, err := os.ReadFile(".ci/release")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		".ci/release": string(script), ".gitignore": "/dist/\n/go\n", "go": fakeGo,
		"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n- New.\n\n## [1.2.2]\n\n- Old.\n",
		"LICENSE":      "free\n", "collector.example.yaml": "{}\n", "internal/licenses/licenses.txt": "theirs\n", "web/assets/uplot.js": "charts\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := func(line string) (string, error) {
		c := exec.CommandContext(t.Context(), "sh", "-c", line)
		c.Dir = dir
		c.Env = append(os.Environ(), "GO="+filepath.Join(dir, "go"), "GIT_CONFIG_GLOBAL=/dev/null")
		out, err := c.CombinedOutput()
		return string(out), err
	}
	must := func(line string) string {
		t.Helper()
		out, err := run(line)
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return out
	}
	refused := func(why string) {
		t.Helper()
		if out, err := run(".ci/release"); err == nil || !strings.Contains(out, why) {
			t.Errorf("%v %q, want %q", err, out, why)
		}
	}
	commit := "git add -A && git -c user.name=a -c user.email=a@example.com commit -qm "
	must("git init -q && " + commit + "first")
	refused("has no tag")
	must("git tag next")
	refused("not of the form")
	must("git tag -d next && git tag v1.2.3 && echo more >>LICENSE")
	refused("has changes")
	must("git checkout -q LICENSE && .ci/release")
	if got := must("cat dist/NOTES.md"); got != "\n- New.\n\n" {
		t.Errorf("notes %q", got)
	}
	must("cd dist && sha256sum --check --strict SHA256SUMS")
	if got := must("tar -xOf dist/collector_1.2.3_linux_amd64.tar.gz collector_1.2.3_linux_amd64/collector"); !strings.Contains(got, "linux amd64 build") ||
		!strings.Contains(got, "alpemix-collector/internal/version.version=v1.2.3") {
		t.Errorf("built %q", got)
	}
	if got := must("tar -tf dist/collector_1.2.3_linux_arm64.tar.gz | sort | xargs -n 1 basename"); got !=
		"collector_1.2.3_linux_arm64\nLICENSE\nTHIRD_PARTY_LICENSES\ncollector\ncollector.example.yaml\n" {
		t.Errorf("packed %q", got)
	}
	before := must("cat dist/SHA256SUMS")
	if must(".ci/release"); must("cat dist/SHA256SUMS") != before {
		t.Error("the same commit gives a different release")
	}
	must("git tag -d v1.2.3 && git tag v1.3.0")
	refused("has no section ## [1.3.0]")
}
