package migrations_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tablesPage = "../docs/tables.md"

const tablesHead = `# Tables

This page is generated from the comments in the database (` + "`go test ./migrations -update`" + `).
` + "`SELECT * FROM system.columns`" + ` shows them, too.

Every time is UTC in whole seconds, every duration is in seconds. Days are dates in the zone of the account. The views need no
FINAL and no knowledge of partitions: one row is one connection, day, request or record, at its newest content. Right numbers
come from the views; the base tables hold older contents too until ClickHouse merges them away.

With ` + "`clickhouse.cluster`" + ` set, every node of the cluster, whatever its shard, is a replica of every table, so that each
node answers alike. The servers need the macros ` + "`shard` and `replica`" + `; the tables live in Keeper under
` + "`/clickhouse/tables/CLUSTER/DATABASE/TABLE`" + `.
`

// viewOf names the view that describes a base table's columns without a comment.
var viewOf = map[string]string{
	"connection_rows": "connections", "day_rows": "days", "fetch_rows": "fetches", "quarantine_rows": "quarantine",
	"allotment_rows": "allotment_history", "customer_rows": "customers", "provisioning_rows": "provisioning_log",
}

// docs/tables.md repeats the comments in the database.
func TestTablesPageIsUpToDate(t *testing.T) {
	db := open(t)
	if _, err := schema(t, "documented").Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	page.WriteString(tablesHead)
	described := map[string]bool{} // "view.column"
	section := func(engine, title, text string) {
		page.WriteString("\n## " + title + "\n\n" + text + "\n")
		for _, table := range query(t, db, "SELECT name, comment FROM system.tables WHERE database = 'documented' AND engine %s ORDER BY name", engine) {
			name, comment, _ := strings.Cut(table, " | ")
			if comment == "" {
				t.Errorf("%s has no comment", name)
			}
			fmt.Fprintf(&page, "\n### %s\n\n%s.\n\n| column | type | meaning |\n|---|---|---|\n", name, comment)
			for _, column := range query(t, db, "SELECT name, type, comment FROM system.columns WHERE database = 'documented' AND table = '%s' ORDER BY position", name) {
				fields := strings.SplitN(column, " | ", 3)
				switch inView := viewOf[name] + "." + fields[0]; {
				case fields[2] != "":
					described[name+"."+fields[0]] = true
				case described[inView]:
					fields[2] = "as `" + inView + "`"
				default:
					t.Errorf("%s.%s has no comment", name, fields[0])
				}
				fmt.Fprintf(&page, "| `%s` | `%s` | %s |\n", fields[0], fields[1], fields[2])
			}
		}
	}
	section("= 'View'", "Views", "What to query. Names and columns stay.")
	section("!= 'View'", "Base tables", "What the views read. They may change with any version.")
	want, err := os.ReadFile(tablesPage)
	if err != nil {
		t.Fatal(err)
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(tablesPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(page.String(), "\n")); diff != "" {
		t.Errorf("%s is out of date, rewrite it with: go test ./migrations -update\n%s", tablesPage, diff)
	}
}
