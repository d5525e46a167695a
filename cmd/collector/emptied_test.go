package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alpemix-collector/simulator"
)

// TestAnEmptiedClickHouse: whatever happens to the database beside a state file, what the collector knows and what Alpemix still
// serves is there again after the next run, and the log says what happened.
func TestAnEmptiedClickHouse(t *testing.T) {
	customers := write(t, "customers.csv", "customer,vendor,account,field,value\nBakkal,alpemix,,staff_name,Ayşe\n")
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 3, PerWorkday: 20}, Accounts: []simulator.Account{{Name: "main", Zone: noon(t)}},
		Limits: simulator.Limits{Reports: 1000, Tokens: 1000},
	}, "COLLECTOR_ALPEMIX_LIMITS_REPORTS=1000", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=1000", "COLLECTOR_CUSTOMERS_FILE="+customers)
	state := c.setting("COLLECTOR_STATE_DIR")
	run := func() outcome {
		t.Helper()
		got := command(t, c.environ, "", "run", "--once")
		if got.code != exitOK {
			t.Fatalf("%+v", got)
		}
		return got
	}
	facts := func() string {
		return c.ask(t, `SELECT (SELECT count() FROM connections), (SELECT count() FROM customers),
			(SELECT arraySort(groupArray((day, state))) FROM days)`)
	}
	sql := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if got := command(t, c.environ, "", "sql", "--write", s); got.code != exitOK {
				t.Fatalf("%+v", got)
			}
		}
	}
	run()
	c.same(t)
	before := facts()
	for _, tt := range []struct {
		name string
		lose func()
		says string
	}{
		{"nothing happened", func() {}, ""},
		{"its folder was deleted", func() {
			if err := os.RemoveAll(filepath.Join(state, "clickhouse")); err != nil {
				t.Fatal(err)
			}
		}, "another database than before"},
		{"another database name", func() { c.environ = append(c.environ, "COLLECTOR_CLICKHOUSE_DATABASE=elsewhere") }, "another database than before"},
		{"its tables were emptied", func() {
			sql("TRUNCATE TABLE connection_rows", "TRUNCATE TABLE day_rows", "TRUNCATE TABLE customer_rows", "TRUNCATE TABLE identity_rows")
		}, "another database than before"},
		{"connections were emptied", func() { sql("TRUNCATE TABLE connection_rows") }, "not of the same age"},
		{"customers and days were emptied", func() { sql("TRUNCATE TABLE customer_rows", "TRUNCATE TABLE day_rows") }, "not of the same age"},
		{"a table was dropped", func() { sql("DROP TABLE connection_rows") }, "not of the same age"},
	} {
		tt.lose()
		got := run()
		if after := facts(); after != before {
			t.Errorf("%s: %q, want %q\n%s", tt.name, after, before, got.stderr)
		}
		c.same(t)
		if !strings.Contains(got.stderr, tt.says) || tt.says == "" && strings.Contains(got.stderr, "another database") {
			t.Errorf("%s: the log says %s", tt.name, got.stderr)
		}
	}
}
