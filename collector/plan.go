package collector

import (
	"slices"
	"time"

	"alpemix-collector/report"
)

// sealGrace is how long after midnight yesterday's report is first believed to be complete: our clock and the vendor's may
// differ by a little.
const sealGrace = 5 * time.Minute

// job is one request to make.
type job struct {
	account *account
	window  report.Window
	day     report.Day // the vendor day that is asked for
}

// want is what one account needs at a moment.
type want struct {
	job      job
	first    bool      // of a day that is not sealed and did not fail before: it goes before all others
	deadline time.Time // for yesterday: when the vendor stops telling it
	askedAt  time.Time // the last time that this was asked
	since    time.Time // not before this moment
}

// wants lists what a needs, allowed now or later. yesterday is what is known of the day before now's.
func (a *account) wants(now time.Time, yesterday report.DayStatus) []want {
	a.mu.Lock()
	defer a.mu.Unlock()
	day := a.day(now)
	var ws []want
	unsealed := yesterday.State != report.DaySealed && yesterday.ReadAt.IsZero()
	if a.yesterdayDue || unsealed {
		w := want{
			job:      job{a, report.Window{Kind: report.Yesterday}, day - 1},
			deadline: (day + 1).Start(a.Location), askedAt: a.askedAt[report.Yesterday],
			since: later(a.pauses[report.Token].Until, a.pauses[report.Yesterday].Until),
		}
		w.first = unsealed && a.pauses[report.Yesterday].Failures == 0
		if !a.yesterdayDue {
			w.since = later(w.since, later(a.unsealed.Until, day.Start(a.Location).Add(sealGrace)))
		}
		ws = append(ws, w)
	}
	if a.todayDue {
		asked := a.askedAt[report.Today]
		ws = append(ws, want{
			job:     job{a, todayWindow(now, day, a.whole, asked, a.latest), day},
			askedAt: asked, since: later(a.pauses[report.Token].Until, a.pauses[report.Today].Until),
		})
	}
	return ws
}

// choose picks what to ask now: days to seal first, of these the nearest deadline; then what has waited longest, a yesterday
// that fails, or is sealed already, taking turns with today. Without anything allowed now it tells when something will be, zero for never.
func choose(now time.Time, ws []want) (next *want, until time.Time) {
	var allowed []want
	for _, w := range ws {
		if !w.since.After(now) {
			allowed = append(allowed, w)
		} else if until.IsZero() || w.since.Before(until) {
			until = w.since
		}
	}
	if len(allowed) == 0 {
		return nil, until
	}
	first := slices.MinFunc(allowed, func(a, b want) int {
		switch {
		case a.first != b.first && a.first:
			return -1
		case a.first != b.first:
			return 1
		case a.first && !a.deadline.Equal(b.deadline):
			return a.deadline.Compare(b.deadline)
		}
		return a.askedAt.Compare(b.askedAt)
	})
	return &first, time.Time{}
}
