package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Retention is how long rows are kept, in whole days from the row's own time; 0 means forever.
// Nothing else expires: allotments with their history, the log of changing calls, customers and the
// states of days are kept forever.
type Retention struct {
	Connections time.Duration // connections from started_at, quarantined records from at
	Raw         time.Duration // the column raw of both; the rest of the row stays
	Fetches     time.Duration // from at
}

// longest keeps started_at + retention inside ClickHouse's DateTime, which wraps in 2106: a longer
// retention would delete at once.
const longest = 50 * 365 * 24 * time.Hour

// Validate checks that every retention in r is possible.
func (r Retention) Validate() error {
	for _, k := range []struct {
		key  string
		kept time.Duration
	}{{"connections", r.Connections}, {"raw", r.Raw}, {"fetches", r.Fetches}} {
		if k.kept < 0 || k.kept > longest {
			return fmt.Errorf("retention.%s: %v is not between 0 and 18250d (50 years); 0 means forever", k.key, k.kept)
		}
	}
	return nil
}

// lifetime is one thing that expires: a table's rows, or one of its columns.
type lifetime struct {
	table, column string // column "": the rows
	from          string
	kept          time.Duration
}

func (r Retention) lifetimes() []lifetime {
	return []lifetime{
		{"connection_rows", "", "started_at", r.Connections},
		{"connection_rows", "raw", "started_at", r.Raw},
		{"quarantine_rows", "", "at", r.Connections},
		{"quarantine_rows", "raw", "at", r.Raw},
		{"fetch_rows", "", "toDateTime(at)", r.Fetches},
	}
}

// ApplyRetention sets when rows of the database behind db expire, and returns the statements that
// it ran: none if nothing changes. The replicas of a cluster share the tables, so one node is
// enough. ClickHouse deletes rows when it merges parts: within hours, not at once.
func (s *Schema) ApplyRetention(ctx context.Context, db *sql.DB, r Retention) ([]string, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	var ran []string
	for _, l := range r.lifetimes() {
		var definition string
		if err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT create_table_query FROM system.tables WHERE database = %s AND name = %s",
			quote(s.target.Database), quote(l.table))).Scan(&definition); err != nil {
			return ran, s.fail("read the retention of "+l.table, err)
		}
		statement := l.alter(s.target.Database, definition)
		if statement == "" {
			continue
		}
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return ran, s.fail("set the retention of "+l.table, err)
		}
		ran = append(ran, statement)
	}
	return ran, nil
}

// alter returns the statement that gives a table with this definition its lifetime, or "" if it has
// it. The expression is written like ClickHouse prints it, so that the two can be compared.
func (l lifetime) alter(database, definition string) string {
	have := l.ttl(definition)
	want := ""
	if l.kept > 0 {
		days := (l.kept + 24*time.Hour - 1) / (24 * time.Hour)
		want = fmt.Sprintf("%s + toIntervalDay(%d)", l.from, days)
	}
	if have == want {
		return ""
	}
	alter := "ALTER TABLE " + database + "." + l.table
	switch {
	case l.column == "" && want == "":
		return alter + " REMOVE TTL"
	case l.column == "":
		return alter + " MODIFY TTL " + want
	case want == "":
		return alter + " MODIFY COLUMN " + l.column + " REMOVE TTL"
	}
	return alter + " MODIFY COLUMN " + l.column + " TTL " + want
}

// ttl returns the expression for l in definition, ClickHouse's output of a CREATE TABLE; "" if
// there is none.
func (l lifetime) ttl(definition string) string {
	columns, settings, _ := strings.Cut(definition, ") ENGINE = ")
	if l.column == "" {
		_, after, _ := strings.Cut(settings, " TTL ")
		before, _, _ := strings.Cut(after, " SETTINGS ")
		return before
	}
	_, after, _ := strings.Cut(columns, "`"+l.column+"` ")
	column, _, _ := strings.Cut(after, ", `")
	_, ttl, _ := strings.Cut(column, " TTL ")
	return ttl
}
