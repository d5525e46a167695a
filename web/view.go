package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"alpemix-collector/report"
)

// view is the data of the page's template: facts in words and in a time zone.
type view struct {
	Status
	Build      string // hash of the assets
	Charts     bool   // built in
	Clock      clock  // for what belongs to no account
	Notices    []notice
	ClickHouse databaseState
	Today      Use
	QueueSince *timestamp
	Accounts   []accountView
	Resellers  []resellerView
	Customers  *customersView
	Quarantine []quarantineView
}

// notice is something that a person should look at.
type notice struct {
	Bad  bool // data is or may get lost, or is not collected; otherwise it can wait
	Text string
	Then string // what to do, or what happens automatically
}

// databaseState is the state of ClickHouse.
type databaseState struct {
	Word  string
	At    *timestamp // of the newest answer
	Since *timestamp // when it stopped answering
	Known bool       // there is an answer, new or old
}

type accountView struct {
	Account
	ID, Clock            string
	Read, Before, Paused *timestamp
	Sealed               string
	Unsealed             []string
	Hours, Days          *chart
	Calendar             *calendar
	Staff                []staffView
	StaffCount           uint64
}

// MoreStaff reports whether there are more staff than shown.
func (v *accountView) MoreStaff() bool { return v.StaffCount > uint64(len(v.Staff)) }

type resellerView struct {
	Reseller
	Last, Next *timestamp
	Words      string
}

type quarantineView struct {
	Quarantined
	Oldest *timestamp
}

func newView(s Status, answer UsageAnswer, files *assets) *view {
	v := &view{Status: s, Build: files.hash, Charts: files.charts(), Clock: newClock(s.At, zoneOf(s.Accounts))}
	v.QueueSince = v.Clock.timestamp(s.Queue.Oldest)
	v.ClickHouse = v.databaseState(answer)
	usage := answer.Usage
	for i, a := range s.Accounts {
		v.Today.Connections += a.ConnectionsToday
		v.Today.Seconds += a.ConnectionSecondsToday
		v.Accounts = append(v.Accounts, newAccountView(i+1, a, s.At, usage, v.Charts))
	}
	for _, r := range s.Resellers {
		v.Resellers = append(v.Resellers, resellerView{r, v.Clock.timestamp(r.LastSnapshot), v.Clock.timestamp(r.NextSnapshot), snapshotWords[r.State]})
	}
	if usage != nil {
		v.Customers = newCustomersView(usage)
		for _, q := range usage.Quarantine {
			v.Quarantine = append(v.Quarantine, quarantineView{q, v.Clock.timestamp(&q.Oldest)})
		}
	}
	v.Notices = v.notices(answer)
	return v
}

// zoneOf returns the zone that all accounts have in common, or UTC.
func zoneOf(accounts []Account) string {
	if len(accounts) == 0 {
		return "UTC"
	}
	for _, a := range accounts {
		if a.Timezone != accounts[0].Timezone {
			return "UTC"
		}
	}
	return accounts[0].Timezone
}

func (v *view) databaseState(answer UsageAnswer) databaseState {
	c := databaseState{Word: "Not asked yet", At: v.Clock.timestamp(answer.At), Known: answer.Usage != nil}
	switch {
	case answer.Error != nil:
		c.Word, c.Since = "No answer", v.Clock.timestamp(&answer.Error.Since)
	case c.Known:
		c.Word = "Answers"
	}
	return c
}

func newAccountView(number int, a Account, now time.Time, usage *Usage, charts bool) accountView {
	c := newClock(now, a.Timezone)
	v := accountView{
		Account: a, ID: fmt.Sprintf("account-%d", number), Clock: c.String(),
		Read: c.timestamp(a.LastSuccess.Today), Before: c.timestamp(a.LastSuccess.Yesterday), Paused: c.timestamp(a.BackoffUntil),
	}
	if a.SealedUntil != nil {
		v.Sealed = dateOf(*a.SealedUntil)
	}
	for _, d := range a.UnsealedDays {
		v.Unsealed = append(v.Unsealed, dateOf(d))
	}
	if usage == nil {
		return v
	}
	if i := slices.IndexFunc(usage.Accounts, func(u AccountUsage) bool { return u.Name == a.Name }); i >= 0 {
		u := usage.Accounts[i]
		v.Hours, v.Days, v.Calendar = hourChart(u, c.zone, charts), dayChart(u, charts), newCalendar(u.Days)
		v.Staff, v.StaffCount = newStaffViews(u.Staff), u.StaffCount
	}
	return v
}

// snapshotWords maps the states of resellers to words.
var snapshotWords = map[string]string{
	SnapshotDue: "not read yet", SnapshotOK: "complete", SnapshotPartial: "partly read", SnapshotFailing: "failing", SnapshotNotOffered: "not offered by the vendor; showing what was set through the collector",
}

const (
	// QuietFor is how long a gap between polls of today is normal: schedules are seconds or
	// minutes.
	QuietFor = 10 * time.Minute
	// QueuedFor is how long rows may normally wait for ClickHouse.
	QueuedFor = 5 * time.Minute
	// lostShown is the number of days for which a lost day has a notice; after that it stays in the
	// calendar.
	lostShown = 7
)

