package collector

import (
	"fmt"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// turnedBy is how long after midnight in the account's zone the vendor's day has surely changed,
// even if it changes later or the vendor's clock is slow. Before that, today's answer may still
// list the day before.
const turnedBy = 6 * time.Hour

// judgeTodayEvery is how often today's answers are compared with the known connections of all days.
const judgeTodayEvery = 10 * time.Minute

// doubt is why an answer may not describe all of its day; empty if there is no doubt.
type doubt struct {
	why     string
	another bool // it describes another day
}

// fewer reports whether an answer lists so few of the known connections that it cannot be complete.
func fewer(listed, known int) bool { return 5*listed < 4*known }

func lists(listed, known int) string {
	return fmt.Sprintf("it lists only %d of the %d connections that are known for that day", listed, known)
}

// described reports whether an answer without a doubt described a day of which that many connections
// are known now.
func described(d report.DayStatus, known int) bool {
	switch {
	case d.Doubt != "":
		return false
	case d.State == report.DaySealed:
		return !fewer(int(d.Rows), known)
	}
	return !d.ReadAt.IsZero() && !fewer(d.Listed, known)
}

// doubtSeal compares the answer that would seal a day with what is known of that day by then.
// Today's answers may have listed connections of it meanwhile, if the vendor's day does not change.
func doubtSeal(d report.DayStatus, known int) string {
	if d.Doubt != "" || !fewer(d.Listed, known) {
		return ""
	}
	return lists(d.Listed, known)
}

// lastChance reports whether a day is in its last reads, or gone: there is hardly time to ask
// again.
func (a *account) lastChance(day report.Day, now time.Time) bool {
	return (day + 2).Start(a.Location).Sub(now) < lastReads
}

// considerSeal records that a complete answer described yesterday, so that the drain looks for its
// rows in ClickHouse. An answer in doubt is requested again. In the last reads of the day it is
// used anyway, because no better answer came, unless it describes another day.
func (c *Collector) considerSeal(r *reading) error {
	out, a, now := r.out, r.out.account, r.out.body.FetchedAt
	if out.body.AskedAt.Before((out.day + 1).Start(a.Location).Add(sealGrace)) {
		return nil // too soon after midnight to be complete; it is requested again
	}
	before := c.dayStatus(a, out.day)
	l, err := r.listing()
	if err != nil {
		return err
	}
	next := l.shares[out.day+1].Last
	a.listsUntil(next)
	if !next.IsZero() { // a vendor's day lasts 24 hours: what is older was in the report before
		if err := c.countEarlier(a, &l, next.Add(-24*time.Hour)); err != nil {
			return err
		}
	}
	l.elsewhere += a.listedByToday(out.day)
	l.watched = !before.WatchedAt.IsZero() && !before.WatchedAt.Before(l.shares[out.day].First)
	l.beside, l.first = out.day+1, c.first(a, out.day)
	found := doubtful(l)
	if a.day(now) != out.day+1 {
		found = doubt{"midnight passed while it was read", true}
	}
	of := l.shares[out.day]
	if found.why != "" && described(before, of.Known) {
		return nil
	}
	last := a.lastChance(out.day, now)
	out.doubt = found.why
	out.accepted = found.why != "" && !found.another && last
	_, err = c.changeDay(a, out.day, func(d *report.DayStatus) {
		switch {
		case found.why == "":
			d.ReadAt, d.Listed = now, of.Listed+l.elsewhere
		case out.accepted:
			d.ReadAt = now
		case d.Doubt == "" && !last:
			d.ReadAt = time.Time{} // the earlier answer lists too few of the connections known by now
		}
		d.Doubt = found.why
	})
	if found.why != "" {
		a.askAgain(time.Now())
	}
	pacing.Nudge(c.drain.wake)
	return err
}

// considerToday compares a complete answer for the running day with what is known, and records that
// one described that day. Around midnight the vendor may be in another day than we are.
func (c *Collector) considerToday(r *reading) error {
	out, a, now := r.out, r.out.account, r.out.body.FetchedAt
	if a.day(now) != out.day {
		return nil
	}
	early := now.Before(out.day.Start(a.Location).Add(turnedBy)) || a.midnight(now).Sub(now) < time.Hour
	if early {
		a.doubtToday(doubt{})
	}
	if !a.judgeToday(now) {
		return nil
	}
	l, err := r.listing()
	if err != nil {
		return err
	}
	a.listsBefore(&l)
	l.beside, l.watched = out.day-1, true
	if until := a.listedByYesterday(); !until.IsZero() {
		if err := c.countEarlier(a, &l, until.Add(time.Second)); err != nil {
			return err
		}
	}
	found := doubtful(l)
	if found.why == "" {
		if _, err := c.changeDay(a, out.day, func(d *report.DayStatus) { d.WatchedAt = now }); err != nil {
			return err
		}
	}
	if !early {
		out.doubt = found.why
		a.doubtToday(found)
	}
	return nil
}

// judgeToday reports whether it is time to compare an answer for today.
func (a *account) judgeToday(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if since := now.Sub(a.judgedAt); since >= 0 && since < judgeTodayEvery {
		return false
	}
	a.judgedAt = now
	return true
}

func (a *account) doubtToday(found doubt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.todayDoubt = found.why
}

// listsUntil stores the newest start of today that an answer for yesterday listed.
func (a *account) listsUntil(start time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listedUntil = start
}

func (a *account) listedByYesterday() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.listedUntil
}

// listsBefore stores what an answer for today lists of the day before. If it lists none of today,
// it may be that day's answer.
func (a *account) listsBefore(today *listing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listedBefore = dayRead{day: today.day - 1}
	if today.shares[today.day].Listed > 0 {
		a.listedBefore.rows = today.shares[today.day-1].Listed
	}
}

func (a *account) listedByToday(yesterday report.Day) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listedBefore.day != yesterday {
		return 0
	}
	return a.listedBefore.rows
}
