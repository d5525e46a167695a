package sink

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"alpemix-collector/report"
)

// Hashes returns, in ascending order, the record hashes of an account's stored connections of a
// day, and the charsets of those that have one.
func (w *Writer) Hashes(ctx context.Context, account string, day report.Day) (hashes []uint64, charsets map[uint64]string, err error) {
	failed := func(err error) error {
		return fmt.Errorf("read which records of %s of account %s are stored in %s: %w", day, account, w.db.address, err)
	}
	from, to := aroundDay(day)
	rows, err := w.db.conn.Query(ctx, fmt.Sprintf(`SELECT hash, charset FROM %s.connection_rows FINAL
		WHERE account = {account:String} AND local_day = {day:Date}
		AND started_at >= toDateTime({from:Int64}, 'UTC') AND started_at < toDateTime({to:Int64}, 'UTC') ORDER BY hash
		SETTINGS do_not_merge_across_partitions_select_final = 1`, w.db.target.Database),
		clickhouse.Named("account", account), clickhouse.Named("day", day.String()), clickhouse.Named("from", from), clickhouse.Named("to", to))
	if err != nil {
		return nil, nil, failed(err)
	}
	defer rows.Close()
	charsets = map[uint64]string{}
	for rows.Next() {
		var hash uint64
		var charset string
		if err := rows.Scan(&hash, &charset); err != nil {
			return nil, nil, failed(err)
		}
		hashes = append(hashes, hash)
		if charset != "" {
			charsets[hash] = charset
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, failed(err)
	}
	return hashes, charsets, nil
}
