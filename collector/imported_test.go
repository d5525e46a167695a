package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// importInto changes a connection of a local day as an import of a file does, and returns when the day
// was sealed.
func (w *clickhouse) importInto(day report.Day) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var first identity
	for id, c := range w.rows {
		if c.LocalDay == day && (first.uid == "" || id.uid < first.uid) {
			first = id
		}
	}
	c := w.rows[first]
	c.Hash, c.Explanation = c.Hash+1, "imported"
	c.FirstSeenAt, c.Version = time.Now(), uint64(time.Now().UnixMicro())
	w.rows[first] = c
	return w.days[day].SealedAt
}

// TestAnImportOpensNoDay: an import that changes a connection of yesterday is no loss of ClickHouse. The
// day stays sealed, and the next answer brings back what Alpemix says.
func TestAnImportOpensNoDay(t *testing.T) {
	for _, tt := range []struct {
		name    string
		running bool
	}{{"between two starts", false}, {"while the daemon is running", true}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				day := report.DayOf(monday)
				d := newDesk(t, monday.Add(8*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 40}})
				var sealed time.Time
				if tt.running {
					time.AfterFunc(18*time.Hour, func() { sealed = d.ch.importInto(day) })
				} else {
					d.run(18*time.Hour, seldom) // to Tuesday 02:00
					sealed = d.ch.importInto(day)
				}
				d.run(23*time.Hour, seldom)
				if n := d.sums("finding")["alpemix_findings_total rows_missing"]; n != 0 {
					t.Errorf("%v findings", n)
				}
				if got := d.ch.days[day]; got.State != report.DaySealed || !got.SealedAt.Equal(sealed) || sealed.IsZero() {
					t.Errorf("Monday was sealed at %s, and is %+v", sealed, got)
				}
				d.same("main", d.vendor.Truth("main", day-1, day+2, time.Now()))
			})
		})
	}
}
