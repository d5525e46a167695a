package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
