package web

import (
	"time"

	"alpemix-collector/report"
)

// calendar is days as weeks beside each other, Monday on top.
type calendar struct {
	Weeks    []week
	Weekdays []weekday
	Legend   []legend
}

type week struct {
	Monday string // for those who cannot see the columns
	Month  string // where a month begins
}

type weekday struct {
	Name string
	Days []*dayCell // one for each week; nil before the first day and after the last
}

// dayCell is one day.
type dayCell struct {
	State string
	Said  string // everything about it, in words
}

// legend is a state with how often it is there.
type legend struct {
	State, Words string
	Days         int
}

// stateWords say what a day's state means.
var stateWords = map[string]string{
	DaySealed: "sealed", DayOpen: "open", DayGap: "lost", DayNotCollected: "not collected",
}

// newCalendar lays out days, of which there is at least one and none is missing in between.
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
	if len(c.Weeks) > 1 && c.Weeks[1].Month != "" { // two names would run into each other
		c.Weeks[0].Month = ""
	}
	for i := range report.Day(7) {
		row := weekday{Name: (monday + i).UTC().Format("Monday")}
		for d := monday + i; len(row.Days) < len(c.Weeks); d += 7 {
			var cell *dayCell
			if use, ok := byDay[d]; ok {
				cell = &dayCell{State: use.State, Said: said(d, use)}
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

func said(d report.Day, use DayUse) string {
	text := d.UTC().Format("Monday 2 January: ") + stateWords[use.State]
	if use.State == DayNotCollected && use.Connections == 0 {
		return text
	}
	return text + ", " + plural(use.Connections, "connection", "connections")
}

// dateOf is a day as the page writes it.
func dateOf(d report.Day) string { return d.UTC().Format("2 Jan 2006") }

// monthOf names the month that begins with d.
func monthOf(d report.Day) string { return d.UTC().Format("January 2006") }

// morning tells whether it is before noon, by which yesterday is usually sealed.
func morning(t time.Time) bool { return t.Hour() < 12 }
