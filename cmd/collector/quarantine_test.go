package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestQuarantineAfterAClockThatWasBehind: records that lay in the future then are read, and do not beat newer content.
func TestQuarantineAfterAClockThatWasBehind(t *testing.T) {
	environ, _, _ := desk(t)
	run := func(args ...string) string {
		t.Helper()
		got := command(t, environ, "", args...)
		if got.code != exitOK {
			t.Fatalf("%v: %+v", args, got)
		}
		return got.stdout
	}
	long := strings.Replace(record("alone", 1), `"exp":""`, `"exp":"`+strings.Repeat("ş", 1000)+`"`, 1)
	polish := strings.Replace(record("polish", 1), `"exp":""`, `"exp":"`+"\xA3\xF3d\xBC"+`"`, 1)
	behind := write(t, "behind.json", body(record("both", 1), long, polish))
	run("import", write(t, "live.json", body(record("both", 9))))
	if got := run("import", behind, "--fetched-at", "2025-01-01T00:00:00Z"); !strings.Contains(got, "0 stored, 3 quarantined") {
		t.Fatal(got)
	}
	// The clock was set back once more after these were noted. A saved report has no Content-Type; a live one may name a charset.
	ahead := time.Now().Add(time.Hour).UnixMicro()
	run("sql", "--write", fmt.Sprintf("INSERT INTO quarantine_rows SELECT * REPLACE (toUInt64(%d) AS version, if(position(raw, 'polish') > 0, 'iso-8859-2', '') AS charset) FROM quarantine_rows", ahead))

	if got := run("quarantine", "list", "--format", "TSV"); strings.Count(got, "ş") == 0 || strings.Count(got, "ş") > 200 {
		t.Errorf("of a long record %d letters are shown", strings.Count(got, "ş"))
	}
	if got := run("quarantine", "retry"); got != "3 records read again, 3 stored, 0 still wait\n" {
		t.Error(got)
	}
	got := run("sql", "--format", "TSV", "SELECT uid, duration_seconds, fetched_at = '2025-01-01 00:00:00' FROM connections ORDER BY uid")
	if got != "alone\t1\t1\nboth\t9\t0\npolish\t1\t1\n" {
		t.Errorf("%q", got)
	}
	if got := run("sql", "--format", "TSV", "SELECT explanation FROM connections WHERE uid = 'polish'"); got != "Łódź\n" {
		t.Errorf("%q", got)
	}
	if got := run("quarantine", "retry"); got != "0 records read again, 0 stored, 0 still wait\n" {
		t.Errorf("resolved ones come back: %s", got)
	}
}

// TestQuarantineSettlesAndDismisses: an import settles what it stores, and dismiss what it names.
func TestQuarantineSettlesAndDismisses(t *testing.T) {
	environ, _, _ := desk(t)
	run := func(code int, args ...string) string {
		t.Helper()
		got := command(t, environ, "", args...)
		if got.code != code {
			t.Fatalf("%v: %+v", args, got)
		}
		return got.stdout + got.stderr
	}
	waiting := func(want int) (ids []string) {
		t.Helper()
		ids = strings.Fields(run(exitOK, "sql", "--format", "TSV", "SELECT lower(leftPad(hex(hash), 16, '0')) FROM quarantine_rows FINAL WHERE resolved_at IS NULL"))
		if list := run(exitOK, "quarantine", "list", "--format", "TSV"); len(ids) != want || strings.Count(list, "\n") != want {
			t.Fatalf("%d wait, want %d: %s", len(ids), want, list)
		}
		return ids
	}
	for _, duration := range []int{-1, -2, -3} {
		run(exitOK, "import", write(t, "running.json", body(record("u1", duration), record("u2", duration))))
	}
	waiting(2)
	run(exitOK, "import", write(t, "whole.json", body(record("u1", 300))))
	id := waiting(1)[0]
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "no record is selected"},
		{[]string{"--all", id}, exitUsage, "--all cannot be combined with ids"},
		{[]string{"12"}, exitUsage, `"12" is not an id`},
		{[]string{"--before", "yesterday"}, exitUsage, "--before"},
		{[]string{"0000000000000001"}, exitFailure, "no record with the id 0000000000000001 is waiting"},
		{[]string{"--account", "other"}, exitOK, "0 records dismissed"},
		{[]string{"--all", "--dry-run"}, exitOK, "1 records would be dismissed"},
		{[]string{id, "--dry-run"}, exitOK, "1 records would be dismissed"},
	} {
		if got := run(tt.code, append([]string{"quarantine", "dismiss"}, tt.args...)...); !strings.Contains(got, tt.says) {
			t.Errorf("%v: %q", tt.args, got)
		}
		waiting(1)
	}
	if got := run(exitOK, "quarantine", "dismiss", id); got != "1 records dismissed\n" {
		t.Errorf("%q", got)
	}
	run(exitOK, "import", write(t, "running.json", body(record("u2", -4))))
	waiting(0)
	if got := run(exitOK, "sql", "--format", "TSV", "SELECT count() FROM quarantine WHERE resolved_at IS NOT NULL"); got != "2\n" {
		t.Errorf("%q records are settled", got)
	}
}
