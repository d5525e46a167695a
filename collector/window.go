package collector

import (
	"time"

	"alpemix-collector/report"
)

const (
	// A day with fewer connections is cheap enough to be read completely at every tick.
	wholeBelow = 1000
	// A session is listed by its start, so one that ends hours later appears deep in the list, and
	// only a complete read finds it. A read is complete if the next one, at the same distance,
	// would find such a session too late.
	wholeWithin = 100 * time.Second
	// The first guess at how many connections are new since the last read, and how fast the guess
	// grows.
	latestFirst = 50
	latestGrow  = 4
)

// todayWindow decides between a complete and a partial read of today.
func todayWindow(now time.Time, day report.Day, whole wholeRead, asked time.Time, latest int) report.Window {
	latest = max(latest, latestFirst)
	switch {
	case whole.day != day, // nothing of this day is known for sure
		whole.rows < wholeBelow,
		latest >= whole.rows,
		now.Sub(whole.askedAt)+now.Sub(asked) > wholeWithin,
		now.Before(whole.askedAt): // the clock was set back
		return report.Window{Kind: report.Today}
	}
	return report.Window{Kind: report.Latest, Last: latest}
}

// nextLatest returns how many connections the next partial read requests, and whether it must
// follow at once because this one did not reach known connections.
func nextLatest(asked, rows, fresh int, overlaps bool) (latest int, again bool) {
	if !overlaps && rows >= asked {
		return asked * latestGrow, true
	}
	return max(latestFirst, 2*fresh), false
}
