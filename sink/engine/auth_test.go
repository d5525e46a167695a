package engine

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestCredential(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "engine")
	var all sync.WaitGroup
	passwords := make([]string, 8)
	for i := range passwords {
		all.Go(func() {
			user, password, err := Credential(dir)
			if err != nil || user != daemonUser {
				t.Errorf("user %q: %v", user, err)
			}
			passwords[i] = password
		})
	}
	all.Wait()
	for _, p := range passwords {
		if p != passwords[0] || len(p) < 40 {
			t.Errorf("not one long password for all: %d characters", len(p))
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder holds %v: %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	path := filepath.Join(dir, entries[0].Name())
	if err := os.WriteFile(path, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Credential(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a spoiled credential: %v", err)
	}
}

func TestFindLibrary(t *testing.T) {
	script, err := filepath.Abs("fetch.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if _, err := FindLibrary(filepath.Join(dir, "none.so")); err == nil || !strings.Contains(err.Error(), "clickhouse.embedded.library") {
		t.Errorf("a configured library that is not there: %v", err)
	}
	place := filepath.Join(dir, ".engine", Version, "libchdb.so")
	if _, err := FindLibrary(""); err == nil || !strings.Contains(err.Error(), "make engine") || !strings.Contains(err.Error(), place) {
		t.Errorf("no library: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("deep", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir("deep")
	if got, err := FindLibrary(""); err != nil || got != place {
		t.Errorf("got %s, %v; want %s", got, err, place)
	}
	content, err := os.ReadFile(script)
	if err != nil || !strings.Contains(string(content), "\nversion="+Version+"\n") {
		t.Errorf("fetch.sh fetches another version than %s: %v", Version, err)
	}
}
