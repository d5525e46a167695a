package migrations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3/database"
)

// store keeps goose's record of applied migrations. goose's own table for ClickHouse is a plain
// MergeTree. On a cluster it exists on one node only, so that another node would start over.
type store struct{ target Target }

var _ database.Store = store{}

func (s store) Tablename() string { return s.target.Database + ".schema_version" }

func (s store) createSQL() string {
	return fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s%s
(
    version    Int64 COMMENT 'Number of an applied migration; 0 stands for the empty schema',
    applied_at DateTime('UTC') COMMENT 'When it was applied, UTC'
)
ENGINE = %s
ORDER BY version
SETTINGS %s
COMMENT 'Applied migrations of the schema'`,
		s.Tablename(), s.target.OnCluster(), s.target.Engine("ReplacingMergeTree", ""), s.target.Durable())
}

func (s store) insertSQL(version int64) string {
	return fmt.Sprintf("INSERT INTO %s SELECT %d, now()", s.Tablename(), version)
}

func (s store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, s.createSQL())
	return err
}

func (s store) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	_, err := db.ExecContext(ctx, s.insertSQL(req.Version))
	return err
}

// Delete would be for downward migrations. There are none, because dropping a table drops its data.
func (s store) Delete(context.Context, database.DBTxConn, int64) error {
	return errors.New("the schema has no downward migrations")
}

func (s store) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var r database.GetMigrationResult
	var n uint64
	err := db.QueryRowContext(ctx, "SELECT count(), min(applied_at) FROM "+s.Tablename()+
		" WHERE version = "+strconv.FormatInt(version, 10)).Scan(&n, &r.Timestamp)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, database.ErrVersionNotFound
	}
	r.IsApplied = true
	return &r, nil
}

func (s store) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	applied, err := s.ListMigrations(ctx, db)
	if err != nil {
		return 0, err
	}
	return applied[0].Version, nil
}

// ListMigrations returns the applied versions, newest first. The last is always 0, even if the
// process died after it created the table and before it inserted version 0.
func (s store) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := db.QueryContext(ctx, "SELECT DISTINCT version FROM "+s.Tablename()+" WHERE version > 0 ORDER BY version DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var applied []*database.ListMigrationsResult
	for rows.Next() {
		m := &database.ListMigrationsResult{IsApplied: true}
		if err := rows.Scan(&m.Version); err != nil {
			return nil, err
		}
		applied = append(applied, m)
	}
	return append(applied, &database.ListMigrationsResult{IsApplied: true}), rows.Err()
}

// databaseExists and tableExists are checked before anything is created: on a managed server
// somebody else often creates the database, and this user may not.
func (s store) databaseExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	return exists(ctx, db, "SELECT count() FROM system.databases WHERE name = "+quote(s.target.Database))
}

func (s store) tableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	return exists(ctx, db, "SELECT count() FROM system.tables WHERE name = 'schema_version' AND database = "+quote(s.target.Database))
}

func exists(ctx context.Context, db database.DBTxConn, query string) (bool, error) {
	var n uint64
	err := db.QueryRowContext(ctx, query).Scan(&n)
	return n > 0, err
}

// quote returns a string literal of a name that Validate accepted.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
