package collector

import (
	"fmt"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// turnedBy is how long after midnight in the account's zone a vendor whose day turns later, or whose
// clock is slow, has turned it. Before that today's answer may still list the day before.
const turnedBy = 6 * time.Hour

// judgeTodayEvery spaces the comparisons of today's answers with what is known of all days.
const judgeTodayEvery = 10 * time.Minute

// doubt is why an answer is not believed to describe all of its day, empty if nothing speaks against it.
type doubt struct {
	why     string
	another bool // it describes another day
	listed  int  // connections of the day
}

// note keeps what an answer listed until its day is sealed.
func (a *account) note(read dayRead, believed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listed = read; !believed {
		a.listed = dayRead{}
	}
}

// doubtSeal compares the answer by which a day is to be sealed with what is known of that day by then:
// today's answers may list connections of it meanwhile, from a vendor whose day stands still.
func (a *account) doubtSeal(day report.DayStatus, known int) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if day.State == report.DaySealed || day.Doubt != "" || a.listed.day != day.Day || !fewer(a.listed.rows, known) {
		return ""
	}
	return lists(a.listed.rows, known)
}

// fewer reports whether an answer lists so few of the known connections that it cannot be complete.
func fewer(listed, known int) bool { return 5*listed < 4*known }

func lists(listed, known int) string {
	return fmt.Sprintf("it lists only %d of the %d connections that are known for that day", listed, known)
}

// considerSeal remembers that a complete answer described yesterday, so that the drain looks for its rows
// in ClickHouse. An answer in doubt is asked again, and taken at the last reads of the day for want of a
// better one, unless it describes another day.
func (c *Collector) considerSeal(r *reading) error {
	out := r.out
	a, now := out.account, out.body.FetchedAt
	if out.body.AskedAt.Before((out.day + 1).Start(a.Location).Add(sealGrace)) {
		return nil // too soon after midnight to believe; it is asked again
	}
	before := c.dayStatus(a, out.day)
	found, err := c.doubtOf(r, before.Watched)
	if err != nil {
		return err
	}
	if a.day(now) != out.day+1 {
		found = doubt{why: "midnight passed while it was read", another: true}
	}
	if found.why != "" && before.State == report.DaySealed && before.Doubt == "" {
		return nil // a better answer has described it
	}
	a.note(dayRead{out.day, found.listed}, found.why == "")
	out.doubt = found.why
	out.accepted = found.why != "" && !found.another && a.midnight(now).Sub(now) < lastReads
	_, err = c.changeDay(a, out.day, func(d *report.DayStatus) {
		d.Doubt = found.why
		if found.why == "" || out.accepted && d.State != report.DaySealed {
			d.ReadAt = now
		}
	})
	if found.why != "" {
		a.askAgain(time.Now())
	}
	pacing.Nudge(c.drain.wake)
	return err
}

// considerToday notes that a complete answer described the running day, and doubts it by what is known.
// Around midnight the vendor may be in another day than we are.
func (c *Collector) considerToday(r *reading) error {
	out := r.out
	a, now := out.account, out.body.FetchedAt
	if a.day(now) != out.day {
		return nil
	}
	if !c.dayStatus(a, out.day).Watched {
		if _, err := c.changeDay(a, out.day, func(d *report.DayStatus) { d.Watched = true }); err != nil {
			return err
		}
	}
	if now.Before(out.day.Start(a.Location).Add(turnedBy)) || a.midnight(now).Sub(now) < time.Hour {
		a.doubtToday(doubt{})
		return nil
	}
	if !a.judgeToday(now) {
		return nil
	}
	found, err := c.doubtOf(r, true)
	if err == nil {
		out.doubt = found.why
		a.doubtToday(found)
	}
	return err
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

// doubtOf compares an answer with what is known of its day and of all others.
func (c *Collector) doubtOf(r *reading, watched bool) (doubt, error) {
	out := r.out
	different, err := r.different()
	if err != nil {
		return doubt{}, err
	}
	shares, err := c.store.Shares(out.account.Name, different)
	if err != nil {
		return doubt{}, err
	}
	days := c.store.Days(out.account.Name)
	oldest := len(days) == 0 || days[0].Day >= out.day
	return doubtful(out.day, shares, len(different), out.rows == 0 && !watched && !oldest), nil
}

// doubtful finds out by its rows whether an answer describes a day. When Alpemix turns its day is not
// documented (vendors/README.md), so an answer may describe another day than was asked for, or parts of
// two; rows may vanish from it; and a vendor in trouble may list few or none, or write them in a way that
// nobody can read; records counts what it lists, each connection once. unseen says that the answer is
// empty and that nobody looked while the day ran: then nothing is known that it could contradict.
func doubtful(day report.Day, shares map[report.Day]report.DayShare, records int, unseen bool) doubt {
	of, others, most := shares[day], 0, day
	for other, share := range shares {
		if other == day {
			continue
		}
		others += share.Listed
		if most == day || share.Listed > shares[most].Listed || share.Listed == shares[most].Listed && other > most {
			most = other
		}
	}
	switch {
	case others > of.Listed:
		return doubt{why: fmt.Sprintf("it lists %d connections of that day and %d of other days, most of %s: is the vendor's clock behind, or the account's timezone wrong?", of.Listed, others, most), another: true}
	case fewer(of.Listed, of.Known):
		return doubt{why: lists(of.Listed, of.Known)}
	case 2*of.Listed < records:
		return doubt{why: fmt.Sprintf("of its %d records only %d could be read as connections of that day: see the quarantine", records, of.Listed)}
	case unseen:
		return doubt{why: "it is empty, and the collector did not run on that day, so nothing confirms that"}
	}
	return doubt{listed: of.Listed}
}
