package collector

import (
	"context"
	"fmt"
	"time"

	"alpemix-collector/report"
)

// Database answers what ClickHouse holds, and which database it is. The state file and ClickHouse may be of different age: one of
// them was restored from a backup, deleted, or replaced. Both are asked before a day is called lost.
type Database interface {
	// Identity is the id of the database: another one once it was replaced or emptied.
	Identity(ctx context.Context) (string, error)
	// Follow moves the rows of accounts whose logins have other names now, and returns these moves. It may be repeated.
	Follow(ctx context.Context, logins []report.Login) ([]report.Move, error)
	// Days are the states of an account's days as stored, oldest first.
	Days(ctx context.Context, account string) ([]report.DayStatus, error)
	// Counts counts an account's stored connections by local day.
	Counts(ctx context.Context, account string, from, to report.Day) (map[report.Day]uint64, error)
	// Holds reports whether any of an account's connections of these local days is stored.
	Holds(ctx context.Context, account string, from, to report.Day) (bool, error)
	// Connections are an account's stored connections of a local day and later, by UID.
	Connections(ctx context.Context, account string, from report.Day) (map[string]report.Identity, error)
	// Held is what is stored of customers and allotments.
	Held(ctx context.Context) (report.Held, error)
	// SettleStored settles the quarantined records of an account whose connections are stored.
	SettleStored(ctx context.Context, account string) error
}

const (
	// consultEvery is how often a drain that meets no failure asks which database it writes to.
	consultEvery = 10 * time.Minute
	// compareEvery is how often everything is compared where nothing gives a reason.
	compareEvery = 24 * time.Hour
)

// consulting is what a drain knows of the database.
type consulting struct {
	at       time.Time // of the last question, zero after a failure
	compared time.Time // of the last comparison
	due      bool      // a comparison has to be made when the queue is empty
	replaced bool      // the comparison is of another database than before
}

// consult asks ClickHouse which database it is and what it says of days. That comes ahead of every write after a start or a
// failure: a state file that is behind would write that sealed days are open.
func (d *drain) consult(ctx context.Context) error {
	c, db, now := d.collector, d.collector.database, time.Now()
	if since := now.Sub(d.consulting.at); db == nil || since >= 0 && since < consultEvery {
		return nil
	}
	id, err := db.Identity(ctx)
	if err != nil {
		return err
	}
	before, err := c.store.Database()
	if err != nil {
		return err
	}
	if since := now.Sub(d.consulting.compared); d.consulting.at.IsZero() || id != before || since < 0 || since >= compareEvery {
		d.consulting.due = true
	}
	if d.consulting.due {
		// Ahead of all else: an account is known in ClickHouse by the name that it had when the rows were written.
		moves, err := db.Follow(ctx, c.logins)
		if err != nil {
			return err
		}
		for _, m := range moves {
			c.observer.moved(m)
		}
		for _, a := range c.accounts {
			if err := c.learn(ctx, a); err != nil {
				return err
			}
		}
	}
	if id != before {
		d.consulting.replaced = before != ""
		if err := d.replaced(before); err != nil {
			return err
		}
		if err := c.store.SetDatabase(id); err != nil {
			return err
		}
	}
	d.consulting.at = now
	return nil
}

// replaced lets the next answers bring again what only the lost database held.
func (d *drain) replaced(before string) error {
	if before == "" {
		return nil
	}
	d.collector.observer.replaced(d.collector.accounts)
	for _, a := range d.collector.accounts {
		if err := d.collector.store.Reconsider(a.Name); err != nil {
			return err
		}
	}
	return nil
}

// learn takes over what ClickHouse says of an account's days and the state file does not know.
func (c *Collector) learn(ctx context.Context, a *account) error {
	held, err := c.database.Days(ctx, a.Name)
	if err != nil {
		return err
	}
	c.changingDays.Lock()
	defer c.changingDays.Unlock()
	now := time.Now()
	changes := learned(c.store.Days(a.Name), held, a.day(now))
	if len(changes) == 0 {
		return nil
	}
	err = c.store.Commit(report.Observation{Account: a.Name, Day: a.day(now), FetchedAt: now, Days: changes})
	if err != nil {
		return fmt.Errorf("account %s: what ClickHouse says of its days could not be recorded: %w", a.Name, err)
	}
	c.observer.learned(a.Name, changes)
	return nil
}

// learned is what changes in known when ClickHouse holds these states. A seal wins over what is open or lost: it was written when
// every connection of the day had been found.
func learned(known, held []report.DayStatus, today report.Day) (changes []report.DayStatus) {
	byDay := map[report.Day]report.DayStatus{}
	for _, d := range known {
		byDay[d.Day] = d
	}
	for _, h := range held {
		k, ok := byDay[h.Day]
		sealed := h.State == report.DaySealed
		switch {
		case h.Day > today:
		case !ok,
			sealed && k.State != report.DaySealed,
			sealed && h.Version > k.Version && !sameState(k, h),
			h.State == report.DayGap && k.State == report.DayOpen && k.ReadAt.IsZero() && h.Day < today-1:
			changes = append(changes, h)
		}
	}
	return changes
}

// sameState compares a state that is known with one that is stored, in whole seconds.
func sameState(known, held report.DayStatus) bool {
	return known.State == held.State && known.Rows == held.Rows && known.SealedAt.Truncate(time.Second).Equal(held.SealedAt)
}
