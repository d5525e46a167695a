package sink

import (
	"context"
	"errors"
	"fmt"

	"alpemix-collector/migrations"
)

var errReadOnlyUser = errors.New("the profile of this user sets readonly; give the user another profile, or name another user in clickhouse.dsn")

// CheckWrites returns why this user cannot store rows, nil if it can: it inserts no rows into each table. Where the schema is
// not there yet, it asks for the right to make it.
func (d *DB) CheckWrites(ctx context.Context, s *migrations.Status) error {
	var readOnly string
	err := d.bare.QueryRowContext(ctx, "SELECT toString(value) FROM system.settings WHERE name = 'readonly'").Scan(&readOnly)
	if err == nil && readOnly != "0" { // who may not ask finds out below
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

// checkGrant asks for the rights that the migrations need. A server that does not know the question is not in doubt.
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

// checkReplicas finds replicated tables that take no writes at present, which an insert of nothing does not.
func (d *DB) checkReplicas(ctx context.Context) error {
	var table string
	var replicas uint64
	err := d.bare.QueryRowContext(ctx, fmt.Sprintf("SELECT min(table), count() FROM system.replicas WHERE database = '%s' AND is_readonly", d.target.Database)).Scan(&table, &replicas)
	if err == nil && replicas > 0 {
		return fmt.Errorf("ClickHouse at %s does not accept writes: the replica of %d tables is read-only, %s among them; is its Keeper reachable?", d.address, replicas, table)
	}
	return nil // who may not read that table of the server's is not in doubt
}
