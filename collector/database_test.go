package collector_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// The methods of collector.Database on the ClickHouse in memory.

func (w *clickhouse) Identity(context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return "", errAway
	}
	if w.id == "" {
		w.ids++
		w.id = string(rune('A' + w.ids))
	}
	return w.id, nil
}

func (w *clickhouse) Days(_ context.Context, account string) (days []report.DayStatus, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return nil, errAway
	}
	for _, d := range w.days {
		if d.Account == account {
			d.SealedAt, d.ReadAt = d.SealedAt.Truncate(time.Second), time.Time{}
			days = append(days, d)
		}
	}
	return days, nil
}

func (w *clickhouse) Counts(_ context.Context, account string, from, to report.Day) (map[report.Day]uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := map[report.Day]uint64{}
	for id, c := range w.rows {
		if id.account == account && !c.Deleted && c.LocalDay >= from && c.LocalDay <= to {
			counts[c.LocalDay]++
		}
	}
	return counts, nil
}

func (w *clickhouse) Holds(_ context.Context, account string, from, to report.Day) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, c := range w.rows {
		if id.account == account && c.LocalDay >= from && c.LocalDay <= to {
			return true, nil
		}
	}
	return false, nil
}

func (w *clickhouse) Connections(_ context.Context, account string, from report.Day) (map[string]report.Identity, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := map[string]report.Identity{}
	for id, c := range w.rows {
		if id.account == account && !c.Deleted && c.LocalDay >= from {
			held[id.uid] = report.Identity{Hash: c.Hash, StartedAt: c.StartedAt, Duration: c.Duration, FirstSeenAt: c.FirstSeenAt, LocalDay: c.LocalDay}
		}
	}
	return held, nil
}

func (w *clickhouse) Held(context.Context) (report.Held, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := report.Held{Customers: map[report.CustomerLine]bool{}, Allotments: map[report.AllotmentKey]time.Time{}}
	for _, c := range w.resold.Customers {
		held.Customers[c.CustomerLine] = !c.Removed
	}
	maps.DeleteFunc(held.Customers, func(_ report.CustomerLine, there bool) bool { return !there })
	for _, p := range w.resold.Allotments {
		key := report.AllotmentKey{Vendor: p.Vendor, Account: p.Account, Customer: p.Customer, Resource: p.Resource}
		if held.Allotments[key].Before(p.ValidFrom) {
			held.Allotments[key] = p.ValidFrom
		}
	}
	return held, nil
}

func (w *clickhouse) Follow(_ context.Context, logins []report.Login) ([]report.Move, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return nil, errAway
	}
	renamed := report.Renames(w.logins, logins)
	for _, m := range report.InOrder(renamed) {
		for id, c := range w.rows {
			if id.account == m.From {
				delete(w.rows, id)
				id.account, c.Account = m.To, m.To
				if old, ok := w.rows[id]; !ok || c.Version >= old.Version {
					w.rows[id] = c
				}
			}
		}
		for day, d := range w.days {
			if d.Account == m.From {
				d.Account = m.To
				w.days[day] = d
			}
		}
	}
	w.logins = logins
	return renamed, nil
}

func (w *clickhouse) SettleStored(context.Context, string) error { return nil }

// copyOf is a backup of what is stored.
func (w *clickhouse) copyOf() *clickhouse {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := newClickHouse()
	c.logins, c.id, c.ids, c.rows, c.days, c.resold = w.logins, w.id, w.ids+1, maps.Clone(w.rows), maps.Clone(w.days), w.resold
	return c
}

// states counts the stored states of days.
func (w *clickhouse) states() map[report.DayState]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[report.DayState]int{}
	for _, d := range w.days {
		n[d.State]++
	}
	return n
}

