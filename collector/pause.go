package collector

import (
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// pauses separates what fails separately: an answer for yesterday that cannot be read must not stop
// today's. What concerns the whole account, its credentials and token, is under Token.
type pauses map[report.Kind]*pacing.Pause

func newPauses() pauses {
	return pauses{report.Token: {}, report.Yesterday: {}, report.Today: {}}
}

// concern returns what failure f of w concerns: the whole account, or one of its days.
func concern(w report.Window, f *report.Failure) report.Kind {
	switch {
	case f.Kind == report.Token, f.Class == report.Blocked:
		return report.Token
	case w.Kind == report.Yesterday:
		return report.Yesterday
	}
	return report.Today
}

// failed is a failure and its time.
type failed struct {
	*report.Failure
	at time.Time
}

// failed plans the next try after out's failure. No wait lasts beyond the account's midnight, when
// yesterday is no longer served.
func (l *lane) failed(out *outcome, now time.Time) {
	a, f := out.account, out.failure
	pause := a.pauses[concern(out.window, f)]
	switch {
	case f.Reason != report.OwnLimit:
		a.failures[concern(out.window, f)] = failed{f, now}
		pause.Failed(f, now)
		if f.Class != report.Blocked { // the ledger of blocks has planned the next try with the deadline
			pause.Shorten(now, a.midnight(now))
		}
	case f.Kind == report.Token:
		pause.Hold(now, f.NotBefore)
	default:
		l.full.Hold(now, pacing.Later(now.Add(time.Second), f.NotBefore))
	}
}

// succeeded ends the pauses that an answer to w proves unnecessary.
func (a *account) succeeded(w report.Window) {
	day := report.Today
	if w.Kind == report.Yesterday {
		day = report.Yesterday
	}
	for _, kind := range []report.Kind{report.Token, day} {
		a.pauses[kind].Succeeded()
		delete(a.failures, kind)
	}
}

// failure returns the newest failure without a success since, nil if there is none.
func (a *account) failure() *report.Failure {
	var newest failed
	for _, f := range a.failures {
		if newest.Failure == nil || f.at.After(newest.at) {
			newest = f
		}
	}
	return newest.Failure
}
