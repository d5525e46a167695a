package sink

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// WithdrawMoved keeps one connection per uid of an account: if a uid has rows with different
// starts, the newest content counts and the others are withdrawn. The collector withdraws the old
// start with the row that replaces it. An import does not know what is stored, so it calls
// WithdrawMoved at the end. It may be run again.
func (w *Writer) WithdrawMoved(ctx context.Context, account string) error {
	named := clickhouse.Named("account", account)
	var moved uint64
	err := w.db.conn.QueryRow(ctx, fmt.Sprintf("SELECT count() FROM ("+severalStarts+")", w.db.target.Database), named).Scan(&moved)
	if err == nil && moved > 0 {
		err = w.db.conn.Exec(ctx, fmt.Sprintf(withdrawMoved, w.db.target.Database), named)
	}
	if err != nil {
		return fmt.Errorf("withdraw connections of account %s that have moved, in %s: %w", account, w.db.address, err)
	}
	return nil
}

// severalStarts selects the uids that ever had more than one start, usually none. It reads without
// FINAL, which would cost more than the rest of an import.
const severalStarts = `SELECT uid FROM %[1]s.connection_rows WHERE account = {account:String} GROUP BY uid HAVING min(started_at) != max(started_at)`

// The withdrawal's version is one above the row's, so that it wins even if the row is imported
// again.
const withdrawMoved = `INSERT INTO %[1]s.connection_rows
WITH moved AS
(
	SELECT uid, argMax(started_at, version) AS newest
	FROM %[1]s.connection_rows FINAL
	WHERE account = {account:String} AND uid IN (` + severalStarts + `)
	GROUP BY uid
	HAVING count() > 1
	SETTINGS do_not_merge_across_partitions_select_final = 1
)
SELECT rows.* REPLACE (rows.version + 1 AS version, 1 AS deleted)
FROM %[1]s.connection_rows AS rows FINAL
INNER JOIN moved ON moved.uid = rows.uid
WHERE rows.account = {account:String} AND rows.uid IN (` + severalStarts + `) AND rows.started_at != moved.newest
SETTINGS do_not_merge_across_partitions_select_final = 1`
