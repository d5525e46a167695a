package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

// TestCommandsOnTheEngine goes the way of someone who has saved reports: schema, import, SQL, quarantine.
func TestCommandsOnTheEngine(t *testing.T) {
	environ, vendor, _ := desk(t)
	ask := func(statement string) string {
		t.Helper()
		got := command(t, environ, "", "sql", "--write", "--format", "TSV", statement)
		if got.code != exitOK || got.stderr != "" {
			t.Fatalf("%s: %+v", statement, got)
		}
		return strings.TrimSpace(got.stdout)
	}
	expect := func(got outcome, code int, stdout, stderr string) {
		t.Helper()
		if got.code != code || !regexp.MustCompile("^(?s:"+stdout+")$").MatchString(got.stdout) || !regexp.MustCompile("^(?s:"+stderr+")$").MatchString(got.stderr) {
			t.Fatalf("%+v\nwant %d\n%s\n%s", got, code, stdout, stderr)
		}
	}

	expect(command(t, environ, "", "sql", "SELECT count() FROM connections"), exitFailure, "", `collector: .*; the schema is missing or old: .*\n`)
	expect(command(t, environ, "", "migrate", "status"), exitOK, `database alpemix is at version 0 of \d+\n(pending  \S+\n)+`, "")
	expect(command(t, environ, "", "migrate", "plan"), exitOK, `.*CREATE TABLE.*`, "")
	expect(command(t, environ, "", "migrate", "up"), exitOK, `database alpemix is at version (\d+) of \d+\n(applied  \S+\n)+`, "")
	expect(command(t, environ, "", "migrate", "plan"), exitOK, `-- nothing to do: the schema is up to date\n`, "")

	// A past day of the simulator, whole, and the same once more, compressed and through a pipe.
	day := report.DayOf(time.Now().UTC()) - 30
	text := vendor.Report("main", day, time.Now())
	truth := vendor.Truth("main", day, day, time.Now())
	plain := write(t, "day.json", string(text))
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), "day.json.zst")
	if err := os.WriteFile(packed, encoder.EncodeAll(text, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	touch(t, plain)
	touch(t, packed)
	summary := fmt.Sprintf(`: %d records, %d stored, 0 quarantined, \d+\.\ds\n`, len(truth), len(truth))
	expect(command(t, environ, "", "import", plain), exitOK, "main: "+plain+summary, "")
	again := fmt.Sprintf(`: %d records, 0 stored, %d unchanged, 0 quarantined, \d+\.\ds\n`, len(truth), len(truth))
	expect(command(t, environ, "", "import", packed, "--account", "main"), exitOK, "main: "+packed+again, "")
	expect(command(t, environ, string(text), "import", "-", "--fetched-at", time.Now().Format(time.RFC3339)), exitOK, "main: stdin"+again, "")

	seconds := time.Duration(0)
	for _, c := range truth {
		seconds += c.Duration
	}
	want := fmt.Sprintf("%d\t%d\t%d", len(truth), len(truth), int(seconds.Seconds()))
	if got := ask("SELECT count(), uniqExact(uid), sum(duration_seconds) FROM connections"); got != want {
		t.Errorf("rows, uids and seconds %q, want %q", got, want)
	}
	table := command(t, environ, "SELECT account, count() AS n FROM connections GROUP BY account", "sql", "-")
	if table.code != exitOK || !strings.Contains(table.stdout, "│ main") || !strings.Contains(table.stdout, "account") {
		t.Errorf("%+v", table)
	}
	expect(command(t, environ, "", "sql", "--format", "CSVWithNames", "SELECT 1 AS one"), exitOK, `"one"\n1\n`, "")
	expect(command(t, environ, "", "sql", "SELECT nonsense"), exitFailure, "", `collector: .*nonsense.*\n`)
	expect(command(t, environ, "", "sql", " "), exitUsage, "", `collector: the statement is empty; see: collector sql --help\n`)

	// What cannot be read waits, and does not hold up its neighbours or the other files.
	mixed := write(t, "mixed.json", body(record("good", 5), `{"uid":"","dt":"09:30:00 01\\03\\2026"}`, record("fine", 6)))
	broken := write(t, "broken.json", "<html>maintenance</html>")
	expect(command(t, environ, "", "import", "absent.json", broken, mixed, "--fetched-at", "2026-03-01T20:00:00Z"), exitFailure,
		"main: "+broken+`: 0 records, 0 stored, 0 quarantined, \d+\.\ds\nmain: `+mixed+`: 3 records, 2 stored, 1 quarantined \(1 uid_missing\), \d+\.\ds\n`,
		`collector: absent.json: no such file or directory\ncollector: `+broken+`: .*\n`)
	expect(command(t, environ, "", "quarantine", "list", "--format", "TSV"), exitOK, `2026-03-01 20:00:00\talpemix\tmain\tuid_missing\t.*\n`, "")
	expect(command(t, environ, "", "quarantine", "retry"), exitOK, `1 records read again, 0 stored, 1 still wait\n`, "")

	// A record that an earlier version could not read.
	raw := record("late", 7)
	ask(`INSERT INTO quarantine_rows (at, vendor, account, reason, detail, raw, hash, version)
		SELECT toDateTime('2026-03-01 21:00:00', 'UTC'), 'alpemix', 'main', 'wrong_type', 'x', '` + strings.ReplaceAll(raw, `\`, `\\`) + `' AS text, xxHash64(text), 1`)
	expect(command(t, environ, "", "quarantine", "retry"), exitOK, `2 records read again, 1 stored, 1 still wait\n`, "")
	if got := ask("SELECT uid, duration_seconds, fetched_at, started_at, raw = '" + strings.ReplaceAll(raw, `\`, `\\`) + "' FROM connections WHERE uid = 'late'"); got != "late\t7\t2026-03-01 21:00:00\t2026-03-01 06:30:00\t1" {
		t.Errorf("got %q", got)
	}
	if got := ask("SELECT countIf(resolved_at IS NULL), countIf(resolved_at IS NOT NULL) FROM quarantine"); got != "1\t1" {
		t.Errorf("waiting and resolved: %q", got)
	}
}

func TestImportGivesUpOnAClickHouseThatStaysAway(t *testing.T) {
	file := write(t, "day.json", body(record("a", 1)))
	away := freeAddress(t)
	got := command(t, []string{"COLLECTOR_CLICKHOUSE_DSN=http://u:hunter2@" + away + "/alpemix"}, "", "import", file, "--account", "a", "--wait", "1s")
	if got.code != exitFailure || !strings.Contains(got.stderr, "ClickHouse was unreachable for 1s: ") || !strings.Contains(got.stderr, away) || strings.Contains(got.stderr, "hunter2") {
		t.Errorf("%+v", got)
	}
	if strings.Count(got.stderr, "trying again") < 1 {
		t.Errorf("it did not wait: %q", got.stderr)
	}
}

// TestImportWaitsForClickHouse: an outage of the server costs time, not the import.
func TestImportWaitsForClickHouse(t *testing.T) {
	server := enginetest.Start(t)
	server.Kill()
	environ := []string{"COLLECTOR_CLICKHOUSE_DSN=" + server.DSN("alpemix")}
	file := write(t, "day.json", body(record("a", 1), record("b", 2)))
	done := make(chan outcome)
	go func() { done <- commandIn(t.Context(), environ, "", "import", file, "--account", "a", "--wait", "1m") }()
	pause(t.Context(), time.Second)
	server.Restart(t)
	if got := <-done; got.code != exitOK || !strings.Contains(got.stdout, "2 stored") || !strings.Contains(got.stderr, "ClickHouse is unreachable; trying again") {
		t.Errorf("%+v", got)
	}
}
