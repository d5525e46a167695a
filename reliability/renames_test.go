package reliability_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/store"
)

// owner is the account that has had a name: other names are its own with something behind a hyphen.
func owner(name string) string {
	account, _, _ := strings.Cut(name, "-")
	return account
}

// drawRenames gives accounts other names before some lives.
func (sc *scenario) drawRenames(r *rand.Rand) {
	if !chance(r, 0.125) {
		return
	}
	names := make([]string, len(sc.accounts))
	for i, a := range sc.accounts {
		names[i] = a.name
	}
	// Of rows that ClickHouse lost, too, nobody knows then.
	mayLose := !slices.ContainsFunc(sc.weather, func(e epoch) bool { return e.powerCut })
	for i := range sc.lives {
		l := &sc.lives[i]
		if i > 0 && chance(r, 0.5) {
			n := r.IntN(len(names))
			account := sc.accounts[n].name
			others := slices.DeleteFunc([]string{account, account + "-new", account + "-newer"}, func(name string) bool { return name == names[n] })
			names = slices.Clone(names)
			names[n] = pick(r, others...)
			if mayLose && chance(r, 0.3) {
				l.stateLost = true
				sc.lives[i-1].pause = max(sc.lives[i-1].pause, 2*time.Minute) // a new state file does not know the last requests
			}
		}
		l.names = names
	}
}

// name is what the configuration of this life calls an account, by its first name.
func (s *simulation) name(first string) string {
	if names := s.process.life.names; names != nil {
		return names[slices.IndexFunc(s.scenario.accounts, func(a account) bool { return a.name == first })]
	}
	return first
}

// logins are those of a scenario in which accounts get other names. Others do without, so that their seeds play what they always did.
func (s *simulation) logins() (logins []report.Login) {
	for i, name := range s.process.life.names {
		logins = append(logins, report.Login{Vendor: "alpemix", Account: name, Fingerprint: "fingerprint of " + s.scenario.accounts[i].name})
	}
	return logins
}

// rename is what the daemon does first.
func rename(state *store.Store, logins []report.Login) error {
	if len(logins) == 0 {
		return nil
	}
	_, _, err := state.Rename(logins)
	return err
}

// loseState removes the state file. What waited in it for ClickHouse would be gone, and nobody promises that it comes back.
func (s *simulation) loseState() {
	if s.waiting > 0 {
		return
	}
	if err := os.Remove(filepath.Join(s.dir, stateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	s.trace.add(s.physical, "the state file is lost")
	for _, l := range s.limit {
		*l = limits{}
	}
}

// judgeNames judges that all stands under the newest names, and nothing twice.
func (s *simulation) judgeNames() {
	c := s.clickhouse
	for key, conn := range c.connections {
		if !conn.Deleted && key.account != s.name(owner(key.account)) {
			s.fail("renamed: connection %s of %s still stands under %s", key.uid, stamp(conn.StartedAt), key.account)
		}
	}
	for uid, n := range c.live {
		if n > 1 {
			s.fail("duplicate: %s has %d rows for connection %s", uid.account, n, uid.uid)
		}
	}
	for key, d := range c.days {
		if !d.moved && key.account != s.name(owner(key.account)) {
			s.fail("renamed: %s still stands under %s", key.day, key.account)
		}
	}
	for key, r := range c.rejects {
		if !r.moved && key.account != s.name(owner(key.account)) {
			s.fail("renamed: the record %q in quarantine still stands under %s", r.Raw, key.account)
		}
	}
}
