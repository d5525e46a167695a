package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// answersByAccount counts the vendor's good answers of a kind.
func (d *desk) answersByAccount(kind report.Kind) map[string]int {
	n := map[string]int{}
	for _, e := range d.vendor.Stats().Log {
		if e.Kind == kind && e.Code == 0 {
			n[e.Account]++
		}
	}
	return n
}

func TestAccountsThatShareTheLimitsTakeTurns(t *testing.T) {
	for _, accounts := range [][]string{{"a", "b"}, {"a", "b", "c", "d", "e"}, {"a", "b", "c", "d", "e", "f", "g"}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
				World: &simulator.World{Seed: 2, PerWorkday: 100},
				Fault: func(simulator.Request) simulator.Fault { return simulator.Fault{Lag: 370 * time.Millisecond} },
			}, accounts...)
			d.run(2 * time.Hour)
			d.quietLimits()
			n := d.answersByAccount(report.Today)
			least, most := n["a"], n["a"]
			for _, account := range accounts {
				least, most = min(least, n[account]), max(most, n[account])
			}
			if most-least > 3 || least < 2*60*3/len(accounts)*8/10 {
				t.Errorf("%d accounts: reads of today %v", len(accounts), n)
			}
		})
	}
}

// TestYesterdayThatFailsDoesNotStarveToday: whatever is wrong with one report, the other is read.
func TestYesterdayThatFailsDoesNotStarveToday(t *testing.T) {
	for _, number := range []int{107, 108, 203} {
		synctest.Test(t, func(t *testing.T) {
			accounts := []string{"a", "b", "c", "d"}
			d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
				World: &simulator.World{Seed: 2, PerWorkday: 100},
				Fault: func(r simulator.Request) simulator.Fault {
					if r.Kind == report.Yesterday {
						return simulator.Fault{ErrorNumber: number}
					}
					return simulator.Fault{}
				},
			}, accounts...)
			d.run(5 * time.Hour)
			d.quietLimits()
			today := d.answersByAccount(report.Today)
			for _, account := range accounts {
				if today[account] < 100 {
					t.Errorf("%d for yesterday: %d reads of today of %s in 5 h", number, today[account], account)
				}
			}
			if tokens := d.vendor.Stats().Requests[report.Token]; tokens > 200 {
				t.Errorf("%d for yesterday: %d token requests in 5 h", number, tokens)
			}
		})
	}
}

func TestRefusedNewTokensAreNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
			World: &simulator.World{Seed: 2, PerWorkday: 100},
			Fault: func(r simulator.Request) simulator.Fault {
				if r.Kind != report.Token {
					return simulator.Fault{ErrorNumber: 203}
				}
				return simulator.Fault{}
			},
		})
		d.run(10 * time.Hour)
		if n := d.vendor.Stats().Requests[report.Token]; n > 120 {
			t.Errorf("%d tokens in 10 h", n)
		}
	})
}

func TestClickHouseAwayOverMidnightIsNoGap(t *testing.T) {
	if testing.Short() {
		t.Skip("plays days")
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 100}})
		d.run(time.Hour)
		d.ch.setAway(true)
		d.run(30 * time.Hour) // Tuesday 16:00
		d.run(18 * time.Hour) // Wednesday 10:00, after a restart
		d.ch.setAway(false)
		d.run(time.Hour)
		day := report.DayOf(monday)
		for _, want := range []report.Day{day, day + 1} {
			if got := d.ch.days[want]; got.State != report.DaySealed || got.Rows == 0 {
				t.Errorf("%s is %+v, want sealed: it was read completely", want, got)
			}
		}
		d.same("main", d.vendor.Shown("main"))
		if gaps := d.sums("")["alpemix_gaps_total"]; gaps != 0 {
			t.Errorf("%v gaps", gaps)
		}
	})
}

func TestRowsThatClickHouseHasLostAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 100}})
		d.run(15 * time.Hour) // to midnight
		day := report.DayOf(monday)
		for id, c := range d.ch.rows {
			if c.LocalDay == day {
				delete(d.ch.rows, id)
			}
		}
		d.run(time.Hour)
		if got := d.ch.days[day]; got.State != report.DaySealed {
			t.Errorf("Monday is %+v, want sealed", got)
		}
		d.same("main", d.vendor.Truth("main", day-1, day+1, time.Now()))
		if n := d.vendor.Stats().Requests[report.Yesterday]; n > 12 {
			t.Errorf("%d requests for yesterday", n)
		}
	})
}

// TestADefectInTheParserCostsOneRecord breaks the parser for one connection.
func TestADefectInTheParserCostsOneRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 100}, Quirks: simulator.Quirks{EndedOnly: true}})
		victim := ""
		collector.ReplaceParse(t, func(rec report.Record, src parser.Source) (report.Connection, *report.Reject) {
			c, reject := parser.Parse(rec, src)
			if victim == "" {
				victim = c.UID
			}
			if c.UID == victim {
				panic("planted")
			}
			return c, reject
		})
		d.run(10 * time.Minute)
		got, _ := d.ch.connections("main")
		if shown := len(d.vendor.Shown("main")); len(got) != shown-1 || len(d.ch.rejects) != 1 {
			t.Errorf("%d of %d connections stored, %d quarantined", len(got), shown, len(d.ch.rejects))
		}
		d.rowsAddUp()
	})
}

func TestACorrectedTimeZoneMendsWhatCanStillBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{World: &simulator.World{Seed: 3, PerWorkday: 100}, Quirks: simulator.Quirks{EndedOnly: true}})
		d.run(30*time.Minute, func(a *collector.Account) { a.Location = time.FixedZone("Asia/Tokyo", 9*60*60) })
		d.run(30 * time.Minute)
		d.same("main", d.vendor.Shown("main"))
	})
}

// TestAClockThatWasBehind: to it, connections start more than a day in the future and are rejected. Once it is right they are
// read again, although they have not changed.
func TestAClockThatWasBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := monday.Add(36 * time.Hour)
		behind := 30 * time.Hour
		d := newDesk(t, start, simulator.Options{
			World: &simulator.World{Seed: 3, PerWorkday: 300}, Quirks: simulator.Quirks{EndedOnly: true},
			Now: func() time.Time { return time.Now().Add(behind) },
		})
		d.run(2 * time.Hour)
		if len(d.ch.rejects) == 0 {
			t.Fatal("nothing was rejected: the clock is not behind enough to show anything")
		}
		time.Sleep(behind) // the clock is set right: the vendor's stays
		behind = 0
		d.run(time.Hour)
		d.same("main", d.vendor.Shown("main"))
	})
}
