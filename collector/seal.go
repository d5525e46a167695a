package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Waits before yesterday is asked again because its answer did not tell that day, or because ClickHouse had lost rows of it.
const (
	unsealedFirst = 5 * time.Minute
	unsealedMost  = 30 * time.Minute
)

// turnedBy is how long after midnight in the account's zone a vendor whose day turns later, or whose clock is slow, has
// turned it. Until then an answer that is shorter than what is known of the day is not believed to be all of it.
const turnedBy = 6 * time.Hour

// considerSeal remembers that a complete answer told its day, so that the drain looks for its rows in ClickHouse; or it says
// why the answer does not tell that day.
func (c *Collector) considerSeal(out *outcome, hashes []uint64) (doubt string) {
	a := out.account
	start := (out.day + 1).Start(a.Location)
	if out.body.AskedAt.Before(start.Add(sealGrace)) {
		return "" // too soon after midnight to believe; it is asked again
	}
	sealed := c.dayStatus(a, out.day).State == report.DaySealed
	doubt, err := c.doubt(a, out.day, hashes, out.body.AskedAt.Sub(start) < turnedBy)
	if a.day(out.body.FetchedAt) != out.day+1 {
		doubt = "midnight passed while it was read"
	}
	if err == nil && doubt == "" {
		_, err = c.changeDay(a, out.day, func(d *report.DayStatus) { d.ReadAt = out.body.FetchedAt })
	}
	if err != nil {
		doubt = "the state of the day could not be recorded: " + err.Error()
	}
	if doubt != "" && sealed {
		return "" // it was told once; this answer adds nothing to be looked for
	}
	if doubt != "" {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.unsealed.Wait(time.Now(), unsealedFirst, unsealedMost)
		a.unsealed.Shorten(time.Now(), a.midnight(time.Now()))
		return doubt
	}
	pacing.Nudge(c.drain.wake)
	return ""
}

// doubt compares an answer with what is known of its day and of the days beside it.
func (c *Collector) doubt(a *account, day report.Day, answer []uint64, early bool) (string, error) {
	var known [3]map[string]uint64 // the day before, the day, the day after
	for i := range known {
		var err error
		if known[i], err = c.store.Expected(a.Name, day-1+report.Day(i)); err != nil {
			return "", err
		}
	}
	return doubt(answer, known, early), nil
}

// doubt finds out by its rows whether an answer tells the day of which the connections known[1] are known, or says why not.
// When Alpemix turns its day is not documented (vendors/README.md), so an answer may tell another day than was asked for, or
// parts of two; and rows may vanish from it. Records that are no connections say nothing of days.
func doubt(answer []uint64, known [3]map[string]uint64, early bool) string {
	dayOf := map[uint64]int{}
	for i, connections := range known {
		for _, hash := range connections {
			dayOf[hash] = i + 1
		}
	}
	var told [4]int // of no day, and of the three
	for _, hash := range answer {
		told[dayOf[hash]]++
	}
	ofDay, others := told[2], told[1]+told[3]
	switch {
	case others > ofDay:
		return fmt.Sprintf("%d of its connections are of that day and %d of the days beside it: is the vendor's clock behind, or the account's timezone wrong?", ofDay, others)
	case early && 5*ofDay < 4*len(known[1]):
		return fmt.Sprintf("it tells only %d of the %d connections that are known of that day: has the vendor's day not ended yet?", ofDay, len(known[1]))
	}
	return ""
}

// sealAll seals the days that were read whole; it is called when the queue is empty, so all that belongs to them is written.
func (d *drain) sealAll(ctx context.Context) (more bool, err error) {
	for _, a := range d.collector.accounts {
		for _, day := range d.collector.store.Days(a.Name) {
			if day.ReadAt.IsZero() {
				continue
			}
			if sealErr := d.seal(ctx, a, day); sealErr != nil {
				err = errors.Join(err, fmt.Errorf("account %s: reading %s back to seal it: %w", a.Name, day.Day, sealErr))
				continue
			}
			more = true
		}
	}
	return more, err
}

// seal reads a day back from ClickHouse and seals it if every connection is there with its last content. Connections that
// are not there are forgotten, so that the next answer brings them again.
func (d *drain) seal(ctx context.Context, a *account, day report.DayStatus) error {
	c := d.collector
	expected, err := c.store.Expected(a.Name, day.Day)
	if err != nil {
		return err
	}
	stored, err := c.writer.ReadBack(ctx, a.Name, day.Day)
	if err != nil {
		return err
	}
	if rows, _ := c.store.QueueStats(); rows > 0 {
		return nil // the lane has queued more meanwhile: look again when that is written
	}
	var missing []string
	for uid, hash := range expected {
		if stored[uid] != hash {
			missing = append(missing, uid)
		}
	}
	now := time.Now()
	if len(missing) > 0 {
		if err := c.store.Forget(a.Name, missing); err != nil {
			return err
		}
		c.observer.missing(a.Name, day.Day, len(missing))
		a.askAgain(now)
	} else {
		a.unsealedNoMore()
	}
	changed, err := c.changeDay(a, day.Day, func(d *report.DayStatus) {
		if d.ReadAt.Equal(day.ReadAt) { // not read once more meanwhile
			d.ReadAt = time.Time{}
		}
		switch {
		case len(missing) == 0 && d.State != report.DaySealed:
			d.State, d.SealedAt, d.Rows = report.DaySealed, now.UTC(), uint64(len(stored))
		case len(missing) == 0:
			d.Rows = uint64(len(stored))
		case d.Day < a.day(now)-1:
			d.State = report.DayGap // Alpemix cannot be asked again
		default:
			d.State, d.SealedAt = report.DayOpen, time.Time{}
		}
	})
	if err == nil && changed.State != day.State {
		c.observer.days(a.Name, []report.DayStatus{changed}, nil)
	}
	return err
}

// askAgain wants yesterday once more, after a wait that grows.
func (a *account) askAgain(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unsealed.Wait(now, unsealedFirst, unsealedMost)
	a.unsealed.Shorten(now, a.midnight(now))
	pacing.Nudge(a.wake)
}

func (a *account) unsealedNoMore() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unsealed.Succeeded()
}
