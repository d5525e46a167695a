package collector_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// listed is a report of the day with no more than its n newest connections.
func (d *desk) listed(day report.Day, n int) string {
	d.t.Helper()
	var answer struct {
		Number  int               `json:"errornumber"`
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(d.vendor.Report("main", day, time.Now()), &answer); err != nil {
		d.t.Fatal(err)
	}
	answer.Results = answer.Results[:min(n, len(answer.Results))]
	b, err := json.Marshal(answer)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

const everything = 1 << 20

// seldom is a schedule that makes days pass fast.
func seldom(a *collector.Account) { a.Today = "@every 10m" }

// TestADayInDoubtIsNotSealed: whatever is wrong with the answers for Monday, which are right again from
// some hour of Tuesday on or never.
func TestADayInDoubtIsNotSealed(t *testing.T) {
	day := report.DayOf(monday)
	const never = 100 * time.Hour
	for _, tc := range []struct {
		name   string
		answer func(d *desk) string
		right  time.Duration // since midnight
		state  report.DayState
		doubt  string
	}{
		{"empty until noon", func(*desk) string { return `{"errornumber":0,"results":[]}` }, 12 * time.Hour, report.DaySealed, ""},
		{"empty until the last minutes", func(*desk) string { return `{"errornumber":0,"results":[]}` }, 24*time.Hour - 4*time.Minute, report.DaySealed, ""},
		{"empty for ever", func(*desk) string { return `{"errornumber":0,"results":null}` }, never, report.DaySealed, "lists only 0 of the"},
		{"a few rows for ever", func(d *desk) string { return d.listed(day, 3) }, never, report.DaySealed, "lists only 3 of the"},
		{"Sunday's for ever", func(d *desk) string { return d.listed(day-1, everything) }, never, report.DayGap, "of other days, most of 2026-07-05"},
		{"last week's for ever", func(d *desk) string { return d.listed(day-7, everything) }, never, report.DayGap, "of other days, most of 2026-06-29"},
		{"Tuesday's for ever", func(d *desk) string { return d.listed(day+1, everything) }, never, report.DayGap, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d *desk
				d = newDesk(t, monday.Add(8*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 3, PerWorkday: 60, HourlyMinimum: 1},
					Fault: func(r simulator.Request) simulator.Fault {
						since := r.At.Sub(monday.Add(24 * time.Hour))
						if r.Kind == report.Yesterday && since >= 0 && since < min(tc.right, 24*time.Hour) {
							return simulator.Fault{Page: tc.answer(d)}
						}
						return simulator.Fault{}
					},
				})
				d.run(36*time.Hour, seldom) // to Tuesday 20:00
				sealedBy8 := tc.right <= 12*time.Hour
				if got := d.ch.days[day]; (got.State == report.DaySealed) != sealedBy8 || (got.Doubt != "") == sealedBy8 {
					t.Errorf("at 20:00 Monday is %+v", got)
				}
				if n := d.sums("finding")["alpemix_findings_total day_in_doubt"]; n < 5 || n > 60 {
					t.Errorf("%v findings", n)
				}
				if n := d.answersByAccount(report.Today)["main"]; n < 36*6*9/10 {
					t.Errorf("%d reads of today", n)
				}
				d.run(5*time.Hour, seldom)
				got := d.ch.days[day]
				if got.State != tc.state || (got.Doubt != "") != (tc.right == never) || !strings.Contains(got.Doubt, tc.doubt) {
					t.Errorf("in the end Monday is %+v", got)
				}
				if tuesday := d.ch.days[day+1]; tuesday.State != report.DaySealed || tuesday.Doubt != "" {
					t.Errorf("Tuesday is %+v, want sealed without a doubt", tuesday)
				}
				d.quietLimits()
			})
		})
	}
}

// TestAnEmptyDay is doubted only when nobody looked while it ran.
func TestAnEmptyDay(t *testing.T) {
	day := report.DayOf(monday)
	for _, tc := range []struct {
		name    string
		before  time.Duration // a run that ends so long before Tuesday's midnight, 0 for none
		doubted bool
	}{
		{"the account's first day", 0, false},
		{"the collector looked on that day", 20 * time.Hour, false},
		{"the collector was off", 30 * time.Hour, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tuesday := monday.Add(24 * time.Hour)
				d := newDesk(t, tuesday.Add(-31*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 3, PerWorkday: 60},
					Fault: func(r simulator.Request) simulator.Fault {
						if r.Kind != report.Token {
							return simulator.Fault{Page: `{"errornumber":0,"results":[]}`}
						}
						return simulator.Fault{}
					},
				})
				if tc.before > 0 {
					d.run(31*time.Hour - tc.before)
				}
				time.Sleep(time.Until(tuesday.Add(9 * time.Hour)))
				d.run(time.Hour)
				if got := d.ch.days[day]; (got.Doubt != "") != tc.doubted || (got.State == report.DaySealed) == tc.doubted {
					t.Errorf("Monday is %+v", got)
				}
			})
		})
	}
}

// TestADayThatStandsStillIsSeen also in the answers for today: they are no success of today.
func TestADayThatStandsStillIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := time.Now
		d := newDesk(t, monday.Add(8*time.Hour), simulator.Options{
			World: &simulator.World{Seed: 3, PerWorkday: 60, HourlyMinimum: 1},
			Now:   func() time.Time { return clock() }, Elapsed: time.Now,
		})
		d.run(time.Hour)
		stopped := time.Now()
		clock = func() time.Time { return stopped }
		d.run(95*time.Hour, seldom) // to Friday 08:00
		day := report.DayOf(monday)
		for i := range report.Day(3) {
			if got := d.ch.days[day+i]; got.State == report.DaySealed && got.Doubt == "" {
				t.Errorf("%s is %+v, want none that is sealed without a doubt", day+i, got)
			}
		}
		c, state := d.open()
		defer func() { _ = state.Close() }()
		err := c.Once(t.Context())
		if err == nil || !strings.Contains(err.Error(), "in doubt") {
			t.Errorf("run --once: %v", err)
		}
		if doubts := c.Facts().Accounts[0].Doubts; len(doubts) == 0 || doubts[len(doubts)-1].Day != day+4 {
			t.Errorf("the status shows doubts %+v, want one of today", doubts)
		}
	})
}
