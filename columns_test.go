package house

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestTextColumns names every place that lacks a text column of connections.
func TestTextColumns(t *testing.T) {
	var schema strings.Builder
	for _, file := range []string{"migrations/sql", "docs/tables.md"} {
		err := fs.WalkDir(os.DirFS("."), file, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			schema.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	played := simulator.New(simulator.Options{World: &simulator.World{Seed: 1}, Accounts: []simulator.Account{{Name: "main"}}}).
		Report("main", report.DayOf(noon), noon)
	var c report.Connection
	places := map[*string]string{}
	for i, place := range c.Texts() {
		column := report.TextColumns[i]
		if other, taken := places[place]; taken {
			t.Errorf("report.Connection.Texts: %s is in the place of %s", column.Name, other)
		}
		places[place] = column.Name
		for where, want := range map[string]string{
			"migrations/sql, in connection_rows":                                "    " + column.Name + " ",
			"migrations/sql, in the view connections, with its key as comment":  "Alpemix key " + column.Key,
			"docs/tables.md (go test ./migrations -run TestTablesPage -update)": "| `" + column.Name + "` |",
		} {
			if !strings.Contains(schema.String(), want) {
				t.Errorf("%s is missing in %s", column.Name, where)
			}
		}
		if !bytes.Contains(played, []byte(`"`+column.Key+`"`)) {
			t.Errorf("%s: the simulator does not send %s", column.Name, column.Key)
		}
	}
}
