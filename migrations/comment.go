package migrations

import (
	"context"
	"database/sql"
)

// Create creates the database behind db with a comment. An existing database keeps its own comment.
func (s *Schema) Create(ctx context.Context, db *sql.DB, comment string) error {
	if _, err := db.ExecContext(ctx, s.databaseSQL()+" COMMENT "+quote(comment)); err != nil {
		return s.fail("create the database", err)
	}
	return nil
}

// Comment returns the comment of the database behind db, or "" if there is no database.
func (s *Schema) Comment(ctx context.Context, db *sql.DB) (string, error) {
	var comment string
	err := db.QueryRowContext(ctx, "SELECT max(comment) FROM system.databases WHERE name = "+quote(s.target.Database)).Scan(&comment)
	if err != nil {
		return "", s.fail("read its comment", err)
	}
	return comment, nil
}
