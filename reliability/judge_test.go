package reliability_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// tolerated is how wrong clocks may be while what is said of days has to be right. docs/reliability.md tells users so.
const tolerated = 5 * time.Minute

// lived is one life as it was.
type lived struct {
	life
	from, to time.Time
}

// inserted judges what an insert has brought in, at once.
func (s *simulation) inserted(in *inserted) {
	c := s.clickhouse
	for i := range in.connections {
		conn := &in.connections[i]
		if n := c.live[uidKey{conn.Account, conn.UID}]; n > 1 {
			s.fail("duplicate: %s has %d rows for connection %s", conn.Account, n, conn.UID)
		}
	}
	for _, text := range in.text {
		if secret := s.secrets.in(text); secret != "" {
			s.fail("secret: %q was inserted into ClickHouse", secret)
		}
	}
	for _, d := range in.days {
		s.trace.add(s.now(), "%s: %s is %s, %d rows", d.Account, d.Day, d.State, d.Rows)
		switch d.State {
		case report.DaySealed:
			s.sealed(d)
		case report.DayGap:
			until := (d.Day + 2).Start(s.zoneOf(d.Account))
			if day := (d.Day + 1).Start(s.zoneOf(d.Account)); day.After(s.scenario.start) && s.now().Before(until) && !s.troubled(d.Account, d.Day) {
				s.fail("gap: %s of %s is called lost at %s, while it can be read", d.Day, d.Account, stamp(s.now()))
			}
		}
	}
}

