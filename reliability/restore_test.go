package reliability_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"alpemix-collector/report"
)

// copied is a backup of both sides at the end of a life.
type copied struct {
	state      []byte
	clickhouse held
}

const stateFile = "state.db"

// keep makes a backup if a later life is started from one.
func (s *simulation) keep() {
	n := len(s.lives)
	var c copied
	if slices.ContainsFunc(s.scenario.lives, func(l life) bool { return l.stateOf == n }) {
		state, err := os.ReadFile(filepath.Join(s.dir, stateFile))
		if err != nil {
			s.t.Fatal(err)
		}
		c.state = state
	}
	if slices.ContainsFunc(s.scenario.lives, func(l life) bool { return l.clickhouseOf == n }) {
		c.clickhouse = s.clickhouse.held.clone()
	}
	s.copies = append(s.copies, c)
}

// restore does what somebody did to the state file and to ClickHouse before a life.
func (s *simulation) restore(l *life) {
	if l.stateOf > 0 {
		if err := os.WriteFile(filepath.Join(s.dir, stateFile), s.copies[l.stateOf-1].state, 0o600); err != nil {
			s.t.Fatal(err)
		}
		for _, l := range s.limit {
			*l = limits{} // the copy knows an older token
		}
	}
	if l.stateLost {
		s.loseState()
	}
	switch c := s.clickhouse; {
	case l.emptied:
		c.replace(newHeld())
	case l.clickhouseOf > 0:
		c.replace(s.copies[l.clickhouseOf-1].clickhouse)
	}
}

func (h *held) clone() held {
	return held{
		id: h.id, tokens: maps.Clone(h.tokens), connections: maps.Clone(h.connections), before: maps.Clone(h.before),
		live: maps.Clone(h.live), rejects: maps.Clone(h.rejects), days: maps.Clone(h.days), logins: maps.Clone(h.logins), fetches: maps.Clone(h.fetches),
	}
}

// replace exchanges what ClickHouse holds. What is gone with it comes back only if the vendor still serves it.
func (c *clickhouse) replace(by held) {
	for key, conn := range c.connections {
		if _, kept := by.connections[key]; !kept && !conn.Deleted {
			c.lost[uidKey{owner(key.account), key.uid}] = true
		}
	}
	c.held = by
}

// judgeRestored wants what the vendor serves of today back in ClickHouse by the end of the life after it was replaced, long
// before a seal would look.
func (s *simulation) judgeRestored() {
	for session, told := range s.book.sessions {
		if told.must == nil {
			continue
		}
		conn := s.scenario.world.Connection(session, &told.must.Reply, told.must.zone)
		today := report.DayOf(s.physical.In(s.zoneOf(conn.Account)))
		if conn.LocalDay == today && s.clickhouse.live[uidKey{conn.Account, conn.UID}] != 1 {
			s.fail("restored: connection %s of %s is not back", conn.UID, stamp(conn.StartedAt))
		}
	}
}