// notices returns what a person should look at, the worst first.
func (v *view) notices(answer UsageAnswer) []notice {
	var all []notice
	add := func(bad bool, then, form string, args ...any) {
		all = append(all, notice{bad, strings.TrimRight(fmt.Sprintf(form, args...), ".") + ".", then})
	}
	for i := range v.Accounts {
		v.accountNotices(&v.Accounts[i], add)
	}
	switch e := answer.Error; {
	case e != nil && e.Answered:
		add(true, "Showing the last known usage; rows wait in the queue. See the runbook SinkFailing.",
			"ClickHouse answers with an error: %s", e.Message)
	case e != nil:
		add(true, "Rows wait in the queue until it answers; none is dropped. Showing the last known usage.", "ClickHouse does not answer: %s", e.Message)
	}
	if oldest := v.Queue.Oldest; oldest != nil && v.At.Sub(*oldest) > QueuedFor {
		add(answer.Error == nil, "Retrying automatically; the log has the reason.", "%s for ClickHouse for more than %d minutes.",
			waits(v.Queue.Rows), int(QueuedFor.Minutes()))
	}
	for _, r := range v.Resellers {
		switch e := r.LastError; {
		case e != nil && r.State == SnapshotPartial:
			add(true, "Showing their last known values; retrying automatically.", "%s account %s: %s not up to date: %s", r.Vendor, r.Name,
				plural(r.MissingCustomers, "customer is", "customers are"), e.Message)
		case e != nil:
			add(true, "Showing the last known values; retrying automatically.", "%s account %s cannot be read: %s", r.Vendor, r.Name, e.Message)
		}
	}
	if f := v.CustomersFile; !f.Valid {
		add(false, "The lines in use stay as they are.", "The newest version of %s cannot be used: %s", f.File, f.Error)
	} else if n := len(f.Warnings); n > 0 {
		add(false, "All lines are in use; the log has the other warnings.", "%s: %s: %s", f.File, plural(n, "line looks like a mistake", "lines look like mistakes"), f.Warnings[0])
	}
	if n := v.Quarantined(); n > 0 {
		add(false, "Run collector quarantine list to see them, and collector quarantine retry after an upgrade.", "%s could not be read.", plural(n, "record", "records"))
	}
	slices.SortStableFunc(all, func(a, b notice) int {
		switch {
		case a.Bad == b.Bad:
			return 0
		case a.Bad:
			return -1
		}
		return 1
	})
	return all
}

func (v *view) accountNotices(a *accountView, add func(bad bool, then, form string, args ...any)) {
	local := newClock(v.At, a.Timezone).now
	if e := a.LastError; e != nil {
		then := "Retrying automatically."
		if a.Paused != nil {
			then = "The next try is at " + a.Paused.Text + "."
		}
		add(true, then, "Account %s cannot be read: %s", a.Name, e.Message)
	} else if read := a.LastSuccess.Today; read != nil && v.At.Sub(*read) > QuietFor {
		add(true, "The log says what it is waiting for.", "Account %s was last read at %s.", a.Name, a.Read.Text)
	}
	for _, d := range a.Doubts {
		then := "The collector asks again; what was read is stored."
		if d.Sealed {
			then = "The day is sealed, because no better answer came. If you have saved reports of it, run collector import."
		}
		// Before 06:00, a vendor whose day changes later may not have changed it yet.
		early := d.Day == a.Today-1 && local.Hour() < 6
		add(!d.Sealed && !early, then, "Account %s: the answer for %s is in doubt: %s", a.Name, dateOf(d.Day), d.Why)
	}
	for _, d := range a.UnsealedDays {
		if yesterday := a.Today - 1; d < yesterday || !morning(local) {
			add(true, "Alpemix serves a day until the next one ends; after that it is lost.", "Account %s: %s is not sealed yet.", a.Name, dateOf(d))
		}
	}
	if a.Calendar == nil {
		return
	}
	var lost []string
	for _, row := range a.Days.Rows[max(len(a.Days.Rows)-lostShown, 0):] {
		if row.State == DayGap {
			lost = append(lost, row.Label)
		}
	}
	if len(lost) > 0 {
		add(true, "If you have saved reports of it, run collector import.", "Account %s: %s was lost before it could be sealed.", a.Name, strings.Join(lost, ", "))
	}
}

// Quarantined returns the number of records in quarantine.
func (v *view) Quarantined() uint64 {
	var n uint64
	for _, q := range v.Quarantine {
		n += q.Rows
	}
	return n
}

func waits(rows uint64) string {
	if rows == 1 {
		return "1 row waits"
	}
	return count(rows) + " rows wait"
}

// Bad reports whether one of the notices is Bad.
func (v *view) Bad() bool {
	return slices.ContainsFunc(v.Notices, func(n notice) bool { return n.Bad })
}

// Headline returns the page's state in one line.
func (v *view) Headline() string {
	switch n := len(v.Notices); {
	case n == 1:
		return "1 thing needs attention"
	case n > 1:
		return count(n) + " things need attention"
	case len(v.Accounts) == 0 && len(v.Resellers) == 0:
		return "Nothing is collected: no account is configured"
	case slices.ContainsFunc(v.Accounts, func(a accountView) bool { return a.Read == nil }):
		return "Collecting has started"
	}
	return "Everything is collected"
}

// Tab returns the title of the browser's tab.
func (v *view) Tab() string {
	if len(v.Notices) == 0 {
		return "Alpemix collector"
	}
	return fmt.Sprintf("(%d) Alpemix collector", len(v.Notices))
}

// dayOf formats a day for a table.
func dayOf(d report.Day) string { return d.UTC().Format("Mon 2 Jan 2006") }
