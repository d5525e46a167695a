// Package simulator simulates the API of Alpemix for tests and for `collector demo`. A seed
// determines all that happens at its support desk. The API has the limits and errors of Alpemix,
// every reading that its document leaves open, and faults.
package simulator

import (
	"sort"
	"strconv"
	"sync"
	"time"

	"alpemix-collector/report"
)

// World is one support desk for each account, with its own people and customers. It is a function
// of its fields, which must not change after the first use. Any day of any account can be generated
// without the others. The zero World is ready to use.
//
// A session starts, runs 20 s to 9 h, ends, and is described (exp, supnum) while it runs or up to 10 h after it ended. So
// nothing of a desk day changes later than 19 hours after that day's end.
type World struct {
	Seed uint64
	// PerWorkday is about how many sessions an average workday of one account has: 0 means 300, the most is 2,000,000.
	// Mondays have more, Sundays and holidays a fifteenth.
	PerWorkday int
	// HourlyMinimum is how many sessions start in each hour at least, so that someone who looks on a Sunday night sees rows.
	HourlyMinimum float64

	mu    sync.Mutex
	desks map[string]*desk
	days  map[dayKey]*deskDay
	slots int // held in days
}

type dayKey struct {
	account string
	date    report.Day
}

// cachedSlots bounds the memory of World.days: 16 bytes each.
const cachedSlots = 2_000_000

func (w *World) perWorkday() int {
	if w.PerWorkday == 0 {
		return 300
	}
	return w.PerWorkday
}

func (w *World) day(account string, date report.Day) *deskDay {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.days == nil {
		w.desks, w.days = map[string]*desk{}, map[dayKey]*deskDay{}
	}
	d := w.days[dayKey{account, date}]
	if d == nil {
		if w.desks[account] == nil {
			w.desks[account] = newDesk(w.Seed, account, w.perWorkday())
		}
		d = w.newDay(w.desks[account], date)
		if w.slots += len(d.slots); w.slots > cachedSlots || len(w.days) > 1000 {
			clear(w.days)
			w.slots = len(d.slots)
		}
		w.days[dayKey{account, date}] = d
	}
	return d
}

// each visits the sessions that start in [from, to), the latest first, until visit returns false.
func (w *World) each(account string, from, to time.Time, visit func(d *deskDay, i int) bool) {
	first := report.DayOf(from.In(Istanbul))
	for date := report.DayOf(to.Add(-time.Second).In(Istanbul)); date >= first; date-- {
		d := w.day(account, date)
		end := sort.Search(len(d.slots), func(i int) bool { return d.start+int64(d.slots[i].start) >= to.Unix() })
		for i := end - 1; i >= 0 && d.start+int64(d.slots[i].start) >= from.Unix(); i-- {
			if !visit(d, i) {
				return
			}
		}
	}
}

// Connections returns the sessions that start on day in Istanbul as seen at the time at, running
// ones included: the latest first, as a vendor without quirks would list them. FirstSeenAt,
// FetchedAt, Raw, Hash and Version are empty.
func (w *World) Connections(account string, day report.Day, at time.Time) []report.Connection {
	var list []report.Connection
	q := Quirks{Zone: Istanbul}
	w.each(account, day.Start(Istanbul), (day + 1).Start(Istanbul), func(d *deskDay, i int) bool {
		if s := d.session(i); q.shows(&s, at.Unix()) {
			list = append(list, s.connection(account, q, Istanbul, at.Unix()))
		}
		return true
	})
	return list
}

// text returns the field's content at the time t, unix seconds.
func text(edits *[2]edit, t int64) string {
	now := ""
	for _, e := range edits {
		if e.at != 0 && e.at <= t {
			now = e.text
		}
	}
	return now
}

// seconds returns how long s has lasted at the time t.
func (s *session) seconds(t int64) int64 { return min(t, s.end) - s.start }

// connection returns what a reader that reads dt in zone should store of s as shown at the time t.
func (s *session) connection(account string, q Quirks, zone *time.Location, t int64) report.Connection {
	written := q.of(s)
	started := q.readAs(time.Unix(s.start, 0), zone)
	mode := report.ModeSupport
	if s.dir == 1 {
		mode = report.ModePresentation
	}
	return report.Connection{
		Account:       account,
		UID:           strconv.FormatUint(s.uid, 10),
		StartedAt:     started,
		Duration:      time.Duration(s.seconds(t)) * time.Second,
		Mode:          mode,
		Explanation:   written.arrives(text(&s.notes, t)),
		SupportNumber: written.arrives(text(&s.numbers, t)),
		Staff:         written.party(s.staff),
		Target:        written.party(s.target),
		LocalDay:      report.DayOf(started.In(zone)),
	}
}
