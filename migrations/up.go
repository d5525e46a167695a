package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

// NewerError is returned for a database that a newer collector has migrated. Writing to it could
// damage what this binary does not know.
type NewerError struct {
	Database         string
	Version, Current int64 // of the database, and the newest of this binary
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("database %s is at schema version %d, this binary knows %d: use a newer collector", e.Database, e.Version, e.Current)
}

// PendingError is returned for a database that lacks migrations of this binary.
type PendingError struct {
	Database         string
	Version, Current int64 // of the database, and the newest of this binary
}

func (e *PendingError) Error() string {
	return fmt.Sprintf("database %s is at schema version %d, this binary needs %d: run `collector migrate up`", e.Database, e.Version, e.Current)
}

// Step is one piece of SQL on the way to the newest version.
type Step struct {
	Version int64  // 0 before the first migration
	Name    string // "database", "version table", or the file of the migration
	SQL     string // statements, each followed by a semicolon and a new line
}

// Migration is one migration of this binary.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Status compares a database's schema with this binary's.
type Status struct {
	Database        string
	Version, Latest int64 // of the database (0: no schema yet), and the newest of this binary
	Migrations      []Migration
}

// Check returns nil if the database has exactly this binary's version, else a *PendingError or
// *NewerError.
func (s *Status) Check() error {
	switch {
	case s.Version > s.Latest:
		return &NewerError{s.Database, s.Version, s.Latest}
	case s.Version < s.Latest:
		return &PendingError{s.Database, s.Version, s.Latest}
	}
	return nil
}

// Status returns the schema version of the database behind db. It changes nothing.
func (s *Schema) Status(ctx context.Context, db *sql.DB) (*Status, error) {
	st := store{s.target}
	status := &Status{Database: s.target.Database, Latest: Latest()}
	applied := map[int64]bool{}
	created, err := st.tableExists(ctx, db)
	if err != nil {
		return nil, s.fail("read the schema version", err)
	}
	if created {
		list, err := st.ListMigrations(ctx, db)
		if err != nil {
			return nil, s.fail("read the schema version", err)
		}
		status.Version = list[0].Version
		for _, m := range list {
			applied[m.Version] = true
		}
	}
	for _, m := range s.versions {
		status.Migrations = append(status.Migrations, Migration{m.version, m.file, applied[m.version]})
	}
	return status, nil
}

// behind returns the status of a database that this binary may migrate, and whether the database
// exists. It is an error if a newer binary has migrated the database.
func (s *Schema) behind(ctx context.Context, db *sql.DB) (status *Status, exists bool, err error) {
	if status, err = s.Status(ctx, db); err != nil {
		return nil, false, err
	}
	if status.Version > status.Latest {
		return nil, false, status.Check()
	}
	if exists, err = (store{s.target}).databaseExists(ctx, db); err != nil {
		return nil, false, s.fail("look for the database", err)
	}
	return status, exists, nil
}

// Plan returns the SQL that Up would run on the database behind db, in order; nothing if it is up
// to date. It changes nothing.
func (s *Schema) Plan(ctx context.Context, db *sql.DB) ([]Step, error) {
	status, ready, err := s.behind(ctx, db)
	if err != nil {
		return nil, err
	}
	st := store{s.target}
	var steps []Step
	if !ready {
		steps = append(steps, Step{0, "database", s.databaseSQL() + ";\n"})
	}
	if ready, err = st.tableExists(ctx, db); err != nil {
		return nil, s.fail("look for the version table", err)
	}
	if !ready {
		steps = append(steps, Step{0, "version table", st.createSQL() + ";\n" + st.insertSQL(0) + ";\n"})
	}
	for i, m := range status.Migrations {
		if m.Applied {
			continue
		}
		text, err := fs.ReadFile(s.fsys, s.versions[i].file)
		if err != nil {
			return nil, err
		}
		steps = append(steps, Step{m.Version, m.Name, withoutAnnotations(string(text)) + st.insertSQL(m.Version) + ";\n"})
	}
	return steps, nil
}

// Up migrates the database behind db to the newest version and returns the files that it ran.
// ClickHouse has no transactions for such statements: each may be run again, and after a failure Up
// resumes where it stopped.
func (s *Schema) Up(ctx context.Context, db *sql.DB) ([]string, error) {
	_, ready, err := s.behind(ctx, db)
	if err != nil {
		return nil, err
	}
	if !ready {
		if _, err := db.ExecContext(ctx, s.databaseSQL()); err != nil {
			return nil, s.fail("create the database", err)
		}
	}
	provider, err := goose.NewProvider("", db, s.fsys, goose.WithStore(store{s.target}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, s.fail("prepare", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, s.fail("apply", err)
	}
	ran := make([]string, len(results))
	for i, r := range results {
		ran[i] = r.Source.Path
	}
	return ran, nil
}

func (s *Schema) databaseSQL() string {
	return "CREATE DATABASE IF NOT EXISTS " + s.target.Database + s.target.OnCluster() + " ENGINE = Atomic"
}

func (s *Schema) fail(action string, err error) error {
	return fmt.Errorf("schema of database %s: %s: %w", s.target.Database, action, err)
}

// withoutAnnotations removes goose's annotations.
func withoutAnnotations(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "-- +goose") {
			b.WriteString(line)
		}
	}
	return strings.TrimLeft(b.String(), "\n")
}
