package collector

import (
	"context"
	"fmt"
	"time"

	"alpemix-collector/report"
)

// sealing is a day whose complete "yesterday" answer is queued and has to be found in ClickHouse.
type sealing struct{ day report.Day }

// noSealRetry spaces the requests while yesterday's answer does not tell that day.
const noSealRetry = 10 * time.Minute

// considerSeal plans the read-back of the day that a complete answer told, or says why the answer does not tell it. What
// day the answer is about is judged by its rows: when the vendor turns its day is not documented (vendors/README.md).
func (c *Collector) considerSeal(out *outcome, hashes []uint64) (doubt string) {
	a := out.account
	if out.body.AskedAt.Before((out.day + 1).Start(a.Location).Add(sealGrace)) {
		return "" // too soon after midnight to believe; it is asked again
	}
	expected, err := c.store.Expected(a.Name, out.day)
	if err != nil {
		return err.Error()
	}
	ofDay := make(map[uint64]bool, len(expected))
	for _, hash := range expected {
		ofDay[hash] = true
	}
	told := 0
	for _, hash := range hashes {
		if ofDay[hash] {
			told++
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.day(out.body.FetchedAt) != out.day+1:
		doubt = "midnight passed while it was read"
	case told > 0, len(hashes) == 0 && len(expected) == 0:
		a.sealing = &sealing{out.day}
		nudge(c.drain.wake)
		return ""
	case len(hashes) == 0:
		doubt = fmt.Sprintf("it is empty, though %d connections of that day are known", len(expected))
	default:
		doubt = fmt.Sprintf("none of its %d connections is of that day: is the vendor's clock behind, or the account's timezone wrong?", len(hashes))
	}
	a.noSealUntil = time.Now().Add(noSealRetry)
	return doubt
}

// seal reads a's pending day back from ClickHouse and seals it if every connection is there with its last content.
// Connections that are not there are forgotten, so that the next answer brings them again.
func (d *drain) seal(ctx context.Context, a *account, pending *sealing) error {
	c := d.collector
	expected, err := c.store.Expected(a.Name, pending.day)
	if err != nil {
		return err
	}
	stored, err := c.writer.ReadBack(ctx, a.Name, pending.day)
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
	if len(missing) > 0 {
		if err := c.store.Forget(a.Name, missing); err != nil {
			return err
		}
		c.observer.missing(a.Name, pending.day, len(missing))
	} else {
		sealed := report.DayStatus{
			Account: a.Name, Day: pending.day, State: report.DaySealed, Rows: uint64(len(stored)), SealedAt: time.Now().UTC(),
		}
		before := c.dayStatus(a, pending.day)
		again := before.State == report.DaySealed
		if again {
			sealed.SealedAt = before.SealedAt
		}
		if !again || before.Rows != sealed.Rows {
			days := []report.DayStatus{sealed}
			if err := c.store.Commit(report.Observation{Account: a.Name, Day: pending.day, FetchedAt: sealed.SealedAt, Days: days}); err != nil {
				return err
			}
			c.observer.days(a.Name, days, nil)
		}
	}
	a.sealed(pending, len(missing) == 0)
	return nil
}

// sealed ends the pending seal; one that failed asks for the day again.
func (a *account) sealed(pending *sealing, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sealing == pending {
		a.sealing = nil
	}
	if !ok {
		a.yesterdayDue = true
		nudge(a.wake)
	}
}
