package collector

import (
	"context"
	"errors"
	"fmt"
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
// be complete. It retries nothing; the error has every failure.
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
	var errs []error
	for _, l := range c.lanes {
		for _, a := range l.accounts {
			for _, kind := range []report.Kind{report.Yesterday, report.Today} {
				err := l.once(ctx, a, kind)
				errs = append(errs, err)
				if f, ok := errors.AsType[*report.Failure](err); ok && f.Kind == report.Token {
					break // the vendor would give the same answer about the credentials
				}
			}
		}
	}
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

// once does one complete read of a, as soon as the limits allow. It retries once if the vendor
// answers 205, or refuses a token that it granted before, because that may be a coincidence.
func (l *lane) once(ctx context.Context, a *account, kind report.Kind) error {
	if kind == report.Yesterday {
		now := time.Now()
		if believed := a.day(now).Start(a.Location).Add(sealGrace); now.Before(believed) {
			l.collector.observer.waiting(a.Name, "yesterday to be complete", believed)
			pacing.Sleep(ctx, nil, believed)
		}
	}
	giveUp := time.Now().Add(onceThrottled)
	for refused := false; ; {
		now := time.Now()
		yesterday := a.day(now) - 1
		j := job{account: a, day: yesterday}
		j.window = report.Window{Kind: kind, Deadline: a.deadline(now, l.collector.dayStatus(a, yesterday))}
		if kind == report.Today {
			j.day++
		}
		out := l.cycle(ctx, j)
		f := out.failure
		switch {
		case f == nil && out.doubt != "":
			return fmt.Errorf("account %s: %s is in doubt: the answer for %s is not believed to describe it: %s", a.Name, j.day, j.window, out.doubt)
		case f == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case f.Class != report.Throttle && f.Class != report.Renew, f.NotBefore.IsZero(), f.NotBefore.After(giveUp),
			f.Reason != report.OwnLimit && refused:
			return fmt.Errorf("account %s: %s: %w", a.Name, j.window, f)
		}
		refused = refused || f.Reason != report.OwnLimit
		l.collector.observer.waiting(a.Name, "the vendor's limits", f.NotBefore)
		pacing.Sleep(ctx, nil, pacing.Later(now.Add(time.Second), f.NotBefore))
	}
}
