package sink

import (
	"context"
	"errors"
	"fmt"

	"alpemix-collector/migrations"
)

var errReadOnlyUser = errors.New("this user's profile sets readonly;" +
	" give the user another profile, or set another user in clickhouse.dsn")

// CheckWrites returns why this user cannot store rows, or nil if it can. It inserts no rows into
// each table or, if there is no schema yet, checks for the right to create it.
func (d *DB) CheckWrites(ctx context.Context, s *migrations.Status) error {
	var readOnly string
	err := d.bare.QueryRowContext(ctx, "SELECT toString(value) FROM system.settings WHERE name = 'readonly'").Scan(&readOnly)
	if err == nil && readOnly != "0" { // if the query is not allowed, the checks below find out
		return fmt.Errorf("ClickHouse at %s does not accept writes: %w", d.address, errReadOnlyUser)
	}
	if s.Version == 0 {
		return d.checkGrant(ctx)
	}
	for _, table := range []string{
		connectionTable.name, rejectTable.name, dayTable.name, fetchTable.name,
		allotmentTable.name, snapshotTable.name, provisioningTable.name, customerTable.name,
	} {
		insert := fmt.Sprintf("INSERT INTO %[1]s.%[2]s SELECT * FROM %[1]s.%[2]s WHERE 0", d.target.Database, table)
		if _, err := d.bare.ExecContext(ctx, insert); err != nil {
			return fmt.Errorf("ClickHouse at %s does not accept writes: %w", d.address, err)
		}
	}
	return d.checkReplicas(ctx)
}

// checkGrant checks for the rights that the migrations need. If the server can't answer, it assumes
// they are there.
func (d *DB) checkGrant(ctx context.Context) error {
	const rights = "CREATE TABLE, CREATE VIEW, ALTER TABLE, INSERT, SELECT"
	var granted uint8
	err := d.bare.QueryRowContext(ctx, fmt.Sprintf("CHECK GRANT %s ON %s.*", rights, d.target.Database)).Scan(&granted)
	switch {
	case err == nil && granted == 0:
		return fmt.Errorf("ClickHouse at %s: this user may not create the tables in database %s; it needs %s", d.address, d.target.Database, rights)
	case err != nil && (Reason(err) == ReasonReadOnly || Reason(err) == ReasonAuth):
		return fmt.Errorf("ClickHouse at %s does not accept writes: %w", d.address, err)
	}
	return nil
}

// checkReplicas finds replicated tables that are read-only at present, which inserting no rows does
// not.
func (d *DB) checkReplicas(ctx context.Context) error {
	var table string
	var replicas uint64
	err := d.bare.QueryRowContext(ctx, fmt.Sprintf("SELECT min(table), count() FROM system.replicas WHERE database = '%s' AND is_readonly", d.target.Database)).Scan(&table, &replicas)
	if err == nil && replicas > 0 {
		return fmt.Errorf("ClickHouse at %s does not accept writes: the replica of %d tables is read-only, %s among them; is its Keeper reachable?", d.address, replicas, table)
	}
	return nil // without access to system.replicas, assume that all is well
}
