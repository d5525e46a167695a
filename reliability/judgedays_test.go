package reliability_test

import (
	"time"

	"alpemix-collector/report"
)

// sealed judges a seal when it arrives: the day was told whole after its end, and every connection of it that was told so is there.
func (s *simulation) sealed(d report.DayStatus) {
	key, ended := dayKey{d.Account, d.Day}, s.ended(d.Account, d.Day)
	if midnight := (d.Day + 1).Start(s.zoneOf(d.Account)); midnight.Before(ended) {
		ended = midnight // what the report still adds is of the next day
	}
	// In doubt, an answer is taken at the last reads, half an hour before Alpemix no longer serves the day. A day may also be sealed
	// first and doubted then.
	last := d.Doubt != "" && (s.seals[key] || !s.now().Before((d.Day + 2).Start(s.zoneOf(d.Account)).Add(-30*time.Minute-tolerated)))
	s.seals[key] = true
	if s.book.lastWhole(key, ended, false) == nil && !s.book.plausible(&s.scenario.world, key, ended) && !last && !s.troubled(d.Account, d.Day) {
		s.fail("seal: %s of %s is sealed, but no answer told it whole after its end", d.Day, d.Account)
	}
	stored := s.clickhouse.stored()
	told := uint64(0)
	for session, t := range s.book.surely(d.Account, d.SealedAt) {
		conn := s.scenario.world.Connection(session, &t.Reply, t.zone)
		key := uidKey{conn.Account, conn.UID}
		got, ok := stored[key]
		if conn.LocalDay != d.Day || s.quarantined(&conn) {
			continue
		}
		told++
		if !ok {
			s.fail("seal: %s of %s is sealed without connection %s of %s", d.Day, d.Account, conn.UID, stamp(conn.StartedAt))
		} else if !s.is(&got, s.book.candidates(session), session) {
			s.fail("seal: %s of %s is sealed with an old content of connection %s of %s", d.Day, d.Account, conn.UID, stamp(conn.StartedAt))
		}
	}
	if d.Rows < told {
		s.fail("seal: %s of %s is sealed with %d rows, %d were told", d.Day, d.Account, d.Rows, told)
	}
}

// judgeDays judges the states of all days at the end of the tail.
func (s *simulation) judgeDays() {
	for _, a := range s.scenario.accounts {
		if s.clickhouse.misses(a.name) {
			continue
		}
		today := report.DayOf(s.physical.In(a.zone))
		ended := report.DayOf(s.physical.Add(-inOrder).In(a.zone)) - 1
		if d := s.clickhouse.days[dayKey{s.name(a.name), ended}]; d.State != report.DaySealed {
			s.fail("seal: %s of %s is %q at %s", ended, a.name, d.State, stamp(s.physical))
		}
		for key, d := range s.clickhouse.days {
			if key.account != s.name(a.name) {
				continue
			}
			if d.State == report.DayOpen && d.Day < today-1 {
				s.fail("gap: %s of %s is still open at %s", d.Day, a.name, stamp(s.physical))
			}
			if d.State == report.DayGap && d.Day >= report.DayOf(s.scenario.start.In(a.zone))-1 && !s.troubled(a.name, d.Day) {
				d.Account = a.name
				s.judgeGap(d.DayStatus)
			}
		}
		if n := s.book.reads[a.name]; n == 0 {
			s.fail("reads: %s was never read whole", a.name)
		}
	}
}

// judgeGap judges a day that is called lost.
func (s *simulation) judgeGap(d report.DayStatus) {
	if first := report.DayOf(s.scenario.start.In(s.zoneOf(d.Account))); s.scenario.quirks.DayOffset != 0 && d.Doubt != "" && d.Day < first {
		return // the report that listed the other part of it was read by nobody
	}
	ended := s.ended(d.Account, d.Day)
	if midnight := (d.Day + 1).Start(s.zoneOf(d.Account)); midnight.After(ended) {
		ended = midnight
	}
	if t := s.book.lastWhole(dayKey{d.Account, d.Day}, ended.Add(7*time.Hour), true); t != nil && report.DayOf(t.local.In(t.zone)) == d.Day+1 {
		s.fail("gap: %s of %s was told whole at %s", d.Day, d.Account, stamp(t.At))
	}
	// The vendor could be read if for three hours nothing failed while one process lived.
	const enough = 3 * time.Hour
	from, to := ended.Add(7*time.Hour), (d.Day + 2).Start(s.zoneOf(d.Account)).Add(-30*time.Minute)
	calm := from
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if !s.readable(at) {
			calm = at
		}
		if at.Sub(calm) >= enough {
			s.fail("gap: %s of %s is called lost, but nothing failed from %s to %s", d.Day, d.Account, stamp(calm), stamp(at))
			return
		}
	}
}

func (s *simulation) readable(at time.Time) bool {
	e := s.scenario.at(at)
	if e.faultRate > 0 || e.diskRate > 0 || e.suspended || e.quirks.StandsAt != 0 {
		return false
	}
	for _, block := range s.blocks {
		if at.After(block) && at.Sub(block) < 14*time.Hour {
			return false
		}
	}
	for _, l := range s.lives {
		if at.After(l.from.Add(5*time.Minute)) && at.Before(l.to) && !l.wrongKey {
			return true
		}
	}
	return false
}

// ended is when a vendor day ends, by the vendor's clock.
func (s *simulation) ended(account string, day report.Day) time.Time {
	return (day + 1).Start(s.zoneOf(account)).Add(s.scenario.quirks.DayOffset)
}

// troubled tells whether a clock or a configured zone was wrong while a day could be read.
func (s *simulation) troubled(account string, day report.Day) bool {
	zone := s.zoneOf(account)
	from, to := (day - 2).Start(zone), (day + 4).Start(zone) // clocks are up to 40 hours wrong
	for _, l := range append(s.lives, lived{s.process.life, s.process.started, to}) {
		right := true
		for i, a := range s.scenario.accounts {
			right = right && (a.name != account || l.zones[i] == a.zone.String())
		}
		if l.from.Before(to) && l.to.After(from) && (!right || l.skew.Abs() > tolerated) {
			return true
		}
	}
	before := s.scenario.start
	for _, e := range s.scenario.weather {
		if before.Before(to) && e.until.After(from) && e.clock.Abs() > tolerated {
			return true
		}
		before = e.until
	}
	return false
}
