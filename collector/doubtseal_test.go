package collector_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// script is a Fetcher that answers each kind of request with what its function returns at that time.
type script struct {
	answers
	yesterday, today func(now time.Time) string
}

func (f *script) Fetch(_ context.Context, w report.Window) (report.Body, error) {
	if w.Kind == report.Yesterday {
		return answered(w, f.yesterday(time.Now())), nil
	}
	return answered(w, f.today(time.Now())), nil
}

// mondays are n connections of Monday.
func mondays(n int) string {
	var rows []string
	for i := range n {
		rows = append(rows, row(fmt.Sprint(i+1), fmt.Sprintf("10:%02d:00", i), ""))
	}
	return strings.Join(rows, ",")
}

// TestADoubtOutlivesRestarts: on Tuesday the answers for yesterday list 3 connections of Monday, and from 00:20 on those for
// today list 20 of it. Whenever the collector is restarted, Monday is sealed without a doubt only when yesterday's answer lists
// all of them.
func TestADoubtOutlivesRestarts(t *testing.T) {
	tuesday := monday.Add(24 * time.Hour)
	at := func(hours, minutes int) time.Duration {
		return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	}
	const never = 100 * time.Hour
	for _, events := range []struct {
		name  string
		back  time.Duration // when ClickHouse is back
		right time.Duration // when yesterday's answer lists all
	}{
		{"before the day is sealed", at(0, 40), at(12, 0)},
		{"after the day is sealed", 0, at(12, 0)},
		{"before the day is sealed, for ever", at(0, 40), never},
		{"after the day is sealed, for ever", 0, never},
	} {
		for _, restart := range [][2]time.Duration{ // stopped and started again
			{}, {at(0, 10), at(0, 11)}, {at(0, 15), at(0, 25)}, {at(0, 30), at(0, 31)}, {at(0, 35), at(0, 45)},
			{at(0, 50), at(0, 51)}, {at(3, 30), at(3, 31)}, {at(12, 30), at(12, 31)}, {at(23, 50), at(23, 51)},
		} {
			t.Run(fmt.Sprintf("%s, restarted at %s", events.name, restart[1]), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := newDesk(t, tuesday.Add(time.Minute), simulator.Options{})
					d.ch.setAway(events.back > 0)
					time.AfterFunc(time.Until(tuesday.Add(events.back)), func() { d.ch.setAway(false) })
					fetcher := &script{
						yesterday: func(now time.Time) string {
							if now.Before(tuesday.Add(events.right)) {
								return mondays(3)
							}
							return mondays(20)
						},
						today: func(now time.Time) string {
							if now.Before(tuesday.Add(at(0, 20))) {
								return ""
							}
							return mondays(20)
						},
					}
					runUntil := func(end time.Duration) {
						d.run(time.Until(tuesday.Add(end)), func(a *collector.Account) { a.Fetcher, a.Today = fetcher, "@every 10m" })
					}
					restarted := restart[1] == 0
					for _, look := range []time.Duration{at(11, 0), at(23, 25), at(24, 30)} {
						if !restarted && restart[1] < look {
							restarted = true
							runUntil(restart[0])
							time.Sleep(time.Until(tuesday.Add(restart[1])))
						}
						runUntil(look)
						got := d.ch.days[report.DayOf(monday)]
						complete := look > events.right
						if sure := got.State == report.DaySealed && got.Doubt == ""; sure != complete || got.State == report.DayGap {
							t.Errorf("%s after midnight, Monday is %+v", look, got)
						}
						if look == at(24, 30) && (got.State != report.DaySealed || got.Rows != 20) {
							t.Errorf("in the end Monday is %+v", got)
						}
					}
				})
			})
		}
	}
}

// TestADayThatNoAnswerDescribed: all Tuesday the answers for today list Monday, because a clock is wrong or the vendor's day stands
// still. On Wednesday, an empty answer for yesterday confirms nothing of Tuesday.
func TestADayThatNoAnswerDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(20*time.Hour), simulator.Options{})
		fetcher := &script{
			yesterday: func(time.Time) string { return "" },
			today:     func(time.Time) string { return mondays(20) },
		}
		d.run(36*time.Hour, func(a *collector.Account) { a.Fetcher, a.Today = fetcher, "@every 10m" }) // to Wednesday 08:00
		if got := d.ch.days[report.DayOf(monday)+1]; got.State != report.DayOpen || got.Doubt == "" {
			t.Errorf("Tuesday is %+v", got)
		}
	})
}

// TestOnceDoubtsWhatCannotBeRead of a new account, whose answers for yesterday nothing else contradicts.
func TestOnceDoubtsWhatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(33*time.Hour), simulator.Options{})
		records := mondays(3)
		for i := range 4 {
			records += fmt.Sprintf(`,{"uid":"x%d","dt":"25:00:00 06\\07\\2026","dur:":60}`, i)
		}
		fetcher := &script{
			yesterday: func(time.Time) string { return records },
			today:     func(time.Time) string { return "" },
		}
		once := func() error {
			c, state := d.open(func(a *collector.Account) { a.Fetcher = fetcher })
			defer func() { _ = state.Close() }()
			return c.Once(t.Context())
		}
		for range 2 {
			if err := once(); err == nil || !strings.Contains(err.Error(), "of its 7 records only 3 could be read") {
				t.Errorf("run --once: %v", err)
			}
			if got := d.ch.days[report.DayOf(monday)]; got.State != report.DayOpen || got.Doubt == "" {
				t.Errorf("Monday is %+v", got)
			}
			time.Sleep(time.Minute)
		}
		records = mondays(7)
		if err := once(); err != nil {
			t.Error(err)
		}
		if got := d.ch.days[report.DayOf(monday)]; got.State != report.DaySealed || got.Doubt != "" || got.Rows != 7 {
			t.Errorf("Monday is %+v", got)
		}
	})
}
