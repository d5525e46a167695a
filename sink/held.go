package sink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"alpemix-collector/report"
)

// errIdentity: another replica has written the id, but this one has not received it yet.
var errIdentity = errors.New("the id of the database was written and cannot be read yet")

// Identity returns the random id of the database, and creates one if there is none. A replaced,
// emptied or recreated database gets another id. On a cluster it waits for a replica that is
// behind, as far as the user's rights allow.
func (w *Writer) Identity(ctx context.Context) (string, error) {
	id, err := w.identity(ctx)
	if id != "" || err != nil {
		return id, err
	}
	table := w.db.target.Database + ".identity_rows"
	if w.db.target.Cluster != "" {
		_ = w.db.conn.Exec(ctx, "SYSTEM SYNC REPLICA "+table) // the user may lack this right
		if id, err = w.identity(ctx); id != "" || err != nil {
			return id, err
		}
	}
	err = w.db.conn.Exec(ctx, "INSERT INTO "+table+" SELECT {id:String}, now64(6, 'UTC')", named("id", rand.Text()))
	if err != nil {
		return "", fmt.Errorf("write the id of the database at %s: %w", w.db.address, err)
	}
	if id, err = w.identity(ctx); id == "" && err == nil {
		err = fmt.Errorf("ClickHouse at %s: %w", w.db.address, errIdentity)
	}
	return id, err
}

func (w *Writer) identity(ctx context.Context) (string, error) {
	var ids []struct {
		ID string `ch:"id"`
	}
	err := w.rows(ctx, &ids, "SELECT id FROM "+w.db.target.Database+".identity_rows ORDER BY created_at, id LIMIT 1")
	if err != nil {
		return "", fmt.Errorf("read the id of the database: %w", err)
	}
	if len(ids) == 0 {
		return "", nil
	}
	return ids[0].ID, nil
}

// Days returns the states of an account's days, oldest first.
func (w *Writer) Days(ctx context.Context, account string) ([]report.DayStatus, error) {
	var rows []struct {
		Day      time.Time  `ch:"day"`
		State    string     `ch:"state"`
		Rows     uint64     `ch:"rows"`
		SealedAt *time.Time `ch:"sealed_at"`
		Version  uint64     `ch:"version"`
		Doubt    string     `ch:"doubt"`
	}
	err := w.rows(ctx, &rows, fmt.Sprintf(`SELECT day, state, rows, sealed_at, version, doubt FROM %s.day_rows FINAL
		WHERE account = {account:String} AND NOT moved ORDER BY day`, w.db.target.Database),
		named("account", account))
	if err != nil {
		return nil, fmt.Errorf("read the days of account %s: %w", account, err)
	}
	days := make([]report.DayStatus, len(rows))
	for i, r := range rows {
		days[i] = report.DayStatus{
			Account: account, Day: report.DayOf(r.Day), State: report.DayState(r.State), Rows: r.Rows, Version: r.Version, Doubt: r.Doubt,
		}
		if r.SealedAt != nil {
			days[i].SealedAt = r.SealedAt.UTC()
		}
	}
	return days, nil
}

// Counts returns the number of an account's connections per local day, from one day to another.
func (w *Writer) Counts(ctx context.Context, account string, from, to report.Day) (map[report.Day]uint64, error) {
	var rows []struct {
		Day  time.Time `ch:"local_day"`
		Rows uint64    `ch:"rows"`
	}
	err := w.rows(ctx, &rows, fmt.Sprintf(`SELECT local_day, count() AS rows FROM %s.connections
		WHERE account = {account:String} AND local_day BETWEEN {from:Date} AND {to:Date}
		AND %s GROUP BY local_day`, w.db.target.Database, startedBetween(from, to)),
		named("account", account), named("from", from.String()), named("to", to.String()))
	if err != nil {
		return nil, fmt.Errorf("count the connections of account %s: %w", account, err)
	}
	counts := map[report.Day]uint64{}
	for _, r := range rows {
		counts[report.DayOf(r.Day)] = r.Rows
	}
	return counts, nil
}

// CountSealed writes the states of sealed days again of which more connections are stored than were
// counted when they were sealed, as after an import. Of other days the view days counts the rows.
func (w *Writer) CountSealed(ctx context.Context, account string, imported map[report.Day]bool) error {
	if len(imported) == 0 {
		return nil
	}
	states, err := w.Days(ctx, account)
	if err != nil {
		return err
	}
	days := slices.Sorted(maps.Keys(imported))
	counts, err := w.Counts(ctx, account, days[0], days[len(days)-1])
	if err != nil {
		return err
	}
	var b report.Batch
	for _, d := range states {
		if n := counts[d.Day]; imported[d.Day] && d.State == report.DaySealed && n > d.Rows {
			d.Rows, d.Version = n, d.Version+1
			b.Days = append(b.Days, d)
		}
	}
	return w.Write(ctx, b)
}

