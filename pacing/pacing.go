// Package pacing tells when to try again what has failed, by the kind of failure, and waits so that a nudge or an end cuts the
// wait short.
package pacing

import (
	"context"
	"time"

	"alpemix-collector/report"
)

// Pause spaces the tries after failures: each failure in a row doubles the wait up to a bound that depends on whether a
// retry can help by itself. The zero Pause is none.
type Pause struct {
	Failures int // in a row
	Until    time.Time
}

// Waits after failures. A refused credential is tried again at most hourly: a person has to change something, and each try
// costs one of the five token requests after which Alpemix blocks the address.
const (
	transientFirst = 5 * time.Second
	transientMost  = 2 * time.Minute
	permanentFirst = 5 * time.Minute
	permanentMost  = time.Hour
	// A new token that is refused at once: each try costs a token request.
	renewFirst = time.Minute
	renewMost  = 30 * time.Minute
)

// Succeeded ends the pause.
func (p *Pause) Succeeded() { *p = Pause{} }

// Failed plans the next try after f happened at now.
func (p *Pause) Failed(f *report.Failure, now time.Time) {
	switch f.Class {
	case report.Throttle, report.Blocked: // the vendor's clock decides, not our count
		p.Until = now.Add(time.Second)
		if f.NotBefore.After(p.Until) {
			p.Until = f.NotBefore
		}
		return
	}
	first, most := transientFirst, transientMost
	switch f.Class {
	case report.Permanent:
		first, most = permanentFirst, permanentMost
	case report.Renew:
		first, most = renewFirst, renewMost
	}
	p.Wait(now, first, most)
}

// Wait plans the next try after one more failure at now.
func (p *Pause) Wait(now time.Time, first, most time.Duration) {
	p.Until = now.Add(Growing(first, most, p.Failures))
	p.Failures++
}

// Growing doubles first with each failure before, up to most.
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

// Sleep waits for a nudge, for until (zero: for no moment) or for the end of ctx.
func Sleep(ctx context.Context, wake <-chan struct{}, until time.Time) {
	var timeout <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timeout:
	}
}

// Nudge wakes a loop that may already be awake; wake has room for one.
func Nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// Believable tells whether a clock can be right. What is recorded under a wrong one cannot be taken back.
func Believable(now time.Time) bool { return now.Year() >= 2020 && now.Year() < 2100 }
