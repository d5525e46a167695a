package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDemoFoldersAndRealOnesAreKeptApart(t *testing.T) {
	demo, taken, imported := t.TempDir(), t.TempDir(), t.TempDir()
	if err := markDemo(demo); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(taken, "state.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(imported, "clickhouse"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := write(t, "day.json", body(record("a", 1)))
	named := write(t, "c.yaml", "state_dir: "+demo+"\nalpemix: {accounts: [{name: main, main_username: u, secret_key: k}]}\n")
	for _, c := range []struct {
		args, names string
	}{
		{"run -c " + named, named + ": state_dir: " + demo + " holds the data of collector demo; remove that folder, or choose another"},
		{"run --once -c " + named, named + ": state_dir: "},
		{"check -c " + named, named + ": state_dir: "},
		{"import -c " + named + " " + file, named + ": state_dir: "},
		{"demo --state " + taken, "--state " + taken + " holds the data of a real collector (state.db); choose another folder"},
		{"demo --state " + imported, "--state " + imported + " holds the data of a real collector (clickhouse); choose another folder"},
	} {
		got := command(t, nil, "", strings.Fields(c.args)...)
		if got.code != exitUsage || !strings.Contains(got.stderr, c.names) || strings.Count(got.stderr, "\n") != 1 || got.stdout != "" {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
	got := command(t, []string{"COLLECTOR_STATE_DIR=" + demo}, "", "check")
	if got.code != exitUsage || !strings.Contains(got.stderr, "environment: COLLECTOR_STATE_DIR: ") {
		t.Errorf("%+v", got)
	}
	if entries, err := os.ReadDir(demo); err != nil || len(entries) != 1 {
		t.Errorf("something was made in the demonstration's folder: %v %v", entries, err)
	}
	if err := markDemo(demo); err != nil {
		t.Errorf("the second demonstration: %v", err)
	}
}