// startedBetween limits a query to a few partitions and a range of the primary key. No zone is more
// than 14 hours from UTC.
func startedBetween(from, to report.Day) string {
	return fmt.Sprintf("started_at >= toDateTime(%d, 'UTC') AND started_at < toDateTime(%d, 'UTC')",
		max((from-1).UTC().Unix(), 0), min((to+2).UTC().Unix(), lastSecond))
}

// Holds reports whether any connection of an account is stored in a range of local days.
func (w *Writer) Holds(ctx context.Context, account string, from, to report.Day) (bool, error) {
	var rows []struct {
		Account string `ch:"account"`
	}
	err := w.rows(ctx, &rows, fmt.Sprintf(`SELECT account FROM %s.connection_rows
		WHERE account = {account:String} AND local_day BETWEEN {from:Date} AND {to:Date} AND %s LIMIT 1`,
		w.db.target.Database, startedBetween(from, to)),
		named("account", account), named("from", from.String()), named("to", to.String()))
	if err != nil {
		return false, fmt.Errorf("look for connections of account %s: %w", account, err)
	}
	return len(rows) > 0, nil
}

// Connections returns an account's stored connections since a local day, by UID.
func (w *Writer) Connections(ctx context.Context, account string, from report.Day) (map[string]report.Identity, error) {
	var rows []struct {
		UID         string    `ch:"uid"`
		Hash        uint64    `ch:"hash"`
		StartedAt   time.Time `ch:"started_at"`
		Seconds     uint32    `ch:"duration_seconds"`
		FirstSeenAt time.Time `ch:"first_seen_at"`
		Day         time.Time `ch:"local_day"`
	}
	err := w.rows(ctx, &rows, fmt.Sprintf(`SELECT uid, hash, started_at, duration_seconds, first_seen_at, local_day
		FROM %s.connection_rows FINAL
		WHERE account = {account:String} AND local_day >= {from:Date} AND started_at >= toDateTime(%d, 'UTC') AND NOT deleted
		ORDER BY version
		SETTINGS do_not_merge_across_partitions_select_final = 1`, w.db.target.Database, max((from-1).UTC().Unix(), 0)),
		named("account", account), named("from", from.String()))
	if err != nil {
		return nil, fmt.Errorf("read the connections of account %s since %s: %w", account, from, err)
	}
	held := make(map[string]report.Identity, len(rows))
	for _, r := range rows {
		held[r.UID] = report.Identity{
			Hash: r.Hash, StartedAt: r.StartedAt.UTC(), Duration: time.Duration(r.Seconds) * time.Second,
			FirstSeenAt: r.FirstSeenAt.UTC(), LocalDay: report.DayOf(r.Day),
		}
	}
	return held, nil
}

// Held returns what is stored about customers and allotments.
func (w *Writer) Held(ctx context.Context) (report.Held, error) {
	held := report.Held{Customers: map[report.CustomerLine]bool{}, Allotments: map[report.AllotmentKey]time.Time{}}
	var lines []struct {
		Customer string `ch:"customer"`
		Vendor   string `ch:"vendor"`
		Account  string `ch:"account"`
		Field    string `ch:"field"`
		Value    string `ch:"value"`
	}
	err := w.rows(ctx, &lines, "SELECT customer, vendor, account, field, value FROM "+w.db.target.Database+".customers")
	if err != nil {
		return held, fmt.Errorf("read the customers: %w", err)
	}
	for _, l := range lines {
		held.Customers[report.CustomerLine(l)] = true
	}
	var periods []struct {
		Vendor   string    `ch:"vendor"`
		Account  string    `ch:"account"`
		Customer string    `ch:"customer"`
		Resource string    `ch:"resource"`
		From     time.Time `ch:"newest"`
	}
	err = w.rows(ctx, &periods, fmt.Sprintf(`SELECT vendor, account, customer, resource, max(valid_from) AS newest
		FROM %s.allotment_rows GROUP BY vendor, account, customer, resource`, w.db.target.Database))
	if err != nil {
		return held, fmt.Errorf("read the allotments: %w", err)
	}
	for _, p := range periods {
		held.Allotments[report.AllotmentKey{Vendor: p.Vendor, Account: p.Account, Customer: p.Customer, Resource: p.Resource}] = p.From.UTC()
	}
	return held, nil
}