// sealed judges a seal when it arrives: the day was told whole after its end, and every connection of it that was told so is there.
func (s *simulation) sealed(d report.DayStatus) {
	key, ended := dayKey{d.Account, d.Day}, s.ended(d.Account, d.Day)
	if s.book.lastWhole(key, ended, false) == nil && !s.troubled(d.Account, d.Day) {
		s.fail("seal: %s of %s is sealed, but no answer told it whole after its end", d.Day, d.Account)
	}
	t := s.book.lastWhole(key, ended, true)
	if t == nil || !t.local.Before(d.SealedAt) {
		return // it was told after the look that sealed it
	}
	stored := s.clickhouse.stored()
	told := uint64(0)
	for _, session := range t.Sessions() {
		conn := s.scenario.world.Connection(session, &t.Telling, t.zone)
		got, ok := stored[uidKey{conn.Account, conn.UID}]
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

// is tells whether a stored row is a session as one of the answers told it.
func (s *simulation) is(got *report.Connection, as []*telling, session simulator.Session) bool {
	plain := *got
	plain.Raw, plain.Hash, plain.Version, plain.FirstSeenAt, plain.FetchedAt = "", 0, 0, time.Time{}, time.Time{}
	return slices.ContainsFunc(as, func(t *telling) bool { return s.scenario.world.Connection(session, &t.Telling, t.zone) == plain })
}

// ended is when a vendor day ends, by the vendor's clock.
func (s *simulation) ended(account string, day report.Day) time.Time {
	return (day + 1).Start(s.zoneOf(account)).Add(s.scenario.quirks.DayOffset)
}

func (s *simulation) zoneOf(account string) *time.Location {
	for _, a := range s.scenario.accounts {
		if a.name == account {
			return a.zone
		}
	}
	panic("no account " + account)
}

// quarantined tells whether a connection is kept in quarantine because it claimed to begin or end more than a day from now, by a clock that
// was so far behind.
func (s *simulation) quarantined(conn *report.Connection) bool {
	if !s.scenario.clockBehind() {
		return false
	}
	for key, reject := range s.clickhouse.rejects {
		if key.account == conn.Account && (reject.Reason == "dt_out_of_range" || reject.Reason == "duration_absurd") && strings.Contains(reject.Raw, conn.UID) {
			return true
		}
	}
	return false
}

// troubled tells whether a clock or a configured zone was wrong while a day could be read.
func (s *simulation) troubled(account string, day report.Day) bool {
	zone := s.zoneOf(account)
	from, to := (day - 2).Start(zone), (day + 4).Start(zone)
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

// asking judges a request before it is sent.
func (s *simulation) asking(a *asked, token bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if l := s.limit[s.scopeOf(a.account)]; now.Before(l.blockedUntil) {
		s.fail("block: %s was asked for at %s, although the vendor had blocked us until %s at the least", a.account, stamp(now), stamp(l.blockedUntil))
	}
	if l := s.limit[s.scopeOf(a.account)]; !token && now.Before(l.reportsFrom) {
		s.fail("limits: a report of %s was asked for at %s, although the vendor had said 205 a moment before", a.account, stamp(now))
	}
	if l := s.limit[a.account]; token && l.token && !a.wrongKey && now.Sub(l.tokenAt) < 23*time.Hour {
		s.fail("token: %s got one at %s, which was not refused, and asks for another at %s", a.account, stamp(l.tokenAt), stamp(now))
	}
}

// limits is what the vendor has told of an account, or of a scope of its limits.
type limits struct {
	token        bool // one was granted and not refused since
	tokenAt      time.Time
	blockedUntil time.Time
	reportsFrom  time.Time // no report before
}

func (s *simulation) scopeOf(account string) string {
	if s.scenario.scope == "ip" {
		return s.scenario.accounts[0].name
	}
	return account
}

// asked judges a request when the vendor has counted it.
func (s *simulation) asked() {
	if v := s.vendor.Stats().Violations; len(v) > 0 {
		s.fail("limits: %+v", v[0])
	}
}

// answered notes what an answer says of tokens and blocks.
func (s *simulation) answered(a *asked, number, token string) {
	s.trace.add(s.now(), "%s is answered %s", a.account, number)
	if a.way.process.killed() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limit[a.account]
	switch number {
	case "0":
		if token != "" {
			s.secrets.add(token)
			l.token, l.tokenAt = true, s.now()
		}
	case "201", "202", "203":
		l.token = false
	case "205":
		s.limit[s.scopeOf(a.account)].reportsFrom = s.now().Add(time.Minute)
	case "204":
		s.limit[s.scopeOf(a.account)].blockedUntil = s.now().Add(5*time.Minute - time.Second)
		s.blocks = append(s.blocks, s.now())
	}
}

// doubt forgets what the process may not have been able to note down.
func (s *simulation) doubt() {
	s.book.doubt()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.limit {
		*l = limits{}
	}
}

// accounts judges the metrics of a life: every record that was received is stored, unchanged or quarantined.
func (s *simulation) accounts(registry *prometheus.Registry) {
	families, err := registry.Gather()
	if err != nil {
		s.fail("metrics: %v", err)
		return
	}
	for _, f := range families {
		var text bytes.Buffer
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			s.fail("metrics: %v", err)
		}
		if secret := s.secrets.in(text.Bytes()); secret != "" {
			s.fail("secret: %q is in the metrics", secret)
		}
		for _, m := range f.GetMetric() {
			s.rose[f.GetName()] += m.GetCounter().GetValue()
			for _, l := range m.GetLabel() {
				s.rose[fmt.Sprintf("%s{%s=%q}", f.GetName(), l.GetName(), l.GetValue())] += m.GetCounter().GetValue()
			}
		}
		if f.GetName() != "alpemix_rows_total" {
			continue
		}
		balance := map[string]float64{}
		for _, m := range f.GetMetric() {
			account, outcome := m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue()
			if outcome == "received" {
				balance[account] += m.GetCounter().GetValue()
			} else {
				balance[account] -= m.GetCounter().GetValue()
			}
		}
		for account, rest := range balance {
			if rest != 0 {
				s.fail("metrics: of the rows that %s received, %v are neither stored nor unchanged nor quarantined", account, rest)
			}
		}
	}
}

// judge compares all that is left with all that was told.
func (s *simulation) judge() {
	s.judgeRows()
	for _, line := range s.secrets.leaks {
		s.fail("secret: in the log: %s", line)
	}
	if !s.t.Failed() {
		s.judgeDays()
	}
}

func (s *simulation) judgeRows() {
	stored := s.clickhouse.stored()
	known := map[uidKey]bool{}
	for session, told := range s.book.sessions {
		candidates := s.book.candidates(session)
		first := s.scenario.world.Connection(session, &candidates[0].Telling, candidates[0].zone)
		key := uidKey{first.Account, first.UID}
		got, ok := stored[key]
		known[key] = true
		if s.clickhouse.lost[key] && s.clickhouse.days[dayKey{key.account, first.LocalDay}].State != report.DaySealed {
			continue // nobody could ask for that day again
		}
		if !ok {
			if told.must != nil && !s.quarantined(&first) {
				s.fail("lost: connection %s of %s, which was told last at %s, is not in ClickHouse: %+v", first.UID, stamp(first.StartedAt), stamp(told.must.At), first)
			}
			continue
		}
		if parser.Hash([]byte(got.Raw)) != got.Hash || got.Raw == "" || got.FirstSeenAt.IsZero() || got.FirstSeenAt.After(got.FetchedAt) && !s.scenario.clockSet() {
			s.fail("provenance: connection %s has hash %x, first seen at %s, fetched at %s and the text %q", got.UID, got.Hash, stamp(got.FirstSeenAt), stamp(got.FetchedAt), got.Raw)
		}
		if !s.is(&got, candidates, session) && !s.quarantined(&first) {
			s.fail("content: of connection %s ClickHouse has\n%+v\nand not what was told last at %s\n%+v", got.UID, got, stamp(candidates[0].At), first)
		}
	}
	for key, conn := range stored {
		if !known[key] {
			s.fail("invented: nobody told of %+v", conn)
		}
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
		if d := s.clickhouse.days[dayKey{a.name, ended}]; d.State != report.DaySealed {
			s.fail("seal: %s of %s is %q at %s", ended, a.name, d.State, stamp(s.physical))
		}
		for key, d := range s.clickhouse.days {
			if key.account != a.name {
				continue
			}
			if d.State == report.DayOpen && d.Day < today-1 {
				s.fail("gap: %s of %s is still open at %s", d.Day, a.name, stamp(s.physical))
			}
			if d.State == report.DayGap && d.Day >= report.DayOf(s.scenario.start.In(a.zone))-1 && !s.troubled(a.name, d.Day) {
				s.judgeGap(d)
			}
		}
		if n := s.book.reads[a.name]; n == 0 {
			s.fail("reads: %s was never read whole", a.name)
		}
	}
}

// judgeGap judges a day that is called lost.
func (s *simulation) judgeGap(d report.DayStatus) {
	ended := s.ended(d.Account, d.Day)
	if midnight := (d.Day + 1).Start(s.zoneOf(d.Account)); midnight.After(ended) {
		ended = midnight
	}
	if t := s.book.lastWhole(dayKey{d.Account, d.Day}, ended.Add(7*time.Hour), true); t != nil && report.DayOf(t.local.In(t.zone)) == d.Day+1 {
		s.fail("gap: %s of %s was told whole at %s", d.Day, d.Account, stamp(t.At))
	}
	// The vendor could be read if for three hours nothing failed while one process lived.
	const enough = 3 * time.Hour
	from, to := ended.Add(7*time.Hour), ended.Add(24*time.Hour-30*time.Minute)
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
	if e.faultRate > 0 || e.diskRate > 0 || e.suspended {
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

func (s *secrets) in(text []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.known {
		if bytes.Contains(text, secret) {
			return string(secret)
		}
	}
	return ""
}

func (s *simulation) fail(format string, args ...any) {
	s.failures++
	if s.failures <= 5 {
		s.process.kill()
		s.t.Error(fmt.Sprintf("seed %d: ", s.scenario.seed) + fmt.Sprintf(format, args...))
	}
}
