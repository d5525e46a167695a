// Package pacing decides when to retry after a failure, by the class of the failure. Its waits can
// be cut short by a nudge or a canceled context.
package pacing

import (
	"context"
	"time"

	"alpemix-collector/report"
)

// Pause spaces retries: each failure in a row doubles the wait, up to a limit that depends on
// whether a retry can help. The zero Pause is no pause. Times are wall-clock times, which advance
// while the machine sleeps; setting the clock back ends the pause.
type Pause struct {
	Failures     int // in a row
	Since, Until time.Time
}

// Waits after failures. A refused credential is retried at most hourly: a person has to change
// something, and each try costs one of the five token requests after which Alpemix blocks the
// address.
const (
	transientFirst = 5 * time.Second
	transientMost  = 2 * time.Minute
	permanentFirst = 5 * time.Minute
	permanentMost  = time.Hour
	// A new token that is refused at once: each try costs a token request.
	renewFirst = time.Minute
	renewMost  = 30 * time.Minute
	// A person has to change something here too, but a try that never reached the vendor costs
	// nothing.
	unsentMost = 5 * time.Minute
)

// Before a deadline a wait is at most a quarter of the time left. So whenever the failures stop,
// most of that time remains. Near the deadline, tries come as fast as the vendor's limits allow.
const (
	deadlineParts = 4
	deadlineLeast = 20 * time.Second
)

// Succeeded ends the pause.
func (p *Pause) Succeeded() { *p = Pause{} }

// Ends returns when the pause ends, or zero if it does not hold at now.
func (p *Pause) Ends(now time.Time) time.Time {
	if now = now.Round(0); now.Before(p.Since) || !now.Before(p.Until) {
		return time.Time{}
	}
	return p.Until
}

// Hold makes the pause last from now until a time. It counts no failure.
func (p *Pause) Hold(now, until time.Time) { p.Since, p.Until = now.Round(0), until.Round(0) }

// Failed plans the next try after f happened at now.
func (p *Pause) Failed(f *report.Failure, now time.Time) {
	first, most := transientFirst, transientMost
	switch f.Class {
	case report.Throttle, report.Blocked: // the vendor's clock decides, not our count
		first, most = time.Second, time.Second
	case report.Permanent:
		first, most = permanentFirst, permanentMost
		if f.Unsent {
			most = unsentMost
		}
	case report.Renew:
		first, most = renewFirst, renewMost
	}
	p.Wait(now, first, most)
	if f.NotBefore.After(p.Until) {
		p.Hold(now, f.NotBefore)
	}
}

// Wait plans the next try after one more failure at now.
func (p *Pause) Wait(now time.Time, first, most time.Duration) {
	p.Hold(now, now.Add(Growing(first, most, p.Failures)))
	p.Failures++
}

// Shorten cuts a pause that starts at now, to leave time for more tries before a deadline.
func (p *Pause) Shorten(now, deadline time.Time) {
	wait := Within(p.Until.Sub(now.Round(0)), deadline.Sub(now), deadlineLeast, deadlineParts)
	p.Hold(now, now.Add(wait))
}

// Within caps wait at 1/parts of the time left before a deadline, but not below least. After the
// deadline it returns wait unchanged.
func Within(wait, left, least time.Duration, parts int) time.Duration {
	if left <= 0 {
		return wait
	}
	return min(wait, max(left/time.Duration(parts), least))
}

// Growing returns first, doubled once per earlier failure, at most most.
func Growing(first, most time.Duration, before int) time.Duration {
	for wait := first; ; wait *= 2 {
		if wait >= most {
			return most
		}
		if before == 0 {
			return wait
		}
		before--
	}
}

// lookAgain is how often Sleep checks the wall clock, because timers stop while the machine sleeps.
const lookAgain = 30 * time.Second

// Sleep waits for a nudge, for until (zero: no time limit) or until ctx is done.
func Sleep(ctx context.Context, wake <-chan struct{}, until time.Time) {
	if until.IsZero() {
		select {
		case <-ctx.Done():
		case <-wake:
		}
		return
	}
	for !Reached(until, time.Now()) {
		timer := time.NewTimer(min(remaining(until, time.Now()), lookAgain))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-wake:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Reached reports whether now is at or after at by either clock. The monotonic clock stops while
// the machine sleeps, and the wall clock can be set back.
func Reached(at, now time.Time) bool { return remaining(at, now) <= 0 }

func remaining(until, now time.Time) time.Duration {
	return min(until.Sub(now), until.Round(0).Sub(now.Round(0)))
}

// Later returns the later of two times.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Nudge wakes a loop that may already be awake. wake must have a buffer of one.
func Nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// Believable reports whether a clock may be right. Data recorded under a wrong clock cannot be
// corrected.
func Believable(now time.Time) bool { return now.Year() >= 2020 && now.Year() < 2100 }
