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
	deadline time.Time // for yesterday: when the vendor stops telling it
	askedAt  time.Time // for today: the last turn
	since    time.Time // not before this moment
}

// wants lists what a needs, allowed now or later. state is that of the day before now's day.
func (a *account) wants(now time.Time, state report.DayState) []want {
	a.mu.Lock()
	defer a.mu.Unlock()
	day := a.day(now)
	var ws []want
	unsealed := state != report.DaySealed && a.sealing == nil
	if a.yesterdayDue || unsealed {
		since := later(a.pauses[report.Token].until, a.pauses[report.Yesterday].until)
		if !a.yesterdayDue {
			since = later(since, later(a.noSealUntil, day.Start(a.Location).Add(sealGrace)))
		}
		ws = append(ws, want{
			job:      job{a, report.Window{Kind: report.Yesterday}, day - 1},
			deadline: (day + 1).Start(a.Location), since: since,
		})
	}
	if a.todayDue {
		ws = append(ws, want{
			job:     job{a, todayWindow(now, day, a.whole, a.latest), day},
			askedAt: a.askedAt, since: later(a.pauses[report.Token].until, a.pauses[report.Today].until),
		})
	}
	return ws
}

// choose picks what to ask now: yesterday before today, of yesterdays the nearest deadline, of todays the one that has
// waited longest. Without anything allowed now it tells when something will be, zero for never.
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
		if a.deadline.IsZero() != b.deadline.IsZero() {
			if b.deadline.IsZero() {
				return -1
			}
			return 1
		}
		if c := a.deadline.Compare(b.deadline); c != 0 {
			return c
		}
		return a.askedAt.Compare(b.askedAt)
	})
	return &first, time.Time{}
}
