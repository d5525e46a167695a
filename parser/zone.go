package parser

import (
	"slices"
	"time"
)

// occurrence is how often a zone's clocks show a time.
type occurrence uint8

const (
	once occurrence = iota
	twice
	never
)

// changeReach is the distance from a clock change beyond which it does not affect a local time. No
// change was larger than the day that Samoa skipped in 2011, and no offset is larger than 15 hours.
const changeReach = 48 * time.Hour

// resolve finds the instant at which clocks in loc show c, and what they show then. Go leaves two cases unspecified
// (time.Date), here they are fixed:
//
//   - a time that comes twice, when clocks are set back, is the first of the two;
//   - a time that never comes, when clocks are set forward, is moved forward by the length of the gap: the instant that
//     clocks would have called c had they not been changed.
func resolve(c civil, loc *time.Location) (at time.Time, shown civil, times occurrence) {
	guess := time.Unix(int64(c), 0).In(loc)
	start, end := guess.ZoneBounds()
	_, offset := guess.Zone()
	if (start.IsZero() || guess.Sub(start) > changeReach) && (end.IsZero() || end.Sub(guess) > changeReach) {
		return c.minus(offset), c, once
	}
	offsets := []int{offset}
	if !start.IsZero() {
		_, before := start.Add(-1).Zone()
		offsets = append(offsets, before)
	}
	if !end.IsZero() {
		_, after := end.Zone()
		offsets = append(offsets, after)
	}
	var found []time.Time
	for _, o := range offsets {
		t := c.minus(o)
		if _, actual := t.In(loc).Zone(); actual == o && !slices.Contains(found, t) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return skipGap(c, guess, loc)
	case 1:
		return found[0], c, once
	}
	return slices.MinFunc(found, time.Time.Compare), c, twice
}

// skipGap resolves c, which is in a gap next to guess, with the offset before the gap.
func skipGap(c civil, guess time.Time, loc *time.Location) (time.Time, civil, occurrence) {
	change, end := guess.ZoneBounds()
	if change.IsZero() || !inGap(c, change) {
		change = end
	}
	_, before := change.Add(-1).Zone()
	at := c.minus(before)
	_, after := at.In(loc).Zone()
	return at, c + civil(after-before), never
}

// inGap reports whether clocks skip c at change.
func inGap(c civil, change time.Time) bool {
	_, before := change.Add(-1).Zone()
	_, after := change.Zone()
	at := civil(change.Unix())
	return at+civil(before) <= c && c < at+civil(after)
}

// minus returns the instant of c on a clock that is offset seconds ahead of UTC.
func (c civil) minus(offset int) time.Time { return time.Unix(int64(c)-int64(offset), 0).UTC() }
