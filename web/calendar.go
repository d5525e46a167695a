package web

import (
	"time"

	"alpemix-collector/report"
)

// calendar shows days as columns of weeks, Monday on top.
type calendar struct {
	Weeks    []week
	Weekdays []weekday
	Legend   []legend
}

type week struct {
	Monday string // for screen readers
	Month  string // if a month starts in this week
}

type weekday struct {
	Name string
	Days []*dayCell // one per week; nil before the first day and after the last
}

// dayCell is one day.
type dayCell struct {
	State string
	Text  string // everything about the day, in words
}

// legend is a state and its number of days.
type legend struct {
	State, Words string
	Days         int
}

// stateWords maps the states of days to words.
var stateWords = map[string]string{
	DaySealed: "sealed", DayOpen: "open", DayGap: "lost", DayNotCollected: "not collected",
}

// newCalendar lays out days, which must be consecutive and not empty.
func newCalendar(days []DayUse) *calendar {
	c := &calendar{}
	byDay, states := map[report.Day]DayUse{}, map[string]int{}
	for _, d := range days {
		byDay[d.Day] = d
		states[d.State]++
	}
	first, last := days[0].Day, days[len(days)-1].Day
	monday := first - (report.Day(first.UTC().Weekday())+6)%7
	for d := monday; d <= last; d += 7 {
		w := week{Monday: d.UTC().Format("week of 2 January")}
		if len(c.Weeks) == 0 || d.UTC().Day() <= 7 {
			w.Month = d.UTC().Format("Jan")
		}
		c.Weeks = append(c.Weeks, w)
	}
	if len(c.Weeks) > 1 && c.Weeks[1].Month != "" { // two names would overlap
		c.Weeks[0].Month = ""
	}
	for i := range report.Day(7) {
		row := weekday{Name: (monday + i).UTC().Format("Monday")}
		for d := monday + i; len(row.Days) < len(c.Weeks); d += 7 {
			var cell *dayCell
			if use, ok := byDay[d]; ok {
				cell = &dayCell{State: use.State, Text: describe(d, use)}
			}
			row.Days = append(row.Days, cell)
		}
		c.Weekdays = append(c.Weekdays, row)
	}
	for _, state := range []string{DaySealed, DayOpen, DayGap, DayNotCollected} {
		c.Legend = append(c.Legend, legend{state, stateWords[state], states[state]})
	}
	return c
}

func describe(d report.Day, use DayUse) string {
	text := d.UTC().Format("Monday 2 January: ") + stateWords[use.State]
	if use.State == DayNotCollected && use.Connections == 0 {
		return text
	}
	return text + ", " + plural(use.Connections, "connection", "connections")
}

// dateOf formats a day for the page.
func dateOf(d report.Day) string { return d.UTC().Format("2 Jan 2006") }

// monthOf formats the month that starts with d.
func monthOf(d report.Day) string { return d.UTC().Format("January 2006") }

// morning reports whether t is before noon. By noon, yesterday is usually sealed.
func morning(t time.Time) bool { return t.Hour() < 12 }
