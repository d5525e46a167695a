package collector

import (
	"context"
	"fmt"
	"time"

	"alpemix-collector/report"
)

// Database says what ClickHouse holds, and which database it is. The state file and ClickHouse may
// be of different age, if one of them was restored, deleted or replaced. Both are checked before a
// day counts as lost.
type Database interface {
	// Identity returns the id of the database. It changes when the database is replaced or emptied.
	Identity(ctx context.Context) (string, error)
	// Follow moves the rows of accounts whose logins were renamed, and returns these moves. It may
	// be repeated.
	Follow(ctx context.Context, logins []report.Login) ([]report.Move, error)
	// Days returns the stored states of an account's days, oldest first.
	Days(ctx context.Context, account string) ([]report.DayStatus, error)
	// Counts returns the number of an account's stored connections by local day.
	Counts(ctx context.Context, account string, from, to report.Day) (map[report.Day]uint64, error)
	// Holds reports whether any of an account's connections of these local days is stored.
	Holds(ctx context.Context, account string, from, to report.Day) (bool, error)
	// Connections returns an account's stored connections since a local day, by UID.
	Connections(ctx context.Context, account string, from report.Day) (map[string]report.Identity, error)
	// Held returns what is stored of customers and allotments.
	Held(ctx context.Context) (report.Held, error)
	// SettleStored resolves the quarantined records of an account whose connections are stored.
	SettleStored(ctx context.Context, account string) error
}

const (
	// consultEvery is how often a drain without failures checks which database it writes to.
	consultEvery = 10 * time.Minute
	// compareEvery is how often everything is compared without a special reason.
	compareEvery = 24 * time.Hour
)

// consultState is what a drain knows of the database.
type consultState struct {
	at       time.Time // the last check, zero after a failure
	compared time.Time // the last comparison
	due      bool      // compare when the queue is empty
	replaced bool      // the comparison is with a new database
}

// consult checks which database ClickHouse is and what it knows of days. It runs before every write
// after a start or a failure, because an older state file would overwrite sealed days as open.
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
		// First of all, because an account is known in ClickHouse by the name it had when the rows
		// were written.
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

// replaced makes the next answers bring again what only the lost database held.
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

// learn adopts what ClickHouse knows of an account's days and the state file does not.
func (c *Collector) learn(ctx context.Context, a *account) error {
	held, err := c.database.Days(ctx, a.Name)
	if err != nil {
		return err
	}
	c.changingDays.Lock()
	defer c.changingDays.Unlock()
	now := time.Now()
	changes := newStates(c.store.Days(a.Name), held, a.day(now))
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

// newStates returns what changes in known when ClickHouse holds these states. A seal wins over open
// or lost: it was written when every connection of the day had been found.
func newStates(known, held []report.DayStatus, today report.Day) (changes []report.DayStatus) {
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

// sameState compares a known state with a stored one, in whole seconds.
func sameState(known, held report.DayStatus) bool {
	return known.State == held.State && known.Rows == held.Rows && known.SealedAt.Truncate(time.Second).Equal(held.SealedAt)
}
