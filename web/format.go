package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// timestamp is a point in time as the page shows it, in a zone that is named near it.
type timestamp struct {
	ISO  string // for programs; the page's script computes the age from it
	Text string
}

// clock formats times for a reader in a zone.
type clock struct {
	now  time.Time // in zone
	zone *time.Location
}

func newClock(now time.Time, zone string) clock {
	loc, err := time.LoadLocation(zone)
	if err != nil { // the configuration check rejects unknown zones
		loc = time.UTC
	}
	return clock{now.In(loc), loc}
}

// timestamp formats t, without the date if it is today; nil for no time.
func (c clock) timestamp(t *time.Time) *timestamp {
	if t == nil || t.IsZero() {
		return nil
	}
	local, form := t.In(c.zone), "15:04:05"
	switch {
	case local.Year() != c.now.Year():
		form = "2 Jan 2006 15:04"
	case local.YearDay() != c.now.YearDay():
		form = "2 Jan 15:04"
	}
	return &timestamp{t.UTC().Format(time.RFC3339), local.Format(form)}
}

// Timestamp is timestamp for templates.
func (c clock) Timestamp(t time.Time) *timestamp { return c.timestamp(&t) }

// Time returns the current time.
func (c clock) Time() string { return c.now.Format("15:04:05") }

// Zone returns the name of the zone.
func (c clock) Zone() string { return c.zone.String() }

// String returns the zone and its current offset from UTC.
func (c clock) String() string {
	_, offset := c.now.Zone()
	if c.zone == time.UTC {
		return "UTC"
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '−', -offset
	}
	text := fmt.Sprintf("%s (UTC%c%d", c.zone, sign, offset/3600)
	if minutes := offset % 3600 / 60; minutes != 0 {
		text += fmt.Sprintf(":%02d", minutes)
	}
	return text + ")"
}

// count formats n with grouped digits: 12,345.
func count[N int | uint64](n N) string {
	digits := strconv.FormatUint(uint64(n), 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// plural returns "1 row" or "12,345 rows".
func plural[N int | uint64](n N, one, more string) string {
	return count(n) + " " + noun(n, one, more)
}

// noun returns the word for n things.
func noun[N int | uint64](n N, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// span formats a duration in a unit that suits it, with no-break spaces.
func span(seconds uint64) string {
	switch {
	case seconds == 0:
		return "–"
	case seconds < 60:
		return fmt.Sprintf("%d\u00a0s", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d\u00a0min", seconds/60)
	case seconds < 1000*3600:
		return fmt.Sprintf("%d\u00a0h\u00a0%02d\u00a0min", seconds/3600, seconds%3600/60)
	}
	return count((seconds+1800)/3600) + "\u00a0h"
}

// amount formats a number with at most two decimals, or a dash if it is unknown.
func amount(f *float64) string {
	if f == nil {
		return "–"
	}
	if whole := math.Round(*f); math.Abs(*f-whole) < 0.005 && whole >= 0 && whole < 1e15 {
		return count(uint64(whole))
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}
