package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alpemix-collector/report"
)

// onceThrottled bounds how long Once waits for the vendor's limits before each request. A window is a minute; a longer
// wait means that the address is blocked.
const onceThrottled = 5 * time.Minute

// Once reads yesterday and today of every account once, writes what they brought and seals what can be sealed. It waits
// for the vendor's limits but retries nothing; every failure is in the error.
func (c *Collector) Once(ctx context.Context) error {
	if err := c.setZones(); err != nil {
		return err
	}
	var errs []error
	for _, l := range c.lanes {
		l.turnDays(time.Now())
		for _, a := range l.accounts {
			for _, kind := range []report.Kind{report.Yesterday, report.Today} {
				err := l.once(ctx, a, kind)
				errs = append(errs, err)
				if f, ok := errors.AsType[*report.Failure](err); ok && f.Kind == report.Token {
					break // what the vendor says of the credentials, it would say again
				}
			}
		}
	}
	if err := c.drain.flush(ctx); err != nil {
		errs = append(errs, fmt.Errorf("writing to ClickHouse: %w", err))
	}
	for _, a := range c.accounts {
		if a.lost {
			errs = append(errs, fmt.Errorf("account %s: rows that ClickHouse had acknowledged are not there; the next run asks for them again", a.Name))
		}
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; what was read so far is stored, or queued on disk for the next run")
	}
	return errors.Join(errs...)
}

// once makes one whole read of a, as soon as the limits allow.
func (l *lane) once(ctx context.Context, a *account, kind report.Kind) error {
	for {
		now := time.Now()
		j := job{account: a, window: report.Window{Kind: kind}, day: a.day(now)}
		if kind == report.Yesterday {
			j.day--
		}
		out := l.cycle(ctx, j)
		f := out.failure
		switch {
		case f == nil && out.doubt != "":
			return fmt.Errorf("account %s: %s cannot be sealed: %s", a.Name, j.day, out.doubt)
		case f == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case f.Class != report.Throttle || f.NotBefore.Sub(now) > onceThrottled:
			return fmt.Errorf("account %s: %s: %w", a.Name, j.window, f)
		}
		l.collector.observer.waiting(a.Name, f.NotBefore)
		sleep(ctx, nil, later(now.Add(time.Second), f.NotBefore))
	}
}
