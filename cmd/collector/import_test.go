package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"alpemix-collector/internal/config"
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
		{environ, dated(body(record("b", 1), record("c", 1), record("d", 7)), march.Add(-time.Hour)), nil, exitOK,
			"3 records, 1 stored, 1 unchanged, 1 older than what is stored, 0 quarantined", ""},
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

// TestImportKeepsTheCharset: a live answer names the charset of its texts, a saved body doesn't. Importing it changes no row.
func TestImportKeepsTheCharset(t *testing.T) {
	environ, _, _ := desk(t)
	ok := func(args ...string) string {
		t.Helper()
		got := command(t, environ, "", args...)
		if got.code != exitOK {
			t.Fatalf("%+v", got)
		}
		return got.stdout
	}
	const łódź = "\xA3\xF3d\xBC"
	saved := write(t, "day.json", body(strings.Replace(record("u", 60), "Ayşe", łódź, 1), record("v", 60)))
	ok("import", "--fetched-at", "2026-03-02T00:00:00Z", saved)
	ok("sql", "--write", `INSERT INTO connection_rows SELECT * REPLACE ('iso-8859-2' AS charset, 'Łódź' AS staff_name, version + 1 AS version)
		FROM connection_rows FINAL WHERE uid = 'u'`) // as a live answer stores it
	if got := ok("import", "--fetched-at", "2026-03-02T01:00:00Z", saved); !strings.Contains(got, "0 stored, 2 unchanged") {
		t.Error(got)
	}
	if got := ok("sql", "--format", "TSV", "SELECT uid, staff_name FROM connections ORDER BY uid"); got != "u\tŁódź\nv\tAyşe\n" {
		t.Error(got)
	}
}

func TestFetchedAtIsNotInTheFuture(t *testing.T) {
	i := &importRun{app: &app{ctx: t.Context(), environ: []string{"COLLECTOR_STATE_DIR=" + t.TempDir()}, stderr: t.Output()}, account: "a"}
	if err := i.prepare(time.Now().Add(12 * time.Hour).Format(time.RFC3339)); err != nil || i.fetchedAt.After(time.Now()) || i.fetchedAt.IsZero() {
		t.Errorf("%v %v", i.fetchedAt, err)
	}
}

func body(records ...string) string {
	return `{"errornumber":0,"results":[` + strings.Join(records, ",") + `]}`
}

func record(uid string, duration int) string {
	return fmt.Sprintf(`{"uid":"%s","dt":"09:30:00 01\\03\\2026","dur:":%d,"dir":0,"exp":"","supnum":"","uname":"Ayşe","ip":"","lip":"","unum":"","aid":"","tuname":"","tip":"","tlip":"","tunum":"","taid":""}`,
		uid, duration)
}

func TestImportTakesOutTheSecretKey(t *testing.T) {
	c, err := config.Load("", []string{
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=acme",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=S3cret/Key-4711",
	})
	if err != nil {
		t.Fatal(err)
	}
	if redactor(c, "other") != nil {
		t.Error("an account that is not configured has a secret")
	}
	raw := `{"uid":"1","exp":"key S3cret\/Key-4711"}`
	if got := string(redactor(c, "main")([]byte(raw))); got != `{"uid":"1","exp":"key [redacted]"}` {
		t.Error(got)
	}
}
