package migrations

import (
	"context"
	"database/sql"
)

// Create makes the database behind db, with a comment. One that is there keeps its own.
func (s *Schema) Create(ctx context.Context, db *sql.DB, comment string) error {
	if _, err := db.ExecContext(ctx, s.databaseSQL()+" COMMENT "+quote(comment)); err != nil {
		return s.fail("create the database", err)
	}
	return nil
}

// Comment is that of the database behind db, empty if there is no database.
func (s *Schema) Comment(ctx context.Context, db *sql.DB) (string, error) {
	var comment string
	err := db.QueryRowContext(ctx, "SELECT max(comment) FROM system.databases WHERE name = "+quote(s.target.Database)).Scan(&comment)
	if err != nil {
		return "", s.fail("read its comment", err)
	}
	return comment, nil
}
