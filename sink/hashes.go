package sink

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"alpemix-collector/report"
)

// StoredRecord is the record of a stored connection.
type StoredRecord struct {
	UID     uint64 // xxHash64 of the uid
	Hash    uint64
	Version uint64
}

// Records returns the records of an account's stored connections of a day, in ascending order of
// UID, and the charsets by hash of those that have one.
func (w *Writer) Records(ctx context.Context, account string, day report.Day) (records []StoredRecord, charsets map[uint64]string, err error) {
	failed := func(err error) error {
		return fmt.Errorf("read which records of %s of account %s are stored in %s: %w", day, account, w.db.address, err)
	}
	from, to := aroundDay(day)
	rows, err := w.db.conn.Query(ctx, fmt.Sprintf(`SELECT xxHash64(uid) AS id, hash, version, charset FROM %s.connection_rows FINAL
		WHERE account = {account:String} AND local_day = {day:Date}
		AND started_at >= toDateTime({from:Int64}, 'UTC') AND started_at < toDateTime({to:Int64}, 'UTC') ORDER BY id
		SETTINGS do_not_merge_across_partitions_select_final = 1`, w.db.target.Database),
		clickhouse.Named("account", account), clickhouse.Named("day", day.String()), clickhouse.Named("from", from), clickhouse.Named("to", to))
	if err != nil {
		return nil, nil, failed(err)
	}
	defer rows.Close()
	charsets = map[uint64]string{}
	for rows.Next() {
		var r StoredRecord
		var charset string
		if err := rows.Scan(&r.UID, &r.Hash, &r.Version, &charset); err != nil {
			return nil, nil, failed(err)
		}
		records = append(records, r)
		if charset != "" {
			charsets[r.Hash] = charset
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, failed(err)
	}
	return records, charsets, nil
}
