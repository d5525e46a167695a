package collector

import (
	"fmt"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// account is what one run knows of an account. What must survive the run is in the Store.
type account struct {
	Account
	today, yesterday cron.Schedule
	wake             chan<- struct{}
	turned           report.Day // the day that the lane has opened in this run

	gone bool // no longer configured: it has no lane and requests nothing

	mu           sync.Mutex
	reached      report.Day                // today as the drain knows it; earlier days are lost
	todayDue     bool                      // a tick, a start or a failure since the last request of today
	yesterdayDue bool                      // the same for yesterday
	whole        wholeRead                 // the last complete read of today
	latest       int                       // how many connections the next partial read asks for
	askedAt      map[report.Kind]time.Time // the last request of Today (or Latest) and of Yesterday, to take turns
	pauses       pauses
	unsealed     pacing.Pause              // yesterday's answer was for another day, or ClickHouse had lost rows of it: asking again at once is no use
	last         map[report.Kind]time.Time // last success
	listedUntil  time.Time                 // the newest start of today that the last answer for yesterday listed
	listedBefore dayRead                   // what the last answer for today listed of the day before, in addition to today
	failures     map[report.Kind]failed    // by what they concern; a success removes them
	judgedAt     time.Time                 // when an answer for today was last compared with the known connections
	todayDoubt   string                    // the result of that comparison
	busy         bool                      // a request is running
}

// dayRead is how many connections of a day an answer for the next day listed.
type dayRead struct {
	day  report.Day
	rows int
}

// wholeRead is the last complete read of a vendor day.
type wholeRead struct {
	day     report.Day
	askedAt time.Time
	rows    int
}

func newAccount(conf Account) (*account, error) {
	a := &account{
		Account: conf, todayDue: true, yesterdayDue: true, pauses: newPauses(), failures: map[report.Kind]failed{},
		askedAt: map[report.Kind]time.Time{}, last: map[report.Kind]time.Time{},
	}
	var err error
	if a.today, err = cron.ParseStandard(conf.Today); err != nil {
		return nil, fmt.Errorf("schedule of today: %w", err)
	}
	if a.yesterday, err = cron.ParseStandard(conf.Yesterday); err != nil {
		return nil, fmt.Errorf("schedule of yesterday: %w", err)
	}
	return a, nil
}

// day returns the vendor day of now.
func (a *account) day(now time.Time) report.Day { return report.DayOf(now.In(a.Location)) }

// midnight returns the end of the vendor day of now.
func (a *account) midnight(now time.Time) time.Time { return (a.day(now) + 1).Start(a.Location) }

// startTicks makes cron set the accounts' due flags and wake their lanes, and nothing else. So a
// tick that is lost or doubled by a clock change, a suspend or a restart costs only time.
func (c *Collector) startTicks() (stop func()) {
	var running []*cron.Cron
	for _, a := range c.accounts {
		ticks := cron.New(cron.WithLocation(a.Location))
		ticks.Schedule(a.today, cron.FuncJob(func() { a.due(&a.todayDue) }))
		ticks.Schedule(a.yesterday, cron.FuncJob(func() { a.due(&a.yesterdayDue) }))
		ticks.Start()
		running = append(running, ticks)
	}
	return func() {
		for _, ticks := range running {
			<-ticks.Stop().Done()
		}
	}
}

func (a *account) due(flag *bool) {
	a.mu.Lock()
	*flag = true
	a.mu.Unlock()
	pacing.Nudge(a.wake)
}
