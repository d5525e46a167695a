package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alpemix-collector/internal/database"

	"alpemix-collector/internal/config"
	"alpemix-collector/sink/enginetest"
)

func TestDemoFoldersAndRealOnesAreKeptApart(t *testing.T) {
	demo, taken, imported := t.TempDir(), t.TempDir(), t.TempDir()
	if err := (&app{}).markDemo(demo); err != nil {
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
		{"run -c " + named, named + ": state_dir: " + demo + " holds the data of collector demo; name another folder"},
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
		t.Errorf("the demonstration's folder has changed: %v %v", entries, err)
	}
	if err := (&app{}).markDemo(demo); err != nil {
		t.Errorf("the second demonstration: %v", err)
	}
}

// TestDemoDatabasesAndRealOnesAreKeptApart: whoever makes a database first, the other does not get in.
func TestDemoDatabasesAndRealOnesAreKeptApart(t *testing.T) {
	server := enginetest.Shared(t)
	dsn := func(database string) string { return "COLLECTOR_CLICKHOUSE_DSN=" + server.DSN(database) }
	if got := command(t, []string{dsn("kept_real")}, "", "migrate", "up"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	demo := func(name string) error {
		c, err := config.Load("", []string{dsn(name)})
		if err != nil {
			t.Fatal(err)
		}
		a := &app{stderr: io.Discard, invents: true}
		db, err := a.opener(c).Open(t.Context(), database.Writes)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }() // the server is the test's
		return db.Prepare(t.Context())
	}
	if err := demo("kept_real"); err == nil || !strings.Contains(err.Error(), "database kept_real at "+server.Addr+" is not of collector demo") {
		t.Errorf("into a real one: %v", err)
	}
	for range 2 {
		if err := demo("kept_demo"); err != nil {
			t.Errorf("into its own: %v", err)
		}
	}
	file := write(t, "day.json", body(record("a", 1)))
	account := []string{dsn("kept_demo"), "COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k",
		"COLLECTOR_ALPEMIX_ENDPOINT=http://127.0.0.1:9"}
	for _, args := range [][]string{{"migrate", "up"}, {"import", "--account", "main", file}, {"check"}} {
		got := command(t, account, "", args...)
		if got.code != exitFailure || !strings.Contains(got.stdout+got.stderr, "database kept_demo at "+server.Addr+" holds the data of collector demo; name another") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}