// TestStateAndClickHouseOfDifferentAge: whichever of the two was put back from an old copy, emptied or lost, no day is called lost
// out of ignorance, no seal is replaced, and what Alpemix still serves is stored.
func TestStateAndClickHouseOfDifferentAge(t *testing.T) {
	const file = "state.db"
	seldom := func(a *collector.Account) { a.Today = "@every 10m" }
	for _, tt := range []struct {
		name  string
		age   int // days between the copies and the start with one of them
		after func(t *testing.T, d *desk, state []byte, ch *clickhouse)
		gaps  int  // that are stored afterwards
		whole bool // every connection is stored afterwards, else those of the days that Alpemix serves
		ids   bool // it is another database
	}{
		{"both as they were", 3, func(*testing.T, *desk, []byte, *clickhouse) {}, 0, true, false},
		{"an older state file", 10, func(t *testing.T, d *desk, state []byte, _ *clickhouse) {
			if err := os.WriteFile(filepath.Join(d.dir, file), state, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, true, false},
		{"an older state file, and ClickHouse is down at first", 10, func(t *testing.T, d *desk, state []byte, _ *clickhouse) {
			if err := os.WriteFile(filepath.Join(d.dir, file), state, 0o600); err != nil {
				t.Fatal(err)
			}
			d.ch.setAway(true)
			d.run(time.Hour, seldom)
			d.ch.setAway(false)
		}, 0, true, false},
		{"no state file", 10, func(t *testing.T, d *desk, _ []byte, _ *clickhouse) {
			if err := os.Remove(filepath.Join(d.dir, file)); err != nil {
				t.Fatal(err)
			}
		}, 0, true, false},
		{"an older ClickHouse, of today", 0, func(_ *testing.T, d *desk, _ []byte, old *clickhouse) { d.ch = old }, 0, true, false},
		{"an older ClickHouse, of yesterday", 1, func(_ *testing.T, d *desk, _ []byte, old *clickhouse) { d.ch = old }, 0, true, false},
		{"an older ClickHouse, of days ago", 4, func(_ *testing.T, d *desk, _ []byte, old *clickhouse) { d.ch = old }, 3, false, false},
		{"an emptied ClickHouse", 1, func(_ *testing.T, d *desk, _ []byte, _ *clickhouse) { d.ch = newClickHouse(); d.ch.ids = 9 }, 3, false, true},
		{"a ClickHouse without connections, but with its days", 1, func(_ *testing.T, d *desk, _ []byte, _ *clickhouse) {
			clear(d.ch.rows)
		}, 3, false, false},
		{"a ClickHouse from which one old connection was deleted", 3, func(_ *testing.T, d *desk, _ []byte, _ *clickhouse) {
			delete(d.ch.days, report.DayOf(monday)+2)
			for id, c := range d.ch.rows {
				if c.LocalDay == report.DayOf(monday) {
					delete(d.ch.rows, id)
					return
				}
			}
		}, 0, false, false},
		{"both of the same old day", 3, func(t *testing.T, d *desk, state []byte, old *clickhouse) {
			d.ch = old
			if err := os.WriteFile(filepath.Join(d.dir, file), state, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 2, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(20*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 20}})
				d.run(30*time.Hour, seldom) // until Wednesday, 02:00: Sunday, Monday and Tuesday are sealed or open
				state, err := os.ReadFile(filepath.Join(d.dir, file))
				if err != nil {
					t.Fatal(err)
				}
				old := d.ch.copyOf()
				d.run(2*time.Hour+time.Duration(tt.age)*24*time.Hour, seldom)
				tt.after(t, d, state, old)
				d.run(8*time.Minute, seldom)
				states := d.ch.states()
				if states[report.DayGap] != tt.gaps || states[report.DayOpen] != 1 {
					t.Errorf("states %v, want %d gaps and today open", states, tt.gaps)
				}
				today := report.DayOf(time.Now().In(istanbul))
				for _, day := range d.ch.days {
					if day.Day == today-1 && day.State != report.DaySealed {
						t.Errorf("yesterday is %s", day.State)
					}
				}
				from := today - 1
				if tt.whole {
					from = report.DayOf(monday)
				}
				want := d.vendor.Truth("main", from, today, time.Now())
				got, n := d.ch.connections("main")
				for _, c := range want {
					if _, ok := got[c.UID]; !ok && c.StartedAt.Before(time.Now().Add(-time.Minute)) {
						t.Errorf("%s of %s is not stored", c.UID, c.LocalDay)
					}
				}
				if n != len(got) {
					t.Errorf("%d rows of %d connections", n, len(got))
				}
				if changed := d.sums("finding")["alpemix_findings_total other_database"] > 0; changed != tt.ids {
					t.Errorf("reported as another database: %v", changed)
				}
			})
		})
	}
}
