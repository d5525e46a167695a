package collector

import (
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// maxGapDays limits how many missed days one start records. More are a sign of a wrong clock, not
// of a long sleep.
const maxGapDays = 400

// turned returns the changes in an account's days, oldest first, when today starts. New days are
// open. A day that Alpemix no longer serves and that was never read completely becomes a gap. One
// that was read completely stays open until its rows are found in ClickHouse. A new account starts
// with yesterday.
func turned(account string, days []report.DayStatus, today report.Day) (changes []report.DayStatus) {
	first, known := today-1, map[report.Day]bool{}
	for i, d := range days {
		if i == 0 {
			first = d.Day
		}
		known[d.Day] = true
		if d.State == report.DayOpen && d.Day < today-1 && d.ReadAt.IsZero() {
			d.State = report.DayGap
			changes = append(changes, d)
		}
	}
	for day := max(first, today-maxGapDays); day <= today; day++ {
		if known[day] {
			continue
		}
		d := report.DayStatus{Account: account, Day: day, State: report.DayOpen}
		if day < today-1 {
			d.State = report.DayGap
		}
		changes = append(changes, d)
	}
	return changes
}

// opened returns the days that have started when today is reached.
func opened(account string, days []report.DayStatus, today report.Day) []report.DayStatus {
	return slices.DeleteFunc(turned(account, days, today), func(d report.DayStatus) bool { return d.State != report.DayOpen })
}

// turnDays opens the days that have started. The drain records those that were lost.
func (l *lane) turnDays(now time.Time) {
	c := l.collector
	c.changingDays.Lock()
	defer c.changingDays.Unlock()
	for _, a := range l.accounts {
		if a.asks() {
			continue // what it reads belongs to the current days; they turn when it is done
		}
		today := a.day(now)
		if today != a.turned {
			// Also when the clock was set and the days are known: what was impossible by the old
			// clock may be possible now.
			if err := c.store.Reconsider(a.Name); err != nil {
				c.observer.days(a.Name, nil, err)
				continue
			}
			a.turned = today
		}
		known := c.store.Days(a.Name)
		a.reach(today)
		changes := opened(a.Name, known, today)
		if len(changes) == 0 {
			continue
		}
		for i := range changes {
			changes[i].Rows = c.store.Totals(a.Name, changes[i].Day).Rows
		}
		// The days last: if something fails it is done again, because the days have not turned.
		err := c.store.Prune(a.Name, oldestNeeded(known, today))
		if err == nil {
			err = c.store.Commit(report.Observation{Account: a.Name, Day: today, FetchedAt: now, Days: changes})
		}
		c.observer.days(a.Name, changes, err)
		pacing.Nudge(c.drain.wake)
	}
}

// reach sets today for the drain: days before yesterday that were not read are lost.
func (a *account) reach(today report.Day) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached = today
}

// oldestNeeded returns the oldest day whose connections must be remembered: Alpemix still serves
// it, or it waits for its seal.
func oldestNeeded(days []report.DayStatus, today report.Day) report.Day {
	needed := today - 2
	for _, d := range days {
		if !d.ReadAt.IsZero() {
			needed = min(needed, d.Day)
		}
	}
	return needed
}

// dayStatus returns what is known of an account's day.
func (c *Collector) dayStatus(a *account, day report.Day) report.DayStatus {
	for _, d := range c.store.Days(a.Name) {
		if d.Day == day {
			return d
		}
	}
	return report.DayStatus{Account: a.Name, Day: day, State: report.DayOpen}
}

// changeDay changes what is known of a day. Both lane and drain may call it.
func (c *Collector) changeDay(a *account, day report.Day, change func(*report.DayStatus)) (report.DayStatus, error) {
	c.changingDays.Lock()
	defer c.changingDays.Unlock()
	d := c.dayStatus(a, day)
	change(&d)
	return d, c.store.Commit(report.Observation{Account: a.Name, Day: day, FetchedAt: time.Now(), Days: []report.DayStatus{d}})
}
