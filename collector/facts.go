package collector

import (
	"maps"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Facts is the state at one time, for the page, the status and the gauges.
type Facts struct {
	Accounts    []AccountFacts
	Budget      map[report.Kind]int // by Token and Today (any report): the lowest of all accounts
	QueueRows   uint64
	QueueOldest time.Time
}

// AccountFacts is the state of one account.
type AccountFacts struct {
	Name        string
	Timezone    string
	Day         report.Day // the account's today
	DayEnd      time.Time  // the end of Day; until then Alpemix serves the day before
	Today       report.DayTotal
	LastSuccess map[report.Kind]time.Time
	Unsealed    []report.Day // past days that are neither sealed nor lost
	Gaps        int          // number of lost days
	LostAt      time.Time    // when Alpemix stopped serving the newest of them
	Days        []report.DayStatus
	Doubts      []DayDoubt // of the last week and today, oldest first
	TokenExpiry time.Time
	Failure     *report.Failure // the newest failure without a success of its kind since
	PausedUntil time.Time       // the next try after a failure
}

// DayDoubt is a day whose newest answer may not describe all of it.
type DayDoubt struct {
	Day    report.Day
	Sealed bool // because no better answer came
	Why    string
}

// doubtsFor is how many days a doubt is shown.
const doubtsFor = 7

// Doubts returns the doubts about an account's days of the last week, except lost days.
func Doubts(days []report.DayStatus, today report.Day) (doubts []DayDoubt) {
	for _, d := range days {
		if d.Doubt != "" && d.State != report.DayGap && d.Day >= today-doubtsFor {
			doubts = append(doubts, DayDoubt{d.Day, d.State == report.DaySealed, d.Doubt})
		}
	}
	return doubts
}

// Facts returns the current facts.
func (c *Collector) Facts() Facts {
	f := Facts{Budget: map[report.Kind]int{}}
	f.QueueRows, f.QueueOldest = c.store.QueueStats()
	now := time.Now()
	for _, a := range c.accounts {
		f.Accounts = append(f.Accounts, c.accountFacts(a, now))
		for _, kind := range []report.Kind{report.Token, report.Today} {
			left := a.Fetcher.Budget(kind)
			if least, ok := f.Budget[kind]; !ok || left < least {
				f.Budget[kind] = left
			}
		}
	}
	return f
}

func (c *Collector) accountFacts(a *account, now time.Time) AccountFacts {
	day := a.day(now)
	facts := AccountFacts{
		Name: a.Name, Timezone: a.Location.String(), Day: day, DayEnd: (day + 1).Start(a.Location), Today: c.store.Totals(a.Name, day),
		Days: c.store.Days(a.Name), TokenExpiry: a.Fetcher.TokenExpiry(),
	}
	facts.Doubts = Doubts(facts.Days, day)
	for _, d := range facts.Days {
		switch {
		case d.State == report.DayGap:
			facts.Gaps++
			facts.LostAt = (d.Day + 2).Start(a.Location)
		case d.State == report.DayOpen && d.Day < day:
			facts.Unsealed = append(facts.Unsealed, d.Day)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.todayDoubt != "" {
		facts.Doubts = append(facts.Doubts, DayDoubt{day, false, a.todayDoubt})
	}
	facts.LastSuccess, facts.Failure = maps.Clone(a.last), a.failure()
	for _, p := range a.pauses {
		facts.PausedUntil = pacing.Later(facts.PausedUntil, p.Ends(now))
	}
	return facts
}
