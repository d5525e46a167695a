package migrations_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The promised columns of the views, in order.
var contract = map[string]string{
	"connections": "account, uid, started_at, ended_at, duration_seconds, mode, explanation, support_number, staff_name, staff_ip, " +
		"staff_local_ip, staff_device, staff_alpemix_id, target_name, target_ip, target_local_ip, target_device, target_alpemix_id, " +
		"local_day, first_seen_at, fetched_at, raw",
	"daily_usage": "account, day, staff_name, connections, seconds",
	"days":        "account, day, state, rows, sealed_at, doubt",
	"fetches":     "at, vendor, account, job, outcome, code, rows, new_rows, changed_rows, quarantined_rows, bytes, seconds",
	"quarantine":  "at, vendor, account, reason, detail, raw, resolved_at",
	"allotments":  "at, vendor, account, customer, resource, allotted, utilized, unit, active, created_on, raw",
	"allotment_history": "at, vendor, account, customer, resource, allotted, utilized, unit, active, created_on, raw, " +
		"valid_from, valid_to",
	"customers":          "customer, vendor, account, field, value",
	"usage_vs_allotment": "customer, month, connections, seconds, resource, allotted, utilized, ratio",
	"provisioning_log":   "at, vendor, account, action, subject, outcome, detail",
}

func TestViewsHaveTheContractsColumns(t *testing.T) {
	db := open(t)
	if _, err := schema(t, "contract").Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	views := query(t, db, "SELECT name FROM system.tables WHERE database = 'contract' AND engine = 'View' ORDER BY name")
	if len(views) != len(contract) {
		t.Errorf("views: %v", views)
	}
	for view, want := range contract {
		got := query(t, db, "SELECT name FROM system.columns WHERE database = 'contract' AND table = '%s' ORDER BY position", view)
		if diff := cmp.Diff(strings.Split(want, ", "), got); diff != "" {
			t.Errorf("%s (-contract +view)\n%s", view, diff)
		}
	}
	// Users see UTC and seconds everywhere.
	times := query(t, db, "SELECT DISTINCT type FROM system.columns WHERE database = 'contract' AND table IN (%s) AND type LIKE '%%Date%%' ORDER BY type",
		"'"+strings.Join(views, "', '")+"'")
	if diff := cmp.Diff([]string{"Date", "DateTime('UTC')", "Nullable(Date)", "Nullable(DateTime('UTC'))"}, times); diff != "" {
		t.Error(diff)
	}
}

