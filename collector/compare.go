package collector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"alpemix-collector/report"
)

// comparison is the result of comparing the state file with ClickHouse.
type comparison struct {
	replaced              bool
	missing               int // connections of today and yesterday that are requested again
	taken                 int // connections that only ClickHouse knew
	days                  int // states that were written again
	lost                  []lostDays
	customers, allotments int // that were written again
}

// lostDays are sealed days of an account whose connections are no longer in ClickHouse.
type lostDays struct {
	account string
	days    []report.DayStatus
}

func (f *comparison) any() bool {
	return f.missing+f.taken+f.days+len(f.lost)+f.customers+f.allotments > 0
}

// compare checks, when the queue is empty, what the state file knows and ClickHouse lacks. What the
// state file has is queued again. Connections that Alpemix still serves are requested again. Sealed
// days without their connections become gaps: only an import or a restored backup brings them back.
func (d *drain) compare(ctx context.Context) (more bool, err error) {
	c := d.collector
	if !d.consulting.due {
		return false, nil
	}
	found := comparison{replaced: d.consulting.replaced}
	for _, a := range c.accounts {
		if err := c.compareConnections(ctx, a, &found); err != nil {
			return false, err
		}
		if err := c.compareDays(ctx, a, &found); err != nil {
			return false, err
		}
		if err := c.database.SettleStored(ctx, a.Name); err != nil {
			return false, err
		}
	}
	held, err := c.database.Held(ctx)
	if err != nil {
		return false, err
	}
	if rows, _ := c.store.QueueStats(); rows > 0 {
		return true, nil // what was queued meanwhile looks like missing rows: compare again when it is written
	}
	if found.customers, found.allotments, err = c.store.Repeat(held); err != nil {
		return false, err
	}
	d.consulting.due, d.consulting.replaced, d.consulting.compared = false, false, time.Now()
	c.observer.compared(&found)
	return found.any(), nil
}

// compareConnections compares the connections that Alpemix still serves.
func (c *Collector) compareConnections(ctx context.Context, a *account, found *comparison) error {
	yesterday := a.day(time.Now()) - 1
	known, err := c.store.Remembered(a.Name, yesterday)
	if err != nil {
		return err
	}
	held, err := c.database.Connections(ctx, a.Name, yesterday)
	if err != nil {
		return err
	}
	if rows, _ := c.store.QueueStats(); rows > 0 {
		return nil // see compare
	}
	var missing []string
	take := map[string]report.Identity{}
	reopen := false
	for uid, k := range known {
		h, ok := held[uid]
		if ok && h.Hash == k.Hash && h.StartedAt.Equal(k.StartedAt) {
			continue
		}
		if ok {
			take[uid] = h
		}
		if ok && imported(k, h) {
			found.taken++
			continue
		}
		missing = append(missing, uid)
		reopen = reopen || k.LocalDay == yesterday
	}
	for uid, h := range held {
		if _, ok := known[uid]; !ok {
			take[uid] = h
			found.taken++
		}
	}
	if len(missing)+len(take) == 0 {
		return nil
	}
	if err := c.store.Forget(a.Name, missing); err != nil {
		return err
	}
	if err := c.store.Remember(a.Name, take); err != nil {
		return err
	}
	found.missing += len(missing)
	if len(missing) > 0 {
		c.observer.findings.WithLabelValues(a.Name, rowsMissing).Inc()
	}
	if reopen && c.dayStatus(a, yesterday).State == report.DaySealed {
		_, err = c.changeDay(a, yesterday, func(d *report.DayStatus) {
			d.State, d.SealedAt, d.ReadAt = report.DayOpen, time.Time{}, time.Time{}
		})
	}
	a.askAll(reopen)
	return err
}

// askAll requests all of today, and all of yesterday if it lacks connections.
func (a *account) askAll(yesterday bool) {
	a.mu.Lock()
	a.whole = wholeRead{}
	a.mu.Unlock()
	a.due(&a.todayDue)
	if yesterday {
		a.due(&a.yesterdayDue)
	}
}

