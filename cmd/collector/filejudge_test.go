package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestImportSaysWhatItChanges: what was stored before, what retention would delete, and what a wrong time of a file costs.
func TestImportSaysWhatItChanges(t *testing.T) {
	environ, _, _ := desk(t)
	dated := func(text string, at time.Time) string {
		file := write(t, "day.json", text)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		return file
	}
	old := func(uid string) string { return strings.Replace(record(uid, 5), `01\\03\\2026`, `01\\03\\2019`, 1) }
	march := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	day := dated(body(record("a", 1), record("b", 2)), march)
	kept := append(environ[:len(environ):len(environ)], "COLLECTOR_RETENTION_CONNECTIONS=800d")
	for _, step := range []struct {
		environ          []string
		file             string
		args             []string
		code             int
		stdout, complain string
	}{
		{environ, day, nil, exitOK, "2 records, 2 stored, 0 quarantined", ""},
		{environ, day, nil, exitOK, "2 records, 0 stored, 2 unchanged, 0 quarantined", ""},
		{environ, dated(body(record("a", 1), record("b", 3), record("c", 1)), march), nil, exitOK, "3 records, 2 stored, 1 unchanged, 0 quarantined", ""},
		{environ, day, nil, exitOK, "2 records, 1 stored, 1 unchanged", ""}, // an equal time: the later import counts, or not; a is unchanged
		{environ, dated(body(old("o")), march), nil, exitOK, "1 records, 1 stored", ""},
		{kept, dated(body(old("p"), record("d", 1)), march), nil, exitOK, "2 records, 1 stored, 1 past retention.connections and not stored, 0 quarantined", ""},
		{environ, dated(body(record("e", 1)), time.Unix(0, 0)), nil, exitFailure, "", "the file's time is 1970-01-01T00:00:00Z, which cannot be when the report was read; give the time with --fetched-at"},
		{environ, dated(body(record("e", 1)), time.Unix(0, 0)), []string{"--fetched-at", "2026-03-02T00:00:00Z"}, exitOK, "1 records, 1 stored", ""},
		{environ, dated(body(record("f", 1)), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), nil, exitOK, "1 records, 0 stored, 1 quarantined (1 dt_out_of_range)",
			"more than a day after that of the file, 2020-01-01T00:00:00Z; if the report was read later, import it again with --fetched-at"},
		{kept, dated(body(`{"uid":""}`), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), nil, exitOK, "1 quarantined", "longer ago than retention.connections (800d)"},
	} {
		got := command(t, step.environ, "", append([]string{"import", step.file}, step.args...)...)
		if got.code != step.code || !strings.Contains(got.stdout, step.stdout) || !strings.Contains(got.stderr, step.complain) || (step.complain == "") != (got.stderr == "") {
			t.Errorf("%+v\nwant %+v", got, step)
		}
	}
	if got := command(t, environ, "", "sql", "--format", "TSV", "SELECT uid FROM connections WHERE uid != 'o' ORDER BY uid"); got.stdout != "a\nb\nc\nd\ne\n" {
		t.Errorf("%+v", got)
	}
}
