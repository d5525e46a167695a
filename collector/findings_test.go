package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/simulator"
)

// TestFindings: each is counted for what it is and for nothing else.
func TestFindings(t *testing.T) {
	for _, tc := range []struct {
		want  string
		scene func(*desk)
	}{
		{"", func(d *desk) { d.run(time.Hour) }},
		{"starts_in_future", func(d *desk) {
			d.run(time.Minute, func(a *collector.Account) { a.Fetcher = &answers{today: row("1", "23:59:00", "later")} })
		}},
		{"day_in_doubt", func(d *desk) { // Monday is known, and Alpemix turns its day three hours after the account's midnight
			d.run(time.Minute)
			d.vendor.SetQuirks(simulator.Quirks{DayOffset: 3 * time.Hour})
			time.Sleep(2 * time.Hour)
			d.run(time.Minute)
		}},
		{"rows_missing", func(d *desk) {
			d.run(time.Minute)
			clear(d.ch.rows)
			time.Sleep(2 * time.Hour)
			d.run(time.Minute)
		}},
	} {
		t.Run(tc.want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(23*time.Hour), simulator.Options{World: &simulator.World{Seed: 1, PerWorkday: 200}})
				tc.scene(d)
				m := d.sums("finding")
				for _, finding := range []string{"starts_in_future", "day_in_doubt", "rows_missing"} {
					counted, there := m["alpemix_findings_total "+finding]
					if !there || (counted > 0) != (finding == tc.want) {
						t.Errorf("%s: %v, there: %v", finding, counted, there)
					}
				}
			})
		})
	}
}
