package migrations_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"alpemix-collector/migrations"
	"alpemix-collector/sink/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// open connects to the shared engine with database/sql, without a database.
func open(t *testing.T) *sql.DB {
	t.Helper()
	options, err := clickhouse.ParseDSN(enginetest.Shared(t).DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	db := clickhouse.OpenDB(options)
	t.Cleanup(func() { db.Close() })
	return db
}

func schema(t *testing.T, database string) *migrations.Schema {
	t.Helper()
	s, err := migrations.New(migrations.Target{Database: database})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func exec(t *testing.T, db *sql.DB, statements string) {
	t.Helper()
	for statement := range strings.SplitSeq(statements, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s\n%v", statement, err)
		}
	}
}

// query returns the answer as text, a line per row, columns separated by " | ".
func query(t *testing.T, db *sql.DB, format string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf(format, args...))
	if err != nil {
		t.Fatalf(format+": %v", append(args, err)...)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for rows.Next() {
		values, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = fmt.Sprint(v)
		}
		lines = append(lines, strings.Join(texts, " | "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// state returns the definition of every table and view of a database, without its name.
func state(t *testing.T, db *sql.DB, database string) []string {
	t.Helper()
	return query(t, db, "SELECT replaceAll(create_table_query, '%s.', 'DB.') FROM system.tables WHERE database = '%s' ORDER BY name", database, database)
}

func TestUpFromNothing(t *testing.T) {
	db := open(t)
	s := schema(t, "fresh")
	before, err := s.Status(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var pending *migrations.PendingError
	if err := before.Check(); before.Version != 0 || before.Migrations[0].Applied || !errors.As(err, &pending) {
		t.Errorf("before: %+v, %v", before, err)
	}
	if names := query(t, db, "SELECT name FROM system.databases WHERE name = 'fresh'"); len(names) != 0 {
		t.Errorf("Status has created %v", names)
	}
	ran, err := s.Up(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(ran)) != migrations.Latest() {
		t.Errorf("ran %v", ran)
	}
	after, err := s.Status(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if err := after.Check(); err != nil || after.Version != migrations.Latest() || !after.Migrations[0].Applied {
		t.Errorf("after: %+v, %v", after, err)
	}
	first := state(t, db, "fresh")
	if ran, err := s.Up(t.Context(), db); err != nil || len(ran) != 0 {
		t.Errorf("a second Up ran %v: %v", ran, err)
	}
	if diff := cmp.Diff(first, state(t, db, "fresh")); diff != "" {
		t.Errorf("a second Up changed the schema:\n%s", diff)
	}
}

// Running the output of plan by hand does the same as Up.
func TestPlanIsWhatUpRuns(t *testing.T) {
	db := open(t)
	up, plan := schema(t, "by_up"), schema(t, "by_plan")
	if _, err := up.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	steps, err := plan.Plan(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		exec(t, db, step.SQL)
	}
	if diff := cmp.Diff(state(t, db, "by_up"), state(t, db, "by_plan")); diff != "" {
		t.Errorf("-up +plan\n%s", diff)
	}
	steps, err = plan.Plan(t.Context(), db)
	if err != nil || len(steps) != 0 {
		t.Errorf("after its plan was run, the plan still has %v: %v", steps, err)
	}
}

// The next Up finishes a migration that failed anywhere.
func TestUpGoesOnWhereItDied(t *testing.T) {
	db := open(t)
	whole := schema(t, "whole")
	if _, err := whole.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	want := state(t, db, "whole")
	steps, err := schema(t, "died").Plan(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, step := range steps {
		statements = append(statements, strings.SplitAfter(step.SQL, ";\n")...)
	}
	for n := range statements {
		name := fmt.Sprintf("died_%d", n)
		exec(t, db, strings.ReplaceAll(strings.Join(statements[:n], ""), "died", name))
		if _, err := schema(t, name).Up(t.Context(), db); err != nil {
			t.Fatalf("after %d statements: %v", n, err)
		}
		if diff := cmp.Diff(want, state(t, db, name)); diff != "" {
			t.Errorf("after %d statements:\n%s", n, diff)
		}
		exec(t, db, "DROP DATABASE "+name)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	db := open(t)
	s := schema(t, "newer")
	if _, err := s.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	exec(t, db, fmt.Sprintf("INSERT INTO newer.schema_version SELECT %d, now()", migrations.Latest()+2))
	want := fmt.Sprintf("database newer is at schema version %d, this binary knows %d: use a newer collector", migrations.Latest()+2, migrations.Latest())
	_, errUp := s.Up(t.Context(), db)
	_, errPlan := s.Plan(t.Context(), db)
	status, err := s.Status(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"Up": errUp, "Plan": errPlan, "Check": status.Check()} {
		var newer *migrations.NewerError
		if !errors.As(err, &newer) || err.Error() != want {
			t.Errorf("%s: %v, want: %s", name, err, want)
		}
	}
}

// granules returns how many index granules a query would read, from EXPLAIN's lines "Parts: 1 |
// Granules: 2", per table.
func granules(t *testing.T, db *sql.DB, text string) (n int) {
	t.Helper()
	for _, line := range query(t, db, "EXPLAIN indexes = 1 %s", text) {
		if _, granules, ok := strings.Cut(line, " | Granules: "); ok {
			read, err := strconv.Atoi(granules)
			if err != nil {
				t.Fatal(line, err)
			}
			n += read
		}
	}
	return n
}
