package collector_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/store"
)

// TestRenamedAccount: an account that gets another name is counted under that alone, also when rows wait for a ClickHouse that is
// down, when it gets its old name back, and when the state file that knew the old name is lost.
func TestRenamedAccount(t *testing.T) {
	for _, tt := range []struct {
		name string
		away bool
		back bool
		lost bool
	}{
		{"plain", false, false, false}, {"while ClickHouse is down", true, false, false},
		{"and back", false, true, false}, {"and back while ClickHouse is down", true, true, false},
		{"and the state file is lost", false, false, true}, {"and the state file is lost while ClickHouse is down", true, false, true},
		{"and back, and the state file is lost", false, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(8*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 40}})
				rename := func(name string) func(*collector.Account) {
					if tt.lost && name != "main" {
						if err := os.Remove(filepath.Join(d.dir, "state.db")); err != nil {
							t.Fatal(err)
						}
					}
					state, err := store.OpenSimulated(d.dir, slog.New(slog.NewTextHandler(io.Discard, nil)), store.Options{})
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = state.Close() }()
					d.logins = []report.Login{{Vendor: "alpemix", Account: name, Fingerprint: "F"}}
					if _, _, err := state.Rename(d.logins); err != nil {
						t.Fatal(err)
					}
					return func(a *collector.Account) { a.Name, a.Today = name, "@every 5m" }
				}
				d.run(26*time.Hour, rename("main"))
				d.ch.setAway(tt.away)
				d.run(2*time.Hour, rename("main"))
				name := "merkez"
				change := rename(name)
				d.run(2*time.Hour, change)
				if tt.back {
					name = "main"
					change = rename(name)
				}
				d.run(time.Hour, change)
				d.ch.setAway(false)
				d.run(26*time.Hour, change)

				truth := d.vendor.Truth("main", report.DayOf(monday), report.DayOf(monday)+1, time.Now())
				got, n := d.ch.connections(name)
				for _, c := range truth {
					if _, ok := got[c.UID]; !ok {
						t.Errorf("%s of %s is not stored under %s", c.UID, c.LocalDay, name)
					}
				}
				all := 0
				for id, c := range d.ch.rows {
					if !c.Deleted {
						all++
					}
					if id.account != name {
						t.Errorf("%s is stored under %s", id.uid, id.account)
					}
				}
				if all != n || n != len(got) {
					t.Errorf("%d rows, %d under %s, of %d connections", all, n, name, len(got))
				}
				for _, day := range d.ch.days {
					if day.Account != name || day.State == report.DayGap {
						t.Errorf("%s of %s is %s", day.Day, day.Account, day.State)
					}
				}
			})
		})
	}
}

// TestARemovedAccountLeavesNoDayOpen: the days of an account that is no longer configured end.
func TestARemovedAccountLeavesNoDayOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(8*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 20}}, "main", "other")
		seldom := func(a *collector.Account) { a.Today = "@every 10m" }
		d.run(time.Hour, seldom)
		d.accounts = []string{"other"}
		d.run(97*time.Hour, seldom)
		state, err := store.OpenSimulated(d.dir, slog.New(slog.NewTextHandler(io.Discard, nil)), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = state.Close() }()
		for _, day := range state.Days("main") {
			want := report.DaySealed // Sunday
			if day.Day == report.DayOf(monday) {
				want = report.DayGap
			}
			if day.State != want {
				t.Errorf("%s of the account that was removed is %s", day.Day, day.State)
			}
		}
		if days := state.Days("main"); len(days) != 2 {
			t.Errorf("%d days of the account that was removed", len(days))
		}
	})
}
