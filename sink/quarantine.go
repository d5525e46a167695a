package sink

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"alpemix-collector/report"
)

var (
	uidOf = regexp.MustCompile(`(?i)"uid"\s*:\s*(?:"([^"\\]+)"|([0-9]+)\s*[,}])`)
	hasDT = regexp.MustCompile(`(?i)"dt"\s*:\s*"[^"]`)
	// growing matches the fields that change while a session runs and after it.
	growing = regexp.MustCompile(`(?i)"(?:dur:?|exp|supnum)"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^,}\]]*)`)
)

// uidIn returns the uid in a record that could not be parsed, or "" if it has none.
func uidIn(raw string) string {
	all := uidOf.FindAllStringSubmatch(raw, -1)
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1] // like the parser for a repeated key
	return last[1] + last[2]
}

// recordKey identifies a record even if its text changes: by its uid; without one, by the
// unchanging part of a text with a dt; else by the text. So a running session that cannot be parsed
// stays one row.
func recordKey(r *report.Reject) uint64 {
	uid := uidIn(r.Raw)
	switch {
	case !r.ResolvedAt.IsZero(): // it was read from the quarantine
		return r.Hash
	case r.Reason == report.UIDTwice: // in addition to the other record with its uid
		return xxhash.Sum64String("twin\x00" + growing.ReplaceAllLiteralString(r.Raw, ""))
	case uid != "":
		return xxhash.Sum64String("uid\x00" + uid)
	case hasDT.MatchString(r.Raw):
		return xxhash.Sum64String(growing.ReplaceAllLiteralString(r.Raw, ""))
	}
	return r.Hash
}

// waiting is an unresolved record in quarantine that has a uid.
type waiting struct {
	Key     uint64 `ch:"hash"`
	UID     string `ch:"uid"`
	Version uint64 `ch:"version"`
}

const openRecords = `resolved_at IS NULL AND NOT moved`

func (w *Writer) waiting(ctx context.Context, account string) (open []waiting, err error) {
	err = w.rows(ctx, &open, fmt.Sprintf(`SELECT hash, uid, version FROM %s.quarantine_rows FINAL
		WHERE vendor = 'alpemix' AND account = %s AND uid != '' AND %s`, w.db.target.Database, literal(account), openRecords))
	if err != nil {
		return nil, fmt.Errorf("read the quarantine of account %s: %w", account, err)
	}
	return open, nil
}

// settle resolves records whose connection was stored later, or replaced by a newer text in
// quarantine, in this batch.
func (w *Writer) settle(ctx context.Context, b *report.Batch) error {
	stored := map[string]map[string]uint64{} // account, uid → version
	versions := func(account string) map[string]uint64 {
		if stored[account] == nil {
			stored[account] = map[string]uint64{}
		}
		return stored[account]
	}
	for i := range b.Connections {
		if c := &b.Connections[i]; !c.Deleted {
			v := versions(c.Account)
			v[c.UID] = max(v[c.UID], c.Version)
		}
	}
	for i := range b.Rejects {
		versions(b.Rejects[i].Account)
	}
	for _, account := range slices.Sorted(maps.Keys(stored)) {
		open, err := w.waiting(ctx, account)
		if err != nil {
			return err
		}
		if err := w.resolve(ctx, account, superseded(open, stored[account])); err != nil {
			return err
		}
	}
	return nil
}

