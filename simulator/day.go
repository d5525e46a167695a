package simulator

import (
	"alpemix-collector/report"
)

const (
	shortest = 20          // seconds of a session
	longest  = 9 * 60 * 60 // seconds of a session
	lastEdit = 10 * 60 * 60

	uidsPerDay  = 10_000_000
	perDayLimit = 3_000_000 // sessions, so that uids of neighbouring days never meet
)

// deskDay holds when the sessions of one desk day start and who runs them, ascending by start; what else they are is drawn when
// a session is asked for. 16 bytes a session keep even a day of a million small.
type deskDay struct {
	desk  *desk
	date  report.Day
	start int64 // unix seconds of its midnight in Istanbul
	slots []slot
}

type slot struct {
	start  int32 // seconds since midnight
	length int32 // seconds
	staff  uint16
	home   bool
}

func (w *World) newDay(desk *desk, date report.Day) *deskDay {
	perMinute, total := w.intensity(desk, date)
	d := &deskDay{desk: desk, date: date, start: date.Start(Istanbul).Unix()}
	n := min(int(total+0.5), perDayLimit)
	d.slots = make([]slot, n)
	r := stream(desk.key, uint64(date), 5)
	duty := newRoster(desk, date)
	minute, before := 0, 0.0
	for k := range d.slots {
		// One draw in each of n equal shares of the day's work: ascending without sorting.
		u := (float64(k) + r.float()) / float64(n) * total
		for minute < minutes-1 && before+perMinute[minute] <= u {
			before += perMinute[minute]
			minute++
		}
		start := int32(minute*60 + min(59, int((u-before)/perMinute[minute]*60)))
		if k > 0 {
			start = max(start, d.slots[k-1].start)
		}
		length := int32(min(max(r.logNormal(400, 1.1), shortest), longest))
		staff := duty.assign(&r, start, length)
		d.slots[k] = slot{start: start, length: length, staff: uint16(staff), home: duty.atHome(staff, start)}
	}
	return d
}

// session is one connection with everything that ever happens to it. Its content at a time is a function of that time.
type session struct {
	uid        uint64
	start, end int64 // unix seconds
	dir        int   // as in alpemix.txt
	staff      *report.Party
	target     *report.Party
	notes      [2]edit // what is typed into exp, in order of time
	numbers    [2]edit // what is typed into supnum
	fate       float64 // below Quirks.Vanish: it vanishes
	vanish     int64   // unix seconds; after its end
}

// edit is a field's text from a moment on; the zero edit never happened.
type edit struct {
	at   int64 // unix seconds
	text string
}

func (d *deskDay) session(i int) session {
	slot := d.slots[i]
	r := stream(d.desk.key, uint64(d.date), 8, uint64(i))
	member := &d.desk.staff[slot.staff]
	f := r.float()
	target := &d.desk.targets[int(f*f*float64(len(d.desk.targets)))] // few customers call often
	s := session{
		// Gaps between the numbers: other accounts of the vendor connect too.
		uid:    uint64(d.date)*uidsPerDay + uint64(i)*3 + uint64(r.intn(3)),
		start:  d.start + int64(slot.start),
		end:    d.start + int64(slot.start) + int64(slot.length),
		staff:  &member.office,
		target: &target.party,
		fate:   r.float(),
	}
	s.vanish = s.end + int64(r.between(60, 2*60*60))
	if slot.home {
		s.staff = &member.home
	}
	if r.chance(0.05) {
		s.dir = 1
	}
	if r.chance(0.02) {
		s.staff = &member.anonymous // nobody signed in: no name, and nobody to write a report
		return s
	}
	d.write(&r, &s, target)
	return s
}

// write draws when the engineer describes the session, and whether the description is changed later.
func (d *deskDay) write(r *rng, s *session, target *target) {
	typed := s.end + int64(min(r.logNormal(200, 1.3), 3*60*60))
	switch p := r.float(); {
	case p < 0.12:
		return // never described
	case p < 0.25:
		typed = s.start + int64(r.intn(int(s.end-s.start))) // while connected
	}
	last := s.end + lastEdit
	s.notes[0] = edit{typed, pick(r, d.desk.notes)}
	if r.chance(0.07) {
		s.notes[1] = edit{min(typed+int64(r.between(300, 5*60*60)), last), pick(r, d.desk.notes)}
	}
	if r.chance(0.7) {
		s.numbers[0] = edit{min(typed+int64(r.between(0, 900)), last), target.supportNumber}
		if r.chance(0.05) {
			s.numbers[1] = edit{min(typed+int64(r.between(1000, 5*60*60)), last), pick(r, d.desk.targets).supportNumber}
		}
	}
}
