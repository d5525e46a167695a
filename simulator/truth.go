package simulator

import (
	"cmp"
	"slices"
	"time"

	"alpemix-collector/report"
)

// sighting is a session in an answer.
type sighting struct {
	day *deskDay
	i   int
}

// showing is when a session was last shown, and how; content follows from the two. It has no pointers, for there are many.
type showing struct {
	at     int64 // unix seconds; 0 is never
	quirks int   // in Vendor.history
}

func (v *Vendor) remember(account string, list []sighting, now time.Time, quirks int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range list {
		key := dayKey{account, s.day.date}
		if v.shown[key] == nil {
			v.shown[key] = make([]showing, len(s.day.slots))
		}
		v.shown[key][s.i] = showing{now.Unix(), quirks}
	}
}

// Shown returns every connection of account that a completely received answer showed, with the
// content of the last such answer: what a collector that read them all must hold. It needs
// Options.Record. The order is by StartedAt and UID; FirstSeenAt, FetchedAt, Raw, Hash and Version
// are empty.
func (v *Vendor) Shown(account string) []report.Connection {
	v.mu.Lock()
	days := map[report.Day][]showing{}
	for key, list := range v.shown {
		if key.account == account {
			days[key.date] = slices.Clone(list)
		}
	}
	history := slices.Clone(v.history)
	v.mu.Unlock()
	zone := v.account(account).Zone
	var rows []report.Connection
	for date, list := range days {
		d := v.world.day(account, date)
		for i, seen := range list {
			if seen.at != 0 {
				s := d.session(i)
				rows = append(rows, s.connection(account, history[seen.quirks], zone, seen.at))
			}
		}
	}
	slices.SortFunc(rows, inOrder)
	return rows
}

// Truth returns every connection that a report of account's vendor days from to to, both included,
// showed at any time up to at, under the present quirks. The content is that of the last such time:
// before the connection vanished, or before its day was no longer yesterday. Order and empty fields
// are those of Shown.
func (v *Vendor) Truth(account string, from, to report.Day, at time.Time) []report.Connection {
	q, _ := v.quirksOf(account)
	zone := v.account(account).Zone
	q.Zone = cmp.Or(q.Zone, zone)
	var rows []report.Connection
	for date := from; date <= to && !at.Before(q.readableFrom(date)); date++ {
		last := at.Unix()
		if until := q.readableUntil(date); at.After(until) {
			last = until.Unix() - 1
		}
		start, end := q.bounds(date)
		v.world.each(account, start, end, func(d *deskDay, i int) bool {
			s := d.session(i)
			moment := last
			if s.fate < q.Vanish {
				moment = min(moment, s.vanish-1)
			}
			if q.shows(&s, moment) {
				rows = append(rows, s.connection(account, q, zone, moment))
			}
			return true
		})
	}
	slices.SortFunc(rows, inOrder)
	return rows
}

func inOrder(a, b report.Connection) int {
	if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
		return c
	}
	return cmp.Compare(a.UID, b.UID)
}

// Reply is an answer to one report request, as far as it reached the caller.
type Reply struct {
	Account string
	Kind    report.Kind
	Day     report.Day // the vendor's
	At      time.Time  // by the vendor's clock: the time whose state it shows
	Whole   bool       // all of it arrived; otherwise any part may have
	Short   bool       // it listed fewer connections than there were, see Fault.Rows

	quirks    Quirks
	sightings []sighting
}

// Session identifies a session of the World.
type Session struct {
	Account string
	Date    report.Day // the desk's
	Index   int
}

// Sessions returns the sessions that the complete answer lists.
func (t *Reply) Sessions() []Session {
	all := make([]Session, len(t.sightings))
	for i, s := range t.sightings {
		all[i] = Session{t.Account, s.day.date, s.i}
	}
	return all
}

// Connection returns what a reader that reads dt in zone should store of a session in the answer.
func (w *World) Connection(s Session, t *Reply, zone *time.Location) report.Connection {
	found := w.day(s.Account, s.Date).session(s.Index)
	return found.connection(s.Account, t.quirks, zone, t.At.Unix())
}
