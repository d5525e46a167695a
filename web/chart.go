package web

import (
	"strconv"
	"time"
)

// chart is a table of usage over time. The page's script draws it.
type chart struct {
	Rows  []chartRow
	Slots int // number of bars that fit: all hours of a running day, even those to come
	Drawn bool
	Total Use
}

type chartRow struct {
	Label string // in the table
	Tick  string // at the axis, where there is room
	State string // of a day
	Words string // of State
	Use
}

func hourChart(u AccountUsage, zone *time.Location, drawn bool) *chart {
	c := &chart{Drawn: drawn}
	for _, h := range u.Hours {
		local := h.Start.In(zone)
		c.Rows = append(c.Rows, chartRow{Label: local.Format("15:04"), Tick: local.Format("15"), Use: h.Use})
		c.add(h.Use)
	}
	c.Slots = max(int((u.Today+1).Start(zone).Sub(u.Today.Start(zone))/time.Hour), len(c.Rows))
	return c
}

func dayChart(u AccountUsage, drawn bool) *chart {
	c := &chart{Slots: len(u.Days), Drawn: drawn}
	for _, d := range u.Days {
		row := chartRow{Label: dayOf(d.Day), State: d.State, Words: stateWords[d.State], Use: d.Use}
		if d.Day.UTC().Weekday() == time.Monday {
			row.Tick = d.Day.UTC().Format("2 Jan")
		}
		c.Rows = append(c.Rows, row)
		c.add(d.Use)
	}
	return c
}

func (c *chart) add(u Use) {
	c.Total.Connections += u.Connections
	c.Total.Seconds += u.Seconds
}

// staffView is a staff member with a bar that shows their number of connections.
type staffView struct {
	StaffUse
	Bar string
}

func newStaffViews(staff []StaffUse) []staffView {
	var views []staffView
	for _, s := range staff {
		views = append(views, staffView{s, percent(float64(s.Connections) / float64(max(staff[0].Connections, 1)))})
	}
	return views
}

// customersView lists the customers with their usage and allotments.
type customersView struct {
	Month     string
	Customers []customerView
	Count     uint64
}

// More reports whether there are more customers than shown.
func (v *customersView) More() bool { return v.Count > uint64(len(v.Customers)) }

type customerView struct {
	Customer
	Rows int // of the table, at least one
	Uses []allotmentView
}

type allotmentView struct {
	Allotment
	Bar     string // of 100
	Percent string
	Level   string // over, full, nearly or empty
}

// warnShare is the share from which an allotment counts as nearly used up.
const warnShare = 0.8

func newCustomersView(u *Usage) *customersView {
	v := &customersView{Month: monthOf(u.Month), Count: u.CustomerCount}
	for _, c := range u.Customers {
		one := customerView{Customer: c, Rows: max(len(c.Allotments), 1)}
		for _, a := range c.Allotments {
			one.Uses = append(one.Uses, newAllotmentView(a))
		}
		v.Customers = append(v.Customers, one)
	}
	return v
}

func newAllotmentView(a Allotment) allotmentView {
	v := allotmentView{Allotment: a}
	if a.Ratio == nil {
		return v
	}
	v.Bar, v.Percent = percent(min(*a.Ratio, 1)), strconv.FormatFloat(100**a.Ratio, 'f', 0, 64)+"\u00a0%"
	switch {
	case *a.Ratio > 1:
		v.Level = "over"
	case *a.Ratio == 1:
		v.Level = "full"
	case *a.Ratio >= warnShare:
		v.Level = "nearly"
	}
	return v
}

// percent returns a share as the width of a bar that is 100 wide.
func percent(share float64) string {
	return strconv.FormatFloat(100*max(share, 0), 'f', 1, 64)
}