// A filter on a view reaches its table: started_at uses the partitions and the key, a day uses the
// range index (FINAL reads the edges of every month in addition).
func TestFiltersReachTheTable(t *testing.T) {
	db := open(t)
	if _, err := schema(t, "pruned").Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO pruned.connection_rows (account, uid, started_at, local_day, version)
		SELECT if(number % 2, 'a', 'b'), toString(number), toDateTime('2025-01-01 00:00:00', 'UTC') + number * 60 AS at, toDate(at), 1 FROM numbers(600000)
		SETTINGS max_partitions_per_insert_block = 0`)
	all := granules(t, db, "SELECT count(ignore(*)) FROM pruned.connections")
	for _, filter := range []string{
		"account = 'a' AND started_at >= '2025-06-10 00:00:00' AND started_at < '2025-06-11 00:00:00'",
		"account = 'a' AND local_day = '2025-06-10'",
	} {
		if read := granules(t, db, "SELECT count(ignore(*)) FROM pruned.connections WHERE "+filter); read == 0 || read > all/2 {
			t.Errorf("%s reads %d of %d granules", filter, read, all)
		}
	}
	if read := granules(t, db, "SELECT * FROM pruned.daily_usage WHERE account = 'a' AND day = '2025-06-10'"); read == 0 || read > all/2 {
		t.Errorf("a day of daily_usage reads %d of %d granules", read, all)
	}
	if read := granules(t, db, "SELECT * FROM pruned.usage_vs_allotment WHERE month = '2025-06-01'"); read == 0 || read > all/3 {
		t.Errorf("a month of usage_vs_allotment reads %d of %d granules", read, all)
	}
}

func TestViewsReadTheNewestContentOnce(t *testing.T) {
	db := open(t)
	if _, err := schema(t, "newest").Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO newest.connection_rows (account, uid, started_at, duration_seconds, mode, staff_name, local_day, version, deleted) VALUES
		('a', '1', '2026-01-31 23:59:00', 60, 'support', 'Ayşe', '2026-02-01', 1, 0),
		('a', '2', '2026-02-01 08:00:00', 10, 'presentation', 'Ayşe', '2026-02-01', 1, 0);
INSERT INTO newest.connection_rows (account, uid, started_at, duration_seconds, mode, staff_name, local_day, version, deleted) VALUES
		('a', '1', '2026-01-31 23:59:00', 90, 'support', 'Ayşe', '2026-02-01', 3, 0),
		('a', '2', '2026-02-01 08:00:00', 0, 'unknown', '', '2026-02-01', 2, 1),
		('a', '2', '2026-02-01 09:00:00', 10, 'presentation', 'Ayşe', '2026-02-01', 2, 0);
INSERT INTO newest.connection_rows (account, uid, started_at, duration_seconds, mode, staff_name, local_day, version, deleted) VALUES
		('a', '1', '2026-01-31 23:59:00', 70, 'support', 'Ayşe', '2026-02-01', 2, 0);
INSERT INTO newest.day_rows (account, day, state, rows, sealed_at, version) VALUES ('a', '2026-02-01', 'sealed', 2, '2026-02-02 01:00:00', 2);
INSERT INTO newest.day_rows (account, day, state, rows, sealed_at, version) VALUES ('a', '2026-02-01', 'open', 1, NULL, 1);
INSERT INTO newest.fetch_rows VALUES ('2026-02-01 09:00:00.000001', 'alpemix', 'a', 'today', 'ok', 0, 2, 1, 0, 0, 700, 0.25), ('2026-02-01 09:00:00.000002', 'alpemix', 'a', 'today', 'ok', 0, 2, 0, 0, 0, 700, 0.25);
INSERT INTO newest.fetch_rows VALUES ('2026-02-01 09:00:00.000001', 'alpemix', 'a', 'today', 'ok', 0, 2, 1, 0, 0, 700, 0.25);
INSERT INTO newest.quarantine_rows (at, vendor, account, reason, detail, raw, hash, resolved_at, version) VALUES ('2026-02-01 09:00:00', 'alpemix', 'a', 'dt', 'no dt', '{}', 7, '2026-02-01 10:00:00', 2);
INSERT INTO newest.quarantine_rows (at, vendor, account, reason, detail, raw, hash, resolved_at, version) VALUES ('2026-02-01 09:00:00', 'alpemix', 'a', 'dt', 'no dt', '{}', 7, NULL, 1);
`)
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"SELECT uid, toString(started_at), toString(ended_at), duration_seconds, mode FROM newest.connections ORDER BY uid", []string{
			"1 | 2026-01-31 23:59:00 | 2026-02-01 00:00:30 | 90 | support",
			"2 | 2026-02-01 09:00:00 | 2026-02-01 09:00:10 | 10 | presentation"}},
		{"SELECT account, toString(day), staff_name, connections, seconds FROM newest.daily_usage", []string{"a | 2026-02-01 | Ayşe | 2 | 100"}},
		{"SELECT account, toString(day), state, rows, toString(sealed_at) FROM newest.days", []string{"a | 2026-02-01 | sealed | 2 | 2026-02-02 01:00:00"}},
		{"SELECT toString(at), new_rows FROM newest.fetches ORDER BY new_rows", []string{"2026-02-01 09:00:00 | 0", "2026-02-01 09:00:00 | 1"}},
		{"SELECT reason, toString(resolved_at) FROM newest.quarantine", []string{"dt | 2026-02-01 10:00:00"}},
	} {
		got := query(t, db, "%s", tc.query)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s\n%s", tc.query, diff)
		}
	}
}
