package sink

import (
	"context"
	"fmt"

	"alpemix-collector/report"
)

// movable is a table whose rows follow an account to its new name. The rows that stay under the old
// name are marked so that no view shows them. The logs of requests and of changing calls keep the
// old name.
type movable struct {
	table    string
	alpemix  bool   // else of resellers
	vendor   bool   // has a column vendor
	months   string // the column whose months are the partitions, "" if none
	live     string // condition of rows that have not moved yet
	withdraw string // marks a row that has moved
	// newest: a copy must beat any row with the same identity, such as the same day of an account
	// that had the name before. This is only right where the state file repeats what is newer
	// still; elsewhere, older content would win over rows in the queue.
	newest bool
}

var movables = []movable{
	{"connection_rows", true, false, "started_at", "NOT r.deleted", "1 AS deleted, '' AS raw, '' AS explanation", false},
	{"quarantine_rows", true, true, "", "NOT r.moved", "1 AS moved, '' AS raw", true},
	{"allotment_rows", false, true, "", "ifNull(r.valid_to != r.valid_from, true)", "r.valid_from AS valid_to, '' AS raw", false},
	{"snapshot_rows", false, true, "", "true", "", false},
	{"day_rows", true, false, "", "NOT r.moved", "1 AS moved", true},
}

// loginRows record which login the rows of an account belong to. They are copied first and marked
// last, so that an interrupted move is noticed.
var loginRows = movable{table: "login_rows", vendor: true, live: "NOT r.moved", withdraw: "1 AS moved", newest: true}

// move renames an account in all its rows. After an error run it again: each step may be repeated.
// The copies are newer than what an earlier move left under their name.
func (w *Writer) move(ctx context.Context, m report.Move) error {
	fail := func(t movable, err error) error {
		return fmt.Errorf("move %s account %s to %s in %s at %s: %w", m.Vendor, m.From, m.To, t.table, w.db.address, err)
	}
	if err := w.copyRows(ctx, loginRows, m, ""); err != nil {
		return fail(loginRows, err)
	}
	for _, t := range movables {
		if t.alpemix != (m.Vendor == "alpemix") {
			continue
		}
		if err := w.moveTable(ctx, t, m); err != nil {
			return fail(t, err)
		}
	}
	if err := w.withdrawRows(ctx, loginRows, m, ""); err != nil {
		return fail(loginRows, err)
	}
	return nil
}

func (w *Writer) moveTable(ctx context.Context, t movable, m report.Move) error {
	parts := []string{""}
	if t.months != "" { // one statement per month, so that none takes long
		var months []struct {
			Month uint32 `ch:"month"`
		}
		err := w.rows(ctx, &months, fmt.Sprintf("SELECT DISTINCT toYYYYMM(r.%s) AS month FROM %s.%s AS r WHERE %s ORDER BY month",
			t.months, w.db.target.Database, t.table, t.where(m)))
		if err != nil {
			return err
		}
		parts = nil
		for _, p := range months {
			parts = append(parts, fmt.Sprintf(" AND toYYYYMM(r.%s) = %d", t.months, p.Month))
		}
	}
	for _, part := range parts {
		if err := w.copyRows(ctx, t, m, part); err != nil {
			return err
		}
		if err := w.withdrawRows(ctx, t, m, part); err != nil {
			return err
		}
	}
	return nil
}

// where are the rows that have still to go.
func (t movable) where(m report.Move) string {
	where := "r.account = " + literal(m.From) + " AND " + t.live
	if t.vendor {
		where += " AND r.vendor = " + literal(m.Vendor)
	}
	return where
}

// copyRows writes a part of the rows under their new name.
func (w *Writer) copyRows(ctx context.Context, t movable, m report.Move, part string) error {
	version := "r.version"
	if t.newest {
		version = fmt.Sprintf("greatest(r.version, (SELECT max(version) FROM %s.%s WHERE account = %s))", w.db.target.Database, t.table, literal(m.To))
	}
	return w.replaceRows(ctx, t, m, part, fmt.Sprintf("%s AS account, %s + 2 AS version", literal(m.To), version))
}

// withdrawRows marks a part of the rows under their old name.
func (w *Writer) withdrawRows(ctx context.Context, t movable, m report.Move, part string) error {
	if t.withdraw == "" {
		return nil
	}
	return w.replaceRows(ctx, t, m, part, t.withdraw+", r.version + 1 AS version")
}

func (w *Writer) replaceRows(ctx context.Context, t movable, m report.Move, part, by string) error {
	return w.db.conn.Exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s.%[2]s SELECT r.* REPLACE (%[3]s)
		FROM %[1]s.%[2]s AS r FINAL WHERE %[4]s%[5]s SETTINGS do_not_merge_across_partitions_select_final = 1`,
		w.db.target.Database, t.table, by, t.where(m), part))
}
