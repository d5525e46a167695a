package reseller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// deliverFor is how long it is tried to deliver an event.
const deliverFor = 24 * time.Hour

// recordAgain is the wait before the state file is tried again.
const recordAgain = 30 * time.Second

// courier delivers events, over restarts, until they are accepted or too old.
type courier struct {
	all     *Jobs
	webhook Webhook
	wake    chan struct{}

	away    pacing.Pause             // the receiver cannot be reached
	refused map[string]*pacing.Pause // by id: it was reached and refuses this event
	done    map[string]bool          // by id: delivered or dropped, and that is not recorded yet
}

func newCourier(r *Jobs, webhook Webhook) *courier {
	return &courier{all: r, webhook: webhook, wake: make(chan struct{}, 1), refused: map[string]*pacing.Pause{}, done: map[string]bool{}}
}

// run delivers until ctx ends.
func (c *courier) run(ctx context.Context) {
	for ctx.Err() == nil {
		next, _ := c.round(ctx) // the observer has told the errors
		pacing.Sleep(ctx, c.wake, next)
	}
}

// round tries every event that is due once, and tells when the next one is: zero if none waits.
func (c *courier) round(ctx context.Context) (next time.Time, err error) {
	events, err := c.all.store.Undelivered()
	if err != nil {
		err = fmt.Errorf("events that wait for their delivery cannot be read: %w", err)
		c.all.observer.stuck(err)
		return time.Now().Add(recordAgain), err
	}
	var errs []error
	for _, e := range events {
		if ctx.Err() != nil {
			break
		}
		again, err := c.try(ctx, e)
		errs = append(errs, err)
		if !again.IsZero() && (next.IsZero() || again.Before(next)) {
			next = again
		}
	}
	return next, errors.Join(errs...)
}

// try makes one attempt at an event if it is due, and tells when to look at it again: zero for never.
func (c *courier) try(ctx context.Context, e report.Event) (again time.Time, err error) {
	now, id, expiry := time.Now(), e.ID(), e.At.Add(deliverFor)
	refused := c.refused[id]
	if refused == nil {
		refused = &pacing.Pause{}
		c.refused[id] = refused
	}
	switch {
	case c.done[id]:
		return c.settle(id)
	case !now.Before(expiry):
		c.all.observer.dropped(e)
		return c.settle(id)
	case !c.away.Ends(now).IsZero():
		return earlier(c.away.Until, expiry), nil
	case !refused.Ends(now).IsZero():
		return earlier(refused.Until, expiry), nil
	}
	err = c.webhook.Deliver(ctx, e)
	if err == nil {
		c.away.Succeeded()
		c.all.observer.delivered(e)
		return c.settle(id)
	}
	if ctx.Err() != nil {
		return time.Time{}, nil // our own end is no failure of the receiver
	}
	failure, pause := report.AsFailure(err), &c.away
	if failure.Class == report.Permanent {
		pause = refused
	}
	delay(pause, failure, time.Now())
	c.all.observer.deliveryFailed(e, pause.Until, failure)
	return earlier(pause.Until, expiry), fmt.Errorf("an event of %s account %s waits for its delivery: %w", e.Vendor, e.Account, failure)
}

// delay plans the next try after f. A receiver that says when it wants to be asked again is asked then,
// but less and less often if it never accepts anything.
func delay(pause *pacing.Pause, f *report.Failure, now time.Time) {
	const throttledFirst, throttledMost = time.Second, 2 * time.Minute
	if f.Class == report.Throttle {
		pause.Wait(now, throttledFirst, throttledMost)
	} else {
		pause.Failed(f, now)
	}
	if f.NotBefore.After(pause.Until) {
		pause.Hold(now, f.NotBefore)
	}
}

// settle ends an event's wait. What cannot be recorded is recorded later; until then it is not delivered again.
func (c *courier) settle(id string) (again time.Time, err error) {
	c.done[id] = true
	if err := c.all.store.Delivered(id); err != nil {
		err = fmt.Errorf("an event's delivery cannot be recorded: %w", err)
		c.all.observer.stuck(err)
		return time.Now().Add(recordAgain), err
	}
	delete(c.done, id)
	delete(c.refused, id)
	return time.Time{}, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// eventsWaiting counts the events that wait for their delivery, and says since when the first does.
func (r *Jobs) eventsWaiting() (n int, oldest time.Time) {
	if r.courier == nil {
		return 0, oldest
	}
	events, err := r.store.Undelivered()
	if err != nil || len(events) == 0 {
		return 0, oldest // the courier tells
	}
	return len(events), events[0].At
}