// superseded returns the keys of records of which a newer version is stored or in quarantine.
func superseded(open []waiting, stored map[string]uint64) (keys []uint64) {
	newest := map[string]uint64{}
	for _, r := range open {
		newest[r.UID] = max(newest[r.UID], r.Version)
	}
	for _, r := range open {
		if r.Version < max(newest[r.UID], stored[r.UID]) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// SettleImported resolves an account's records whose connections an import has stored.
func (w *Writer) SettleImported(ctx context.Context, account string, uids map[string]bool) error {
	if len(uids) == 0 {
		return nil
	}
	open, err := w.waiting(ctx, account)
	if err != nil {
		return err
	}
	var keys []uint64
	for _, r := range open {
		if uids[r.UID] {
			keys = append(keys, r.Key)
		}
	}
	return w.resolve(ctx, account, keys)
}

// SettleStored resolves an account's records of which a newer version is stored. It finds what no
// batch has settled: records of earlier versions, and those of an import.
func (w *Writer) SettleStored(ctx context.Context, account string) error {
	open, err := w.waiting(ctx, account)
	if err != nil || len(open) == 0 {
		return err
	}
	stored := map[string]uint64{}
	for part := range slices.Chunk(open, 500) {
		var uids []string
		for _, r := range part {
			uids = append(uids, r.UID)
		}
		var found []waiting
		err := w.rows(ctx, &found, fmt.Sprintf(`SELECT uid, max(c.version) AS version FROM %s.connection_rows AS c
			WHERE account = {account:String} AND uid IN {uids:Array(String)} AND NOT deleted GROUP BY uid`,
			w.db.target.Database), named("account", account), named("uids", arrayText(uids)))
		if err != nil {
			return fmt.Errorf("look for quarantined connections of account %s: %w", account, err)
		}
		for _, c := range found {
			stored[c.UID] = c.Version
		}
	}
	return w.resolve(ctx, account, superseded(open, stored))
}

// Waits returns the uids of an account's unresolved records in quarantine.
func (w *Writer) Waits(ctx context.Context, account string) (map[string]bool, error) {
	open, err := w.waiting(ctx, account)
	uids := map[string]bool{}
	for _, r := range open {
		uids[r.UID] = true
	}
	return uids, err
}

// UID returns the uid in a record that could not be parsed, or "" if there is none.
func UID(r *report.Reject) string { return uidIn(r.Raw) }

// arrayText formats texts as a parameter of type Array(String).
func arrayText(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = literal(text)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// resolve marks records of an account as resolved, by their keys.
func (w *Writer) resolve(ctx context.Context, account string, keys []uint64) error {
	for part := range slices.Chunk(keys, 1000) {
		numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(part)), ","), "[]")
		err := w.markResolved(ctx, "q.version + 1", "q.account = {account:String} AND q.hash IN ("+numbers+")", account)
		if err != nil {
			return fmt.Errorf("settle quarantined records of account %s: %w", account, err)
		}
	}
	return nil
}

func (w *Writer) markResolved(ctx context.Context, version, condition, account string) error {
	return w.db.conn.Exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s.quarantine_rows
		SELECT q.* REPLACE (now('UTC') AS resolved_at, %[2]s AS version) FROM %[1]s.quarantine_rows AS q FINAL
		WHERE q.resolved_at IS NULL AND NOT q.moved AND %[3]s`, w.db.target.Database, version, condition),
		named("account", account))
}

// heldFor is how long a newer text does not reopen a dismissed record. Alpemix serves no record for
// longer.
const heldFor = 3 * 24 * time.Hour

// Dismissal selects records in quarantine. An empty field matches all.
type Dismissal struct {
	Keys            []uint64
	Account, Reason string
	Before          time.Time
}

func (d *Dismissal) condition() (string, []any) {
	conditions, parameters := []string{openRecords}, []any{}
	if len(d.Keys) > 0 {
		numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(d.Keys)), ","), "[]")
		conditions = append(conditions, "hash IN ("+numbers+")")
	}
	if d.Account != "" {
		conditions = append(conditions, "account = {account:String}")
		parameters = append(parameters, named("account", d.Account))
	}
	if d.Reason != "" {
		conditions = append(conditions, "reason = {reason:String}")
		parameters = append(parameters, named("reason", d.Reason))
	}
	if !d.Before.IsZero() {
		conditions = append(conditions, fmt.Sprintf("at < toDateTime(%d, 'UTC')", d.Before.Unix()))
	}
	return strings.Join(conditions, " AND "), parameters
}

// Dismissed is a record that a Dismissal selects.
type Dismissed struct {
	Vendor  string `ch:"vendor"`
	Account string `ch:"account"`
	Key     uint64 `ch:"hash"`
}

// ToDismiss returns the unresolved records that d selects.
func (w *Writer) ToDismiss(ctx context.Context, d Dismissal) (records []Dismissed, err error) {
	condition, parameters := d.condition()
	err = w.rows(ctx, &records, fmt.Sprintf(`SELECT vendor, account, hash FROM %s.quarantine_rows FINAL WHERE %s
		ORDER BY vendor, account, hash`, w.db.target.Database, condition), parameters...)
	if err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	return records, nil
}

// Dismiss marks records as resolved.
func (w *Writer) Dismiss(ctx context.Context, records []Dismissed) error {
	version := fmt.Sprintf("greatest(q.version, toUInt64(toUnixTimestamp64Micro(now64(6)))) + %d", heldFor.Microseconds())
	for part := range slices.Chunk(records, 500) {
		var named []string
		for _, r := range part {
			named = append(named, fmt.Sprintf("(%s, %s, %d)", literal(r.Vendor), literal(r.Account), r.Key))
		}
		err := w.markResolved(ctx, version, "(q.vendor, q.account, q.hash) IN ("+strings.Join(named, ", ")+")", "")
		if err != nil {
			return fmt.Errorf("dismiss quarantined records: %w", err)
		}
	}
	return nil
}

// literal quotes text as an SQL string.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
