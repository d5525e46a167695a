package migrations_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The rows of a lost day are the stored ones, even if an import adds them later. What a renamed
// account left under its old name is in no view.
func TestLostDaysAndRenamedAccounts(t *testing.T) {
	const connections = `INSERT INTO DB.connection_rows (account, uid, started_at, local_day, version) VALUES `
	const days = `INSERT INTO DB.day_rows (account, day, state, rows, sealed_at, version, moved) VALUES `
	const lost = days + `('a', '2026-03-01', 'gap', 2, NULL, 1, 0);
		INSERT INTO DB.connection_rows (account, uid, started_at, local_day, version) VALUES
		('a', '1', '2026-03-01 08:00:00', '2026-03-01', 1), ('a', '2', '2026-03-01 09:00:00', '2026-03-01', 1)`
	play(t, "lost_days", []scene{
		{"a lost day", []string{lost}, []ask{{"SELECT day, state, rows FROM DB.days", []string{"2026-03-01 00:00:00 +0000 UTC | gap | 2"}}}},
		{"an import into it", []string{lost, connections + `('a', '3', '2026-03-01 10:00:00', '2026-03-01', 1)`},
			[]ask{{"SELECT rows FROM DB.days", []string{"3"}}}},
		{"an import of what is there", []string{lost, connections + `('a', '2', '2026-03-01 09:00:00', '2026-03-01', 2)`},
			[]ask{{"SELECT rows FROM DB.days", []string{"2"}}}},
		{"rows of another account and day", []string{lost, connections + `('b', '3', '2026-03-01 10:00:00', '2026-03-01', 1), ('a', '4', '2026-03-02 10:00:00', '2026-03-02', 1)`},
			[]ask{{"SELECT rows FROM DB.days", []string{"2"}}}},
		{"a sealed day keeps the rows of its seal", []string{days + `('a', '2026-03-01', 'sealed', 9, '2026-03-02 00:10:00', 1, 0)`},
			[]ask{{"SELECT rows FROM DB.days", []string{"9"}}}},
		{"a renamed account", []string{
			days + `('a', '2026-03-01', 'open', 0, NULL, 1, 0), ('b', '2026-03-01', 'open', 0, NULL, 1, 0)`,
			days + `('a', '2026-03-01', 'open', 0, NULL, 2, 1)`,
			periods + `(1, 'remotepc', 'a', 'X', 'computers', 5, 1, '', '2026-03-01 00:00:00', '2026-03-01 00:00:00', NULL),
				(1, 'remotepc', 'b', 'X', 'computers', 5, 1, '', '2026-03-01 00:00:00', '2026-03-01 00:00:00', NULL)`,
			`INSERT INTO DB.allotment_rows (version, vendor, account, customer, resource, valid_from, valid_to)
				VALUES (2, 'remotepc', 'a', 'X', 'computers', '2026-03-01 00:00:00', '2026-03-01 00:00:00')`,
			`INSERT INTO DB.quarantine_rows (at, vendor, account, hash, version) VALUES (now(), 'alpemix', 'a', 1, 1), (now(), 'alpemix', 'b', 1, 1)`,
			`INSERT INTO DB.quarantine_rows (at, vendor, account, hash, version, moved) VALUES (now(), 'alpemix', 'a', 1, 2, 1)`,
		}, []ask{
			{"SELECT account FROM DB.days", []string{"b"}},
			{"SELECT account FROM DB.allotment_history", []string{"b"}},
			{"SELECT account FROM DB.allotments", []string{"b"}},
			{"SELECT account FROM DB.quarantine", []string{"b"}},
			{"SELECT sum(allotted) FROM DB.usage_vs_allotment WHERE month = '2026-03-01'", []string{"5"}},
		}},
		{"the uid of records that were quarantined before it was recorded", []string{
			`INSERT INTO DB.quarantine_rows (at, vendor, account, raw, hash, version) VALUES (now(), 'alpemix', 'a', '{"uid" : "u-1","dur":-1}', 1, 1)`,
		}, []ask{{"SELECT uid FROM DB.quarantine_rows", []string{"u-1"}}}},
	})
}

// TestDroppedTablesAreCreatedAgain: missing tables come back empty, and the others keep their rows.
func TestDroppedTablesAreCreatedAgain(t *testing.T) {
	db := open(t)
	s := schema(t, "dropped")
	if _, err := s.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	whole := state(t, db, "dropped")
	exec(t, db, "INSERT INTO dropped.day_rows (account, day, state, version) VALUES ('a', '2026-03-01', 'gap', 1)")
	for _, drop := range []string{
		"DROP TABLE dropped.connection_rows", "DROP TABLE dropped.identity_rows", "DROP VIEW dropped.allotment_history",
		"DROP VIEW dropped.days;\nDROP TABLE dropped.quarantine_rows",
	} {
		exec(t, db, drop)
		ran, err := s.CreateMissing(t.Context(), db)
		if err != nil || len(ran) != strings.Count(drop, "DROP") {
			t.Errorf("%s: ran %v, %v", drop, ran, err)
		}
		if diff := cmp.Diff(whole, state(t, db, "dropped")); diff != "" {
			t.Errorf("%s (-before +after)\n%s", drop, diff)
		}
		if got := query(t, db, "SELECT state FROM dropped.days"); len(got) != 1 || got[0] != "gap" {
			t.Errorf("%s: the days are %v", drop, got)
		}
	}
}
