package collector

import (
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// sealGrace is how long after midnight yesterday's report may be incomplete: our clock and the
// vendor's may differ slightly.
const sealGrace = 5 * time.Minute

// lastReads is how long before the deadline the reads of an unsealed day go before all others.
const lastReads = 30 * time.Minute

// job is one request to send.
type job struct {
	account *account
	window  report.Window
	day     report.Day // the vendor day that is requested
}

// want is a request that an account needs.
type want struct {
	job      job
	first    bool      // goes before all others: the day is not sealed, and it has not failed before or cannot wait
	deadline time.Time // for yesterday: when the vendor no longer serves it
	askedAt  time.Time // when this was last requested
	since    time.Time // not before this time
}

// wants returns what a needs, allowed now or later. yesterday is the known state of the day before
// now's.
func (a *account) wants(now time.Time, yesterday report.DayStatus) []want {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy {
		return nil
	}
	day, midnight := a.day(now), a.midnight(now)
	var ws []want
	unsealed := readable(yesterday)
	paused := func(kind report.Kind) time.Time {
		return pacing.Later(a.pauses[report.Token].Ends(now), a.pauses[kind].Ends(now))
	}
	if a.yesterdayDue || unsealed {
		w := want{
			job:      job{a, report.Window{Kind: report.Yesterday, Deadline: a.deadline(now, yesterday)}, day - 1},
			deadline: midnight, askedAt: a.askedAt[report.Yesterday], since: paused(report.Yesterday),
		}
		w.first = unsealed && (a.pauses[report.Yesterday].Failures == 0 && a.unsealed.Failures == 0 || midnight.Sub(now) < lastReads)
		if !a.yesterdayDue {
			w.since = pacing.Later(w.since, pacing.Later(a.unsealed.Ends(now), day.Start(a.Location).Add(sealGrace)))
		}
		ws = append(ws, w)
	}
	if a.todayDue {
		asked := a.askedAt[report.Today]
		w := todayWindow(now, day, a.whole, asked, a.latest)
		w.Deadline = a.deadline(now, yesterday)
		ws = append(ws, want{job: job{a, w, day}, askedAt: asked, since: paused(report.Today)})
	}
	return ws
}

// readable reports whether a day can still be lost: the vendor serves it, and no answer is trusted
// to be complete.
func readable(yesterday report.DayStatus) bool {
	return (yesterday.State != report.DaySealed || yesterday.Doubt != "") && yesterday.ReadAt.IsZero()
}

// deadline returns when yesterday can no longer be read, zero if it cannot be lost any more.
func (a *account) deadline(now time.Time, yesterday report.DayStatus) time.Time {
	if !readable(yesterday) {
		return time.Time{}
	}
	return a.midnight(now)
}

// choose returns what to request now: first days to seal, nearest deadline first; then what has
// waited longest, where a yesterday that fails or is sealed takes turns with today. If nothing is
// allowed now, it returns when something will be, zero for never.
func choose(now time.Time, ws []want) (next *want, until time.Time) {
	var allowed []want
	for _, w := range ws {
		if !w.since.After(now.Round(0)) { // by the wall clock, like the pauses
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
