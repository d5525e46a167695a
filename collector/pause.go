package collector

import (
	"time"

	"alpemix-collector/report"
)

// pause spaces the tries after failures: each failure in a row doubles the wait up to a bound that depends on whether a
// retry can help by itself.
type pause struct {
	failures int
	until    time.Time
}

// Waits after failures. A refused credential is tried again at most hourly: a person has to change something, and each try
// costs one of the five token requests after which the vendor blocks the address.
const (
	transientFirst = 5 * time.Second
	transientMost  = 2 * time.Minute
	permanentFirst = 5 * time.Minute
	permanentMost  = time.Hour
	// A new token that is refused at once: each try costs a token request.
	renewFirst = time.Minute
	renewMost  = 30 * time.Minute
)

func (p *pause) succeeded() { *p = pause{} }

// failed plans the next try after f happened at now.
func (p *pause) failed(f *report.Failure, now time.Time) {
	switch f.Class {
	case report.Throttle, report.Blocked: // the vendor's clock decides, not our count
		p.until = later(now.Add(time.Second), f.NotBefore)
		return
	}
	first, most := transientFirst, transientMost
	switch f.Class {
	case report.Permanent:
		first, most = permanentFirst, permanentMost
	case report.Renew:
		first, most = renewFirst, renewMost
	}
	p.wait(now, first, most)
}

// wait plans the next try after one more failure at now.
func (p *pause) wait(now time.Time, first, most time.Duration) {
	p.until = now.Add(growing(first, most, p.failures))
	p.failures++
}

// pauses keeps apart what fails apart: an answer for yesterday that cannot be read must not stop today's. What concerns the
// account as a whole, its credentials and token, is under Token.
type pauses map[report.Kind]*pause

func newPauses() pauses {
	return pauses{report.Token: {}, report.Yesterday: {}, report.Today: {}}
}

// of is the pause that failure f of w belongs to.
func (ps pauses) of(w report.Window, f *report.Failure) *pause {
	switch {
	case f.Kind == report.Token:
		return ps[report.Token]
	case w.Kind == report.Yesterday:
		return ps[report.Yesterday]
	}
	return ps[report.Today]
}

// succeeded ends the pauses that an answer to w disproves.
func (ps pauses) succeeded(w report.Window) {
	ps[report.Token].succeeded()
	if w.Kind == report.Yesterday {
		ps[report.Yesterday].succeeded()
		return
	}
	ps[report.Today].succeeded()
}

// growing doubles first with each failure before, up to most.
func growing(first, most time.Duration, before int) time.Duration {
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

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
