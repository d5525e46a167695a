package sink

import (
	"fmt"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

// syncs is how often the engine has waited for the disk so far: for files, and for folders.
func syncs(t *testing.T, d *DB) (files, folders int) {
	t.Helper()
	answer := ask(t, d, "SELECT sumIf(value, event = 'FileSync'), sumIf(value, event = 'DirectorySync') FROM system.events")
	if _, err := fmt.Sscan(answer, &files, &folders); err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	return files, folders
}

// TestWhatIsAcknowledgedIsOnDisk counts the engine's waits for the disk: an insert into any table of ours is acknowledged after
// them, and what rewrites rows waits, too.
func TestWhatIsAcknowledgedIsOnDisk(t *testing.T) {
	d := openAt(t, enginetest.Start(t).DSN("alpemix")) // of its own: nobody else makes it wait
	waits := func(do func()) (files, folders int) {
		t.Helper()
		filesBefore, foldersBefore := syncs(t, d)
		do()
		files, folders = syncs(t, d)
		return files - filesBefore, folders - foldersBefore
	}
	write := func(b report.Batch) func() {
		return func() {
			t.Helper()
			if err := d.Writer().Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	exec := func(statement string) func() {
		return func() {
			t.Helper()
			if err := d.conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	stream := func() {
		i := d.Writer().Import(t.Context())
		for _, c := range connections(100) {
			if err := i.Add(&c); err != nil {
				t.Fatal(err)
			}
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE plain (n Int64) ENGINE = MergeTree ORDER BY n")()
	for _, c := range []struct {
		what string
		do   func()
		none bool
	}{
		{what: "connections", do: write(report.Batch{Connections: connections(100)})},
		{what: "more connections", do: write(report.Batch{Connections: connections(200)[100:]})},
		{what: "quarantine", do: write(report.Batch{Rejects: []report.Reject{{At: at}}})},
		{what: "fetches", do: write(report.Batch{Fetches: []report.Fetch{{At: at}}})},
		{what: "days", do: write(report.Batch{Days: []report.DayStatus{{State: report.DayOpen}}})},
		{what: "allotments", do: write(report.Batch{Allotments: []report.AllotmentPeriod{allotment()}})},
		{what: "snapshots", do: write(report.Batch{Snapshots: []report.SnapshotMark{{At: at}}})},
		{what: "provisioning", do: write(report.Batch{Provisionings: []report.Provisioning{{At: at}}})},
		{what: "customers", do: write(report.Batch{Customers: []report.CustomerChange{{Version: 1}}})},
		{what: "import", do: stream},
		{what: "a table without our settings", do: exec("INSERT INTO plain SELECT 1"), none: true},
		{what: "merge", do: exec("OPTIMIZE TABLE connection_rows FINAL")},
		{what: "mutation", do: exec("ALTER TABLE connection_rows UPDATE raw = '' WHERE 1 SETTINGS mutations_sync = 2")},
	} {
		files, folders := waits(c.do)
		if none := files+folders == 0; none != c.none || !none && (files == 0 || folders == 0) {
			t.Errorf("%s: the engine waited for %d files and %d folders", c.what, files, folders)
		}
	}
}

// TestEveryTableIsDurable: a table that a migration adds has the settings, too.
func TestEveryTableIsDurable(t *testing.T) {
	d := open(t)
	const durable = "create_table_query LIKE '%%fsync_after_insert = 1%%' AND create_table_query LIKE '%%fsync_part_directory = 1%%'"
	tables := ask(t, d, "SELECT count() >= 9, groupArrayIf(name, NOT ("+durable+")) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%%MergeTree'")
	if tables != "1\t[]" {
		t.Errorf("tables without the settings, if there are tables: %s", tables)
	}
	if got := ask(t, d, "SELECT value FROM system.settings WHERE name = 'fsync_metadata'"); got != "1" {
		t.Errorf("fsync_metadata is %s: a new table could be lost", got)
	}
}
