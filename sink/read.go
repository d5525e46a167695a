package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"alpemix-collector/report"
)

// ReadBack returns the stored connections of an account's day: UID to hash of the record, newest
// content, without withdrawn rows.
func (w *Writer) ReadBack(ctx context.Context, account string, day report.Day) (map[string]uint64, error) {
	from, to := aroundDay(day)
	rows, err := w.db.conn.Query(ctx, fmt.Sprintf(`SELECT uid, hash FROM %s.connection_rows FINAL
		WHERE account = {account:String} AND local_day = {day:Date}
		AND started_at >= toDateTime({from:Int64}, 'UTC') AND started_at < toDateTime({to:Int64}, 'UTC')
		SETTINGS do_not_merge_across_partitions_select_final = 1`, w.db.target.Database),
		clickhouse.Named("account", account), clickhouse.Named("day", day.String()),
		clickhouse.Named("from", from), clickhouse.Named("to", to))
	if err != nil {
		return nil, fmt.Errorf("read %s of account %s back from %s: %w", day, account, w.db.address, err)
	}
	defer rows.Close()
	stored := map[string]uint64{}
	for rows.Next() {
		var uid string
		var hash uint64
		if err := rows.Scan(&uid, &hash); err != nil {
			return nil, fmt.Errorf("read %s of account %s back from %s: %w", day, account, w.db.address, err)
		}
		stored[uid] = hash
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s of account %s back from %s: %w", day, account, w.db.address, err)
	}
	return stored, nil
}

// aroundDay returns the range of times that a day covers in every zone. None is more than 14 hours
// from UTC. The range limits a query to a few partitions and a part of the primary key.
func aroundDay(day report.Day) (from, to string) {
	start := day.UTC()
	return fmt.Sprint(max(start.Add(-24*time.Hour).Unix(), 0)), fmt.Sprint(start.Add(48 * time.Hour).Unix())
}

// Quarantined returns at most limit unresolved records, oldest first. Their Hash is their key in
// quarantine.
func (w *Writer) Quarantined(ctx context.Context, limit int) ([]report.Reject, error) {
	rows, err := w.db.conn.Query(ctx, fmt.Sprintf(`SELECT at, vendor, account, reason, detail, raw, charset, hash, version
		FROM %s.quarantine_rows FINAL WHERE resolved_at IS NULL AND NOT moved ORDER BY at, vendor, account, hash LIMIT %d`, w.db.target.Database, limit))
	if err != nil {
		return nil, fmt.Errorf("read the quarantine from %s: %w", w.db.address, err)
	}
	defer rows.Close()
	var rejects []report.Reject
	for rows.Next() {
		var r report.Reject
		if err := rows.Scan(&r.At, &r.Vendor, &r.Account, &r.Reason, &r.Detail, &r.Raw, &r.Charset, &r.Hash, &r.Version); err != nil {
			return nil, fmt.Errorf("read the quarantine from %s: %w", w.db.address, err)
		}
		rejects = append(rejects, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the quarantine from %s: %w", w.db.address, err)
	}
	return rejects, nil
}
