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
	behind := write(t, "behind.json", body(record("both", 1), long))
	run("import", write(t, "live.json", body(record("both", 9))))
	if got := run("import", behind, "--fetched-at", "2025-01-01T00:00:00Z"); !strings.Contains(got, "0 stored, 2 quarantined") {
		t.Fatal(got)
	}
	// The clock was set back once more after these were noted.
	ahead := time.Now().Add(time.Hour).UnixMicro()
	run("sql", "--write", fmt.Sprintf("INSERT INTO quarantine_rows SELECT * REPLACE (toUInt64(%d) AS version) FROM quarantine_rows", ahead))

	if got := run("quarantine", "list", "--format", "TSV"); strings.Count(got, "ş") == 0 || strings.Count(got, "ş") > 200 {
		t.Errorf("of a long record %d letters are shown", strings.Count(got, "ş"))
	}
	if got := run("quarantine", "retry"); got != "2 records read again, 2 stored, 0 still wait\n" {
		t.Error(got)
	}
	got := run("sql", "--format", "TSV", "SELECT uid, duration_seconds, fetched_at = '2025-01-01 00:00:00' FROM connections ORDER BY uid")
	if got != "alone\t1\t1\nboth\t9\t0\n" {
		t.Errorf("%q", got)
	}
	if got := run("quarantine", "retry"); got != "0 records read again, 0 stored, 0 still wait\n" {
		t.Errorf("resolved ones come back: %s", got)
	}
}
