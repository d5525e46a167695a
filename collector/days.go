package collector

import (
	"time"

	"alpemix-collector/report"
)

// maxGapDays bounds how many missed days one start records: more is a wrong clock rather than a long sleep.
const maxGapDays = 400

// turned is what changes in an account's days, oldest first, when today is reached: days open as they begin, and a day that
// Alpemix no longer tells and that was never sealed becomes a gap. A new account begins with yesterday.
func turned(account string, days []report.DayStatus, today report.Day) []report.DayStatus {
	next := today - 1
	var changes []report.DayStatus
	for _, d := range days {
		if d.State == report.DayOpen && d.Day < today-1 {
			d.State = report.DayGap
			changes = append(changes, d)
		}
	}
	if len(days) > 0 {
		next = max(days[len(days)-1].Day+1, today-maxGapDays)
	}
	for ; next <= today; next++ {
		d := report.DayStatus{Account: account, Day: next, State: report.DayOpen}
		if next < today-1 {
			d.State = report.DayGap
		}
		changes = append(changes, d)
	}
	return changes
}

// turnDays opens the days that have begun and records gaps.
func (l *lane) turnDays(now time.Time) {
	c := l.collector
	for _, a := range l.accounts {
		today := a.day(now)
		changes := turned(a.Name, c.store.Days(a.Name), today)
		if len(changes) == 0 {
			continue
		}
		for i := range changes {
			changes[i].Rows = c.store.Totals(a.Name, changes[i].Day).Rows
		}
		err := c.store.Commit(report.Observation{Account: a.Name, Day: today, FetchedAt: now, Days: changes})
		if err == nil {
			err = c.store.Prune(a.Name, today-2)
		}
		c.observer.days(a.Name, changes, err)
		nudge(c.drain.wake)
	}
}

// dayStatus is what is known of an account's day.
func (c *Collector) dayStatus(a *account, day report.Day) report.DayStatus {
	for _, d := range c.store.Days(a.Name) {
		if d.Day == day {
			return d
		}
	}
	return report.DayStatus{Account: a.Name, Day: day, State: report.DayOpen}
}

// grownDayEvery spaces the updates of an open day's row count, so that not every poll with news writes to days too.
const grownDayEvery = 5 * time.Minute

// grownDay is the new row count of the day that out read, if it is time to write it.
func (c *Collector) grownDay(out *outcome, more int) []report.DayStatus {
	a, now := out.account, time.Now()
	if more == 0 || now.Sub(a.grownAt) < grownDayEvery {
		return nil
	}
	a.grownAt = now
	d := c.dayStatus(a, out.day)
	d.Rows = c.store.Totals(a.Name, out.day).Rows + uint64(more)
	return []report.DayStatus{d}
}
