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

// fetchesWithin is when a request is written at the latest, if nothing fails.
const fetchesWithin = 15 * time.Minute

// answering is how long an answer may take to be read.
const answering = 5 * time.Minute

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
		s.trace.add(s.now(), "%s: %s is %s, %d rows %s", d.Account, d.Day, d.State, d.Rows, d.Doubt)
		d.Account = owner(d.Account)
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

// is tells whether a stored row is a session as one of the answers told it.
func (s *simulation) is(got *report.Connection, as []*telling, session simulator.Session) bool {
	plain := *got
	plain.Account = owner(plain.Account)
	plain.Raw, plain.Hash, plain.Version, plain.FirstSeenAt, plain.FetchedAt = "", 0, 0, time.Time{}, time.Time{}
	return slices.ContainsFunc(as, func(t *telling) bool { return s.scenario.world.Connection(session, &t.Reply, t.zone) == plain })
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
		if owner(key.account) == conn.Account && (reject.Reason == "dt_out_of_range" || reject.Reason == "duration_absurd") && strings.Contains(reject.Raw, conn.UID) {
			return true
		}
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
		s.limit[s.scopeOf(a.account)].blockedUntil = s.now().Add(s.leastBlock() - time.Second)
		s.blocks = append(s.blocks, s.now())
	}
}

// leastBlock is how long the collector has to keep silent after it was blocked: five minutes, and near the end of a day that may
// be lost a third of what is left of it.
func (s *simulation) leastBlock() time.Duration {
	least := 5 * time.Minute
	for _, zone := range s.zones {
		now := time.Now().In(zone)
		left := (report.DayOf(now) + 1).Start(zone).Sub(now)
		least = min(least, max(time.Minute, left/3))
	}
	return least
}

// doubt forgets what the process may not have been able to note down.
func (s *simulation) doubt() {
	s.book.doubt()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process.doubted = true
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
		balance, received := map[string]float64{}, map[string]float64{}
		for _, m := range f.GetMetric() {
			account, outcome := m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue()
			if outcome == "received" {
				received[account] += m.GetCounter().GetValue()
				balance[account] += m.GetCounter().GetValue()
			} else {
				balance[account] -= m.GetCounter().GetValue()
			}
		}
		for account, rest := range balance {
			if rest != 0 {
				s.fail("metrics: of the rows that %s received, %v are neither stored nor unchanged nor quarantined", account, rest)
			}
			if told := s.process.heard[owner(account)]; !s.process.doubted && received[account] != float64(told) {
				s.fail("metrics: %s was told %d records, and says that it received %v", account, told, received[account])
			}
		}
	}
}

// judge compares all that is left with all that was told.
func (s *simulation) judge() {
	s.judgeRows()
	s.judgeNames()
	for _, line := range s.secrets.leaks {
		s.fail("secret: in the log: %s", line)
	}
	if !s.t.Failed() {
		s.judgeDays()
		if !s.scenario.clockSet() { // which could have made requests of long ago look as if they were of the tail
			s.judgeFetches()
		}
	}
}

// judgeFetches judges what the view fetches tells of the tail.
func (s *simulation) judgeFetches() {
	for account, told := range s.tail {
		requests, rows := 0, 0
		for _, f := range s.clickhouse.fetches {
			if owner(f.Account) == account && !f.At.Before(told.from) && f.At.Before(told.until) {
				requests, rows = requests+1, rows+int(f.Rows)
			}
		}
		if requests != told.requests || rows != told.rows {
			s.fail("fetches: %s made %d requests and was told %d records; ClickHouse has %d and %d", account, told.requests, told.rows, requests, rows)
		}
	}
}

func (s *simulation) judgeRows() {
	stored := s.clickhouse.stored()
	known := map[uidKey]bool{}
	for session, told := range s.book.sessions {
		candidates := s.book.candidates(session)
		first := s.scenario.world.Connection(session, &candidates[0].Reply, candidates[0].zone)
		key := uidKey{first.Account, first.UID}
		got, ok := stored[key]
		known[key] = true
		if s.clickhouse.lost[key] && s.clickhouse.days[dayKey{s.name(key.account), first.LocalDay}].State != report.DaySealed {
			continue // nobody could ask for that day again
		}
		if !ok {
			if told.must != nil && !s.quarantined(&first) {
				s.fail("lost: connection %s of %s, which was told last at %s, is not in ClickHouse: %+v", first.UID, stamp(first.StartedAt), stamp(told.must.At), first)
			}
			continue
		}
		if parser.Hash([]byte(got.Raw)) != got.Hash || got.Raw == "" {
			s.fail("provenance: connection %s has hash %x and the text %q", got.UID, got.Hash, got.Raw)
		}
		late := got.FirstSeenAt.After(got.FetchedAt) || !told.first.IsZero() && got.FirstSeenAt.Sub(told.first) > answering
		forgotten := s.clickhouse.lost[key] && s.scenario.restored() // with an older state file, nobody knows it any more
		if got.FirstSeenAt.IsZero() || late && !forgotten && !s.scenario.clockSet() && !s.scenario.vendorClockWrong() && !s.scenario.standsStill() {
			s.fail("provenance: connection %s, fetched at %s, says that it was seen first at %s; it was at %s", got.UID, stamp(got.FetchedAt), stamp(got.FirstSeenAt), stamp(told.first))
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
