package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Waits before yesterday is requested again because its answer was for another day, or because
// ClickHouse had lost rows of it.
const (
	unsealedFirst = 5 * time.Minute
	unsealedMost  = 30 * time.Minute
)

// sealAll seals the days with a complete read. It runs when the queue is empty, so all their rows
// are written.
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

// seal reads a day back from ClickHouse and seals it if every connection is there with its last
// content. Missing connections are forgotten, so that the next answer brings them again.
func (d *drain) seal(ctx context.Context, a *account, day report.DayStatus) error {
	c := d.collector
	expected, err := c.store.Expected(a.Name, day.Day)
	if err != nil {
		return err
	}
	if why := doubtSeal(day, len(expected)); why != "" {
		return c.withdraw(a, day, why)
	}
	stored, err := c.writer.ReadBack(ctx, a.Name, day.Day)
	if err != nil {
		return err
	}
	if rows, _ := c.store.QueueStats(); rows > 0 {
		return nil // the lane has queued more meanwhile: try again when that is written
	}
	var missing []string
	for uid, hash := range expected {
		if stored[uid] != hash {
			missing = append(missing, uid)
		}
	}
	if missing, err = c.notImported(ctx, a, day.Day, missing); err != nil {
		return err
	}
	now := time.Now()
	if len(missing) > 0 {
		if err := c.store.Forget(a.Name, missing); err != nil {
			return err
		}
		c.observer.missing(a.Name, day.Day, len(missing))
		a.askAgain(now)
	} else if day.Doubt == "" {
		a.unsealedNoMore()
	}
	changed, err := c.changeDay(a, day.Day, func(d *report.DayStatus) {
		if d.ReadAt.Equal(day.ReadAt) { // not read again meanwhile
			d.ReadAt = time.Time{}
		}
		switch {
		case len(missing) == 0 && d.State != report.DaySealed:
			d.State, d.SealedAt, d.Rows = report.DaySealed, now.UTC(), uint64(len(stored))
		case len(missing) == 0:
			d.Rows = uint64(len(stored))
		case d.Day < a.day(now)-1:
			d.State = report.DayGap // Alpemix no longer serves it
		default:
			d.State, d.SealedAt = report.DayOpen, time.Time{}
		}
	})
	if err == nil && changed.State != day.State {
		c.observer.days(a.Name, []report.DayStatus{changed}, nil)
	}
	if changed.Doubt != "" {
		pacing.Nudge(a.wake) // it is asked for until the end
	}
	return err
}

// withdraw puts the answer that would seal a day in doubt: the day is requested again or, if there is
// hardly time for that, sealed in doubt.
func (c *Collector) withdraw(a *account, day report.DayStatus, why string) error {
	last := a.lastChance(day.Day, time.Now())
	changed, err := c.changeDay(a, day.Day, func(d *report.DayStatus) {
		if !d.ReadAt.Equal(day.ReadAt) {
			return // read again meanwhile
		}
		if d.Doubt = why; !last {
			d.ReadAt = time.Time{}
		}
	})
	if err != nil || changed.Doubt != why {
		return err
	}
	if !last {
		a.askAgain(time.Now())
	}
	c.observer.withdrawn(a.Name, day.Day, why)
	return nil
}

// notImported adopts the connections that an import has replaced, and returns the other uids.
func (c *Collector) notImported(ctx context.Context, a *account, day report.Day, uids []string) (missing []string, err error) {
	if c.database == nil || len(uids) == 0 {
		return uids, nil
	}
	held, err := c.database.Connections(ctx, a.Name, day)
	if err != nil {
		return nil, err
	}
	take := map[string]report.Identity{}
	for _, uid := range uids {
		known, _ := c.store.Lookup(a.Name, uid)
		if h, ok := held[uid]; ok && imported(known, h) {
			take[uid] = h
			continue
		}
		missing = append(missing, uid)
	}
	return missing, c.store.Remember(a.Name, take)
}

// imported reports whether an import has replaced a connection: then the stored row has another
// first_seen_at. The collector always writes the one that it knows.
func imported(known, held report.Identity) bool {
	return !known.FirstSeenAt.Truncate(time.Second).Equal(held.FirstSeenAt.Truncate(time.Second))
}

// askAgain requests yesterday again, after a growing wait.
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
