package collector

import (
	"context"
	"fmt"
	"time"

	"alpemix-collector/report"
)

// Waits before yesterday is asked again because its answer did not tell that day, or because ClickHouse had lost rows of it.
const (
	unsealedFirst = 5 * time.Minute
	unsealedMost  = 30 * time.Minute
)

// considerSeal remembers that a complete answer told its day, so that the drain looks for its rows in ClickHouse; or it says
// why the answer does not tell that day.
func (c *Collector) considerSeal(out *outcome, hashes []uint64) (doubt string) {
	a := out.account
	if out.body.AskedAt.Before((out.day + 1).Start(a.Location).Add(sealGrace)) {
		return "" // too soon after midnight to believe; it is asked again
	}
	expected, err := c.store.Expected(a.Name, out.day)
	if err == nil {
		if doubt = tells(hashes, expected); doubt == "" && a.day(out.body.FetchedAt) != out.day+1 {
			doubt = "midnight passed while it was read"
		}
	}
	if err == nil && doubt == "" {
		_, err = c.changeDay(a, out.day, func(d *report.DayStatus) { d.ReadAt = out.body.FetchedAt })
	}
	if err != nil {
		doubt = "the state of the day could not be recorded: " + err.Error()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if doubt != "" {
		a.unsealed.wait(time.Now(), unsealedFirst, unsealedMost)
		return doubt
	}
	a.lost = false
	nudge(c.drain.wake)
	return ""
}

// tells finds out by its rows whether an answer tells the day of which these connections are known, or says why not. When
// Alpemix turns its day is not documented (vendors/README.md), so an answer may tell another day than was asked for, or
// parts of two; and rows may vanish from it.
func tells(answer []uint64, expected map[string]uint64) (doubt string) {
	ofDay := make(map[uint64]bool, len(expected))
	for _, hash := range expected {
		ofDay[hash] = true
	}
	told := 0
	for _, hash := range answer {
		if ofDay[hash] {
			told++
		}
	}
	switch {
	case len(answer) == 0 && len(expected) > 0:
		return fmt.Sprintf("it is empty, though %d connections of that day are known", len(expected))
	case 2*told < len(answer):
		return fmt.Sprintf("only %d of its %d records are of that day: is the vendor's clock behind, or the account's timezone wrong?", told, len(answer))
	case 5*told < 4*len(expected):
		return fmt.Sprintf("it tells only %d of the %d connections that are known of that day: has the vendor's day not ended yet, or is the account's timezone wrong?", told, len(expected))
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
			if err := d.seal(ctx, a, day); err != nil {
				return false, fmt.Errorf("account %s: reading %s back to seal it: %w", a.Name, day.Day, err)
			}
			more = true
		}
	}
	return more, nil
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
		case d.State == report.DayOpen && d.Day < a.day(now)-1:
			d.State = report.DayGap // Alpemix cannot be asked again
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
	a.lost = true
	a.unsealed.wait(now, unsealedFirst, unsealedMost)
	nudge(a.wake)
}

func (a *account) unsealedNoMore() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unsealed.succeeded()
}
