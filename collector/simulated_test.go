package collector_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// quietLimits fails the test if the vendor ever counted more requests than it allows.
func (d *desk) quietLimits() {
	d.t.Helper()
	s := d.vendor.Stats()
	if len(s.Violations) > 0 || len(s.Blocks) > 0 || s.Peak["report"] > 3 || s.Peak["token"] > 5 {
		d.t.Errorf("limits broken: %d violations, first %+v; %d blocks; peak %v", len(s.Violations), first(s.Violations), len(s.Blocks), s.Peak)
	}
}

func first[T any](s []T) any {
	if len(s) == 0 {
		return nil
	}
	return s[0]
}

func TestTwoDaysWithEditsLateEndingsAndMidnights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(-time.Hour), simulator.Options{
			World: &simulator.World{Seed: 7, PerWorkday: 300}, Quirks: simulator.Quirks{RawBackslashes: true, RawControls: true},
		})
		d.run(48 * time.Hour) // Sunday 23:00 to Tuesday 23:00

		day := report.DayOf(monday)
		d.same("main", d.vendor.Shown("main"))
		d.same("main", d.vendor.Truth("main", day-2, day+1, time.Now()))
		d.quietLimits()
		d.rowsAddUp()
		if got := d.ch.days[day]; got.State != report.DaySealed || got.Rows == 0 {
			t.Errorf("Monday is %+v, want sealed", got)
		}
		if polls := d.vendor.Stats().Requests[report.Today]; polls < 48*60*29/10 {
			t.Errorf("%d polls of today in 48 h, want nearly 3 a minute", polls)
		}
	})
}

func TestEveryReadingOfTheDocument(t *testing.T) {
	if testing.Short() {
		t.Skip("plays days")
	}
	for _, mode := range simulator.Modes() {
		t.Run(mode.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(22*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 7, PerWorkday: 300, HourlyMinimum: 10}, Quirks: mode.Quirks,
				})
				d.run(4*time.Hour + mode.Quirks.DayOffset)
				d.same("main", d.vendor.Shown("main"))
				d.quietLimits()
				d.rowsAddUp()
				ended := monday.Add(24*time.Hour + mode.Quirks.DayOffset)
				if got := d.ch.days[report.DayOf(monday)]; got.State != report.DaySealed || got.Rows == 0 || got.SealedAt.Before(ended) {
					t.Errorf("Monday is %+v, want sealed after the vendor's day has ended at %s", got, ended.UTC())
				}
			})
		})
	}
}

// rowsAddUp checks received = stored + unchanged + quarantined.
func (d *desk) rowsAddUp() {
	d.t.Helper()
	m := d.sums("outcome")
	received, stored := m["alpemix_rows_total received"], m["alpemix_rows_total stored"]
	if sum := stored + m["alpemix_rows_total unchanged"] + m["alpemix_rows_total quarantined"]; received != sum || stored == 0 {
		d.t.Errorf("received %v, stored + unchanged + quarantined %v, of these stored %v", received, sum, stored)
	}
}

func TestAPollWithoutNewsWritesAndDecodesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Sunday night of a tiny desk: whatever happened has ended, and is described at the latest ten hours later.
		d := newDesk(t, monday.Add(-2*time.Hour), simulator.Options{
			World: &simulator.World{Seed: 1, PerWorkday: 30}, Quirks: simulator.Quirks{EndedOnly: true},
		})
		c, store := d.open()
		defer store.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()

		time.Sleep(5 * time.Minute)
		synctest.Wait()
		decoded := collector.CountParses(t)
		writes, fetches := d.ch.writes, d.vendor.Stats().Requests[report.Today]
		shown := len(d.vendor.Shown("main"))
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if polls := d.vendor.Stats().Requests[report.Today] - fetches; polls < 10 || shown == 0 || len(d.vendor.Shown("main")) != shown {
			t.Fatalf("%d polls of %d connections do not make a quiet time", polls, shown)
		}
		if *decoded != 0 || d.ch.writes != writes {
			t.Errorf("%d records decoded and %d batches written, want none", *decoded, d.ch.writes-writes)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestClickHouseAwayForTwoDays(t *testing.T) {
	if testing.Short() {
		t.Skip("plays days")
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday, simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 200}})
		d.ch.setAway(true)
		d.run(48 * time.Hour)
		if _, n := d.ch.connections("main"); n != 0 {
			t.Fatalf("%d rows written to a ClickHouse that is down", n)
		}
		if m := d.sums(""); m["sink_queue_rows"] < 200 || m["sink_queue_oldest_timestamp_seconds"] > float64(monday.Add(time.Hour).Unix()) {
			t.Errorf("what a user sees of the queue: %v", m)
		}
		d.ch.setAway(false)
		d.run(time.Hour)
		d.same("main", d.vendor.Shown("main"))
		d.quietLimits()
		if day := report.DayOf(monday); d.ch.days[day+1].State != report.DaySealed {
			t.Errorf("the last day that could be read is %+v, want sealed", d.ch.days[day+1])
		}
	})
}

func TestRestartsLoseNothingAndKeepTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday, simulator.Options{World: &simulator.World{Seed: 5, PerWorkday: 300}}, "istanbul", "ankara")
		for i := range 60 { // a day and a half of runs of 1 s to 71 min
			d.run(time.Duration(i*i*1200+1000) * time.Millisecond)
		}
		d.run(10 * time.Minute)
		d.quietLimits()
		for _, account := range d.accounts {
			d.same(account, d.vendor.Shown(account))
		}
		if tokens := d.vendor.Stats().Requests[report.Token]; tokens > 6 {
			t.Errorf("%d tokens in %v: a token outlives a restart", tokens, time.Since(monday))
		}
	})
}

func TestRefusedCredentialsAreNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday, simulator.Options{World: &simulator.World{Seed: 1, PerWorkday: 100}})
		d.secret = "wrong"
		d.run(24 * time.Hour)
		if n := d.vendor.Stats().Requests[report.Token]; n < 10 || n > 50 {
			t.Errorf("%d token requests in a day, want one about every hour and some more before midnight", n)
		}
		d.quietLimits()
		if m := d.sums("reason"); m["alpemix_request_failures_total bad_credentials"] < 10 || m["alpemix_failing bad_credentials"] != 1 {
			t.Errorf("failures %v", m)
		}
		d.secret = "right"
		d.run(10 * time.Minute)
		if failing, ok := d.sums("")["alpemix_failing"]; ok {
			t.Errorf("failing is %v after a success", failing)
		}
		d.same("main", d.vendor.Shown("main"))
	})
}

func TestLargeDayIsPolledInPartAndSeesLateEndings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
			World: &simulator.World{Seed: 2, PerWorkday: 10_000}, Quirks: simulator.Quirks{EndedOnly: true},
		})
		d.run(4 * time.Hour)
		s := d.vendor.Stats()
		if s.Requests[report.Latest] < 2*s.Requests[report.Today] {
			t.Errorf("%v: most polls of a large day have to be partial", s.Requests)
		}
		d.quietLimits()
		day, late := report.DayOf(monday), 0
		for _, c := range d.vendor.Truth("main", day, day, time.Now()) {
			ended := c.StartedAt.Add(c.Duration)
			if ended.Before(monday.Add(9*time.Hour+10*time.Minute)) || time.Since(ended) < 2*time.Minute {
				continue
			}
			got, ok := d.ch.rows[identity{"main", c.UID, c.StartedAt.Unix()}]
			if !ok || got.FirstSeenAt.Sub(ended) > 2*time.Minute {
				late++
				if late <= 3 {
					t.Errorf("a session of %s ended at %s and was seen at %s", c.Duration, ended, got.FirstSeenAt)
				}
			}
		}
	})
}

func TestADayThatNobodyReadIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{World: &simulator.World{Seed: 1, PerWorkday: 50}})
		d.run(time.Hour)
		time.Sleep(4 * 24 * time.Hour)
		d.run(time.Hour) // Friday
		monday := report.DayOf(monday)
		want := map[report.Day]report.DayState{
			monday - 1: report.DaySealed, monday: report.DayGap, monday + 1: report.DayGap, monday + 2: report.DayGap,
			monday + 3: report.DaySealed, monday + 4: report.DayOpen,
		}
		for day, state := range want {
			if got := d.ch.days[day].State; got != state {
				t.Errorf("%s is %q, want %q", day, got, state)
			}
		}
		m, friday := d.sums(""), float64((monday + 4).Start(istanbul).Unix())
		if m["alpemix_gaps_total"] != 3 || m["alpemix_last_gap_timestamp_seconds"] != friday || m["alpemix_day_end_timestamp_seconds"] != friday+24*3600 {
			t.Errorf("want 3 gap days, served until Friday, and a day that ends with it: %v", m)
		}
	})
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(15*time.Hour), simulator.Options{World: &simulator.World{Seed: 1, PerWorkday: 50}}, "a", "b", "c")
		c, store := d.open()
		defer store.Close()
		if err := c.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, account := range d.accounts {
			d.same(account, d.vendor.Shown(account))
		}
		if d.ch.days[report.DayOf(monday)-1].State != report.DaySealed {
			t.Errorf("yesterday is not sealed: %+v", d.ch.days)
		}
		if len(d.ch.fetches) < 6 {
			t.Errorf("%d requests recorded, want at least 6", len(d.ch.fetches))
		}
		d.quietLimits()
	})
}
