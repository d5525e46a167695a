package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// moment is a point in time as the page writes it: in somebody's zone, which is named near it.
type moment struct {
	ISO  string // for programs; the page's script tells by it how long ago that was
	Text string
}

// clock writes times as one who lives in a zone reads them.
type clock struct {
	now  time.Time // in zone
	zone *time.Location
}

func newClock(now time.Time, zone string) clock {
	loc, err := time.LoadLocation(zone)
	if err != nil { // a zone that the machine does not know has stopped the start
		loc = time.UTC
	}
	return clock{now.In(loc), loc}
}

// moment is t, without its date if that is today's; nil for none.
func (c clock) moment(t *time.Time) *moment {
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
	return &moment{t.UTC().Format(time.RFC3339), local.Format(form)}
}

// Moment is moment of a time that has come.
func (c clock) Moment(t time.Time) *moment { return c.moment(&t) }

// Time is now.
func (c clock) Time() string { return c.now.Format("15:04:05") }

// Zone is the name of the zone.
func (c clock) Zone() string { return c.zone.String() }

// String names the zone and how far it is from UTC at present.
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

// count groups digits: 12,345.
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

// plural is "1 row" or "12,345 rows".
func plural[N int | uint64](n N, one, more string) string {
	return count(n) + " " + noun(n, one, more)
}

// noun is the word for n things.
func noun[N int | uint64](n N, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// span is a duration in words of the size that it has. Its spaces do not break.
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

// amount is a number of anything, with at most two decimals; a dash where it is unknown.
func amount(f *float64) string {
	if f == nil {
		return "–"
	}
	if whole := math.Round(*f); math.Abs(*f-whole) < 0.005 && whole >= 0 && whole < 1e15 {
		return count(uint64(whole))
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}
