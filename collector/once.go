package collector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// onceThrottled limits how long Once waits for the vendor's limits, in all, before one read
// succeeds. A window is a minute. A longer wait means that the address is blocked, or that another
// program uses up the limits.
const onceThrottled = 5 * time.Minute

// Once reads yesterday and today of every account once, writes the results and seals what can be
// sealed. It waits for the vendor's limits and, in the first minutes of a day, until yesterday can
// be complete. It retries nothing that the vendor refuses, except once what may be a coincidence.
// The error has every failure.
func (c *Collector) Once(ctx context.Context) error {
	started := time.Now()
	if !pacing.Believable(started) {
		return fmt.Errorf("this machine's clock says %s: set it", started.Format(time.DateTime))
	}
	if err := c.setZones(); err != nil {
		return err
	}
	for _, l := range c.lanes {
		l.turnDays(started)
	}
	// What ClickHouse has lost is requested below. If it is unreachable now, the flush at the end
	// returns the error.
	_ = c.drain.flush(ctx, unbounded)
	errs := make([]error, len(c.lanes))
	var running sync.WaitGroup
	for i, l := range c.lanes {
		running.Go(func() { errs[i] = (&turn{lane: l, throttled: map[report.Kind]*report.Failure{}}).all(ctx) })
	}
	running.Wait()
	if err := c.drain.flush(ctx, unbounded); err != nil {
		errs = append(errs, fmt.Errorf("writing to ClickHouse: %w", err))
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; what was read so far is stored, or queued on disk for the next run")
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, a := range c.accounts {
		switch d := c.dayStatus(a, a.day(started)-1); {
		case d.Doubt != "":
			errs = append(errs, fmt.Errorf("account %s: %s is in doubt: the answer for yesterday is not believed to describe it: %s; the next run asks again", a.Name, d.Day, d.Doubt))
		case d.State != report.DaySealed:
			errs = append(errs, fmt.Errorf("account %s: %s is not sealed: rows of it were not found in ClickHouse; the next run asks for them again", a.Name, d.Day))
		}
	}
	return errors.Join(errs...)
}

// turn is what Once does in one lane.
type turn struct {
	*lane
	// throttled has the kinds of request that the vendor refused for its limits, and refused again
	// after a wait. What shares the limits would meet the same, so nothing waits for them any more.
	throttled map[report.Kind]*report.Failure
}

// all does every read of the lane's accounts.
func (t *turn) all(ctx context.Context) error {
	var errs []error
	for _, a := range t.accounts {
		for _, kind := range []report.Kind{report.Yesterday, report.Today} {
			err := t.once(ctx, a, kind)
			errs = append(errs, err)
			if f, ok := errors.AsType[*report.Failure](err); ok && f.Kind == report.Token {
				break // the vendor would give the same answer about the credentials
			}
		}
	}
	return errors.Join(errs...)
}

// once does one complete read of a, as soon as the limits allow. It retries once if the vendor
// answers 205, or refuses a token that it granted before, because that may be a coincidence.
func (t *turn) once(ctx context.Context, a *account, kind report.Kind) error {
	if kind == report.Yesterday {
		now := time.Now()
		if believed := a.day(now).Start(a.Location).Add(sealGrace); now.Before(believed) {
			t.collector.observer.waiting(a.Name, "yesterday to be complete", believed)
			pacing.Sleep(ctx, nil, believed)
		}
	}
	giveUp := time.Now().Add(onceThrottled)
	var refused *report.Failure // the vendor's first refusal
	for {
		now := time.Now()
		yesterday := a.day(now) - 1
		j := job{account: a, day: yesterday}
		j.window = report.Window{Kind: kind, Deadline: a.deadline(now, t.collector.dayStatus(a, yesterday))}
		if kind == report.Today {
			j.day++
		}
		out := t.cycle(ctx, j)
		f := out.failure
		switch {
		case f == nil && out.doubt != "":
			return fmt.Errorf("account %s: %s is in doubt: the answer for %s is not believed to describe it: %s", a.Name, j.day, j.window, out.doubt)
		case f == nil:
			delete(t.throttled, j.window.Kind)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case f.Class != report.Throttle && f.Class != report.Renew, f.NotBefore.IsZero(), f.NotBefore.After(giveUp):
			return fmt.Errorf("account %s: %s: %w", a.Name, j.window, f)
		case t.throttled[f.Kind] != nil && f.Reason == report.OwnLimit:
			return fmt.Errorf("account %s: %s: not requested, because the vendor refused such requests even after a wait: %w", a.Name, j.window, t.throttled[f.Kind])
		case f.Reason != report.OwnLimit && (refused != nil || t.throttled[f.Kind] != nil):
			if f.Class == report.Throttle {
				t.throttled[f.Kind] = f
			}
			return fmt.Errorf("account %s: %s: %w", a.Name, j.window, f)
		case f.Reason != report.OwnLimit:
			refused = f
		}
		t.collector.observer.waiting(a.Name, "the vendor's limits", f.NotBefore)
		pacing.Sleep(ctx, nil, pacing.Later(now.Add(time.Second), f.NotBefore))
	}
}
