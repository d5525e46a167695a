package collector

import (
	"fmt"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// account is what one run knows of an account. What must outlive the run is in the Store.
type account struct {
	Account
	today, yesterday cron.Schedule
	wake             chan<- struct{}
	turned           report.Day // the day to which the lane has turned in this run

	gone bool // it is no longer configured: it has no lane and asks nothing

	mu           sync.Mutex
	reached      report.Day                // turned, for the drain, which records what was lost behind it
	todayDue     bool                      // a tick, a start or a failure asks for today, since its last request began
	yesterdayDue bool                      // the same for yesterday
	whole        wholeRead                 // the last whole read of today
	latest       int                       // how many connections the next partial read asks for
	askedAt      map[report.Kind]time.Time // the last request of Today (or Latest) and of Yesterday, for taking turns
	pauses       pauses
	unsealed     pacing.Pause              // yesterday's answer did not tell that day, or ClickHouse had lost rows of it: no use in asking at once
	last         map[report.Kind]time.Time // last success
	listedUntil  time.Time                 // the newest start that the last answer for yesterday listed of today
	listedBefore dayRead                   // what the last answer for today listed of the day before, beside today's own
	failures     map[report.Kind]failed    // by what they concern; without those that a success has followed
	judgedAt     time.Time                 // when an answer for today was last compared with what is known
	todayDoubt   string                    // what was found then
	busy         bool                      // a request is running
}

// dayRead is how many connections of a day an answer for the next day listed.
type dayRead struct {
	day  report.Day
	rows int
}

// wholeRead is the last whole read of a vendor day.
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

// day is the vendor day that now belongs to.
func (a *account) day(now time.Time) report.Day { return report.DayOf(now.In(a.Location)) }

// midnight is the end of the vendor day that now belongs to.
func (a *account) midnight(now time.Time) time.Time { return (a.day(now) + 1).Start(a.Location) }

// startTicks lets cron set the accounts' due flags and wake their lanes. It has no other effect, so a tick that a clock
// change, a suspend or a restart swallows or doubles costs nothing but time.
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
