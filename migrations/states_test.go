package migrations_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/migrations"
)

var writeState = flag.Bool("write-state", false, "record the schema of the newest version, once")

// testdata/states/NNN.csv is the schema of version NNN: name and definition of each table, as
// printed by the ClickHouse of that time. A file is written once, when its version is released, and
// never changed, because existing databases look like it. To write it: go test ./migrations -run
// TestUpFromEveryPastState -write-state
func TestUpFromEveryPastState(t *testing.T) {
	db := open(t)
	latest := schema(t, "latest")
	if _, err := latest.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	want := state(t, db, "latest")
	newest := fmt.Sprintf("testdata/states/%03d.csv", migrations.Latest())
	if *writeState {
		record(t, newest, query(t, db, "SELECT name FROM system.tables WHERE database = 'latest' ORDER BY name"), want)
	}
	files, err := filepath.Glob("testdata/states/*.csv")
	if err != nil || int64(len(files)) != migrations.Latest() {
		t.Fatalf("%d states of %d versions: record the newest with -write-state (%v)", len(files), migrations.Latest(), err)
	}
	for i, file := range files {
		version := i + 1
		if file != fmt.Sprintf("testdata/states/%03d.csv", version) {
			t.Fatalf("%s stands where version %d is due", file, version)
		}
		name := fmt.Sprintf("state_%d", version)
		exec(t, db, "CREATE DATABASE "+name)
		// Tables before views. connections, which daily_usage reads, comes before it by its name.
		for _, kind := range []string{"CREATE TABLE", "CREATE VIEW"} {
			for _, sql := range load(t, file) {
				if strings.HasPrefix(sql, kind) {
					exec(t, db, strings.ReplaceAll(sql, "DB.", name+"."))
				}
			}
		}
		for v := range version + 1 {
			exec(t, db, fmt.Sprintf("INSERT INTO %s.schema_version SELECT %d, now()", name, v))
		}
		exec(t, db, fmt.Sprintf("INSERT INTO %s.connection_rows (account, uid, started_at, version) VALUES ('a', '1', '2026-01-01 00:00:00', 1)", name))
		ran, err := schema(t, name).Up(t.Context(), db)
		if err != nil {
			t.Fatalf("from version %d: %v", version, err)
		}
		if int64(len(ran)) != migrations.Latest()-int64(version) {
			t.Errorf("from version %d ran %v", version, ran)
		}
		if diff := cmp.Diff(want, state(t, db, name)); diff != "" {
			t.Errorf("from version %d (-fresh +migrated)\n%s", version, diff)
		}
		if rows := query(t, db, "SELECT account, uid FROM %s.connections", name); len(rows) != 1 || rows[0] != "a | 1" {
			t.Errorf("from version %d: the rows are %v", version, rows)
		}
	}
}

func record(t *testing.T, file string, names, definitions []string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	for i := range names {
		w.Write([]string{names[i], definitions[i]})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, file string) (definitions []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		definitions = append(definitions, row[1])
	}
	return definitions
}
