package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFetch runs fetch.sh with a simulated npm.
func TestFetch(t *testing.T) {
	script, err := filepath.Abs("fetch.sh")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	_, sum, _ := strings.Cut(string(content), "\nsha512=")
	sum, _, _ = strings.Cut(sum, "\n")
	const wrong = "for p in \"$@\"; do :; done; echo \"$p\" > package.tgz"
	for name, tt := range map[string]struct {
		npm   string // a script; "" for none
		there string // the checksum of what is installed already; "" for nothing
		want  string // in the output; "" for success without output
	}{
		"fetched before":    {npm: "exit 9", there: sum, want: ""},
		"half a run before": {npm: "exit 9", there: "x", want: "npm could not fetch"},
		"npm is missing":    {want: "npm is missing"},
		"npm fails":         {npm: "echo 404 >&2; exit 1", want: "npm could not fetch"},
		"wrong package":     {npm: wrong, want: "sha512 differs"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, bin := t.TempDir(), t.TempDir()
			for _, tool := range []string{"sh", "uname", "cat", "mkdir", "mktemp", "rm", "mv", "tar", "sha512sum"} {
				path, err := exec.LookPath(tool)
				if err != nil {
					t.Skip(err)
				}
				if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
					t.Fatal(err)
				}
			}
			if tt.npm != "" {
				if err := os.WriteFile(filepath.Join(bin, "npm"), []byte("#!/bin/sh\n"+tt.npm+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			place := filepath.Join(dir, ".engine", Version)
			if tt.there != "" {
				if err := os.MkdirAll(place, 0o755); err != nil {
					t.Fatal(err)
				}
				for file, content := range map[string]string{"libchdb.so": "x", "libchdb.so.from": tt.there} {
					if err := os.WriteFile(filepath.Join(place, file), []byte(content), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			cmd := exec.Command("sh", script, dir)
			cmd.Env = []string{"PATH=" + bin}
			out, err := cmd.CombinedOutput()
			if (err == nil) != (tt.want == "") || !strings.Contains(string(out), tt.want) || tt.want == "" && len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
			if tt.there == "" {
				if left, _ := filepath.Glob(filepath.Join(place, "*")); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			}
		})
	}
}