// compareDays writes the states of days again that ClickHouse lacks, unless the connections that a
// seal promises are gone.
func (c *Collector) compareDays(ctx context.Context, a *account, found *comparison) error {
	states, err := c.database.Days(ctx, a.Name)
	if err != nil {
		return err
	}
	held := map[report.Day]report.DayStatus{}
	for _, d := range states {
		held[d.Day] = d
	}
	before := c.store.Days(a.Name)
	counts, err := c.countSealed(ctx, a, before, held)
	if err != nil {
		return err
	}
	// Only now, because nothing is requested from Alpemix while days are locked, and ClickHouse may
	// take minutes to answer.
	c.changingDays.Lock()
	defer c.changingDays.Unlock()
	now := time.Now()
	known, yesterday := c.store.Days(a.Name), a.day(now)-1
	var repeat, lost []report.DayStatus
	for _, d := range known {
		h, ok := held[d.Day]
		differs := !ok || !sameState(d, h)
		stored, doubted := counts[d.Day]
		unchanged := slices.ContainsFunc(before, func(b report.DayStatus) bool { return b.Day == d.Day && b.Version == d.Version })
		switch {
		case ok && h.State == report.DaySealed && h.Version > d.Version: // an import has counted it again: learn adopts that
		case doubted && !unchanged: // it was read or sealed again meanwhile: leave it to the next comparison
		case doubted && stored < d.Rows && !c.expired(d.Day, now):
			if d.Day < yesterday { // otherwise it is read again
				d.State, d.SealedAt, d.Rows = report.DayGap, time.Time{}, stored
				lost = append(lost, d)
			}
		case differs:
			repeat = append(repeat, d)
		}
	}
	o := report.Observation{Account: a.Name, Day: yesterday + 1, FetchedAt: now, Days: append(repeat, lost...), Repeat: true}
	if len(o.Days) == 0 {
		return nil
	}
	if err := c.store.Commit(o); err != nil {
		return fmt.Errorf("account %s: days that ClickHouse lacks could not be queued: %w", a.Name, err)
	}
	found.days += len(repeat)
	if len(lost) > 0 {
		found.lost = append(found.lost, lostDays{a.Name, lost})
	}
	return nil
}

// countSealed counts the stored connections of sealed days that are in doubt: those whose seal is
// not stored, or all of them if no connections are stored. It returns those days.
func (c *Collector) countSealed(ctx context.Context, a *account, known []report.DayStatus, held map[report.Day]report.DayStatus) (map[report.Day]uint64, error) {
	var sealed, doubted []report.Day
	for _, d := range known {
		if d.State != report.DaySealed || d.Rows == 0 {
			continue
		}
		sealed = append(sealed, d.Day)
		if h, ok := held[d.Day]; !ok || !sameState(d, h) {
			doubted = append(doubted, d.Day)
		}
	}
	if len(sealed) == 0 {
		return nil, nil
	}
	some, err := c.database.Holds(ctx, a.Name, sealed[0], sealed[len(sealed)-1])
	if err != nil {
		return nil, err
	}
	if !some {
		doubted = sealed
	}
	if len(doubted) == 0 {
		return nil, nil
	}
	counts, err := c.database.Counts(ctx, a.Name, doubted[0], doubted[len(doubted)-1])
	if err != nil {
		return nil, err
	}
	stored := map[report.Day]uint64{}
	for _, day := range doubted {
		stored[day] = counts[day]
	}
	return stored, nil
}

// expired reports whether connections of a day may be gone because of the retention.
func (c *Collector) expired(day report.Day, now time.Time) bool {
	return c.kept > 0 && day.UTC().Add(c.kept).Before(now.Add(48*time.Hour))
}

// loseDays records days that Alpemix no longer serves as gaps, after asking ClickHouse about them.
// It runs when the queue is empty. While ClickHouse does not answer, the days stay open.
func (d *drain) loseDays(ctx context.Context) (more bool, err error) {
	c := d.collector
	for _, a := range slices.Concat(c.accounts, c.removed()) {
		if len(c.lostDays(a)) == 0 {
			continue
		}
		if c.database != nil {
			if err := c.learn(ctx, a); err != nil {
				return more, err
			}
		}
		c.changingDays.Lock()
		lost := c.lostDays(a)
		if len(lost) > 0 {
			err = c.store.Commit(report.Observation{Account: a.Name, Day: lost[len(lost)-1].Day, FetchedAt: time.Now(), Days: lost})
			more = true
		}
		c.changingDays.Unlock()
		c.observer.days(a.Name, lost, err)
		if err != nil {
			return more, err
		}
	}
	return more, nil
}

// removed returns the accounts with open days that are no longer configured: nothing reads or seals
// these days.
func (c *Collector) removed() (removed []*account) {
	for _, name := range c.store.Accounts() {
		if slices.ContainsFunc(c.accounts, func(a *account) bool { return a.Name == name }) {
			continue
		}
		removed = append(removed, &account{
			Account: Account{Name: name, Location: time.UTC},
			reached: report.DayOf(time.Now().UTC()) - 1, // no zone is a day behind
			gone:    true,
		})
	}
	return removed
}

// lostDays returns the days that an account's lane has passed without a complete read; for a
// removed account, the days that were left open.
func (c *Collector) lostDays(a *account) (lost []report.DayStatus) {
	a.mu.Lock()
	today := a.reached
	a.mu.Unlock()
	days := c.store.Days(a.Name)
	switch {
	case today == 0:
		return nil
	case a.gone:
		for _, d := range days {
			if d.State == report.DayOpen && d.Day < today-1 {
				d.State, d.ReadAt = report.DayGap, time.Time{}
				lost = append(lost, d)
			}
		}
	default:
		lost = slices.DeleteFunc(turned(a.Name, days, today), func(d report.DayStatus) bool { return d.State != report.DayGap })
	}
	for i := range lost {
		lost[i].Rows = c.store.Totals(a.Name, lost[i].Day).Rows
	}
	return lost
}
