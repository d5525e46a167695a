package collector

import (
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// pauses keeps apart what fails apart: an answer for yesterday that cannot be read must not stop today's. What concerns the
// account as a whole, its credentials and token, is under Token.
type pauses map[report.Kind]*pacing.Pause

func newPauses() pauses {
	return pauses{report.Token: {}, report.Yesterday: {}, report.Today: {}}
}

// of is the pause that failure f of w belongs to.
func (ps pauses) of(w report.Window, f *report.Failure) *pacing.Pause {
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
	ps[report.Token].Succeeded()
	if w.Kind == report.Yesterday {
		ps[report.Yesterday].Succeeded()
		return
	}
	ps[report.Today].Succeeded()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
