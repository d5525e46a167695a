package main

import (
	"fmt"
	"strings"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestRenamedAccounts: the login is recognised under its new name; no view counts anything twice, and no day stays open under an
// old name.
func TestRenamedAccounts(t *testing.T) {
	zone := noon(t)
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 3, PerWorkday: 20}, Accounts: []simulator.Account{{Name: "main", Zone: zone}, {Name: "other", Zone: zone}},
		Limits: simulator.Limits{Reports: 1000, Tokens: 1000},
	}, "COLLECTOR_ALPEMIX_LIMITS_REPORTS=1000", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=1000")
	names := func(first, second string) []string {
		return append(c.environ, "COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME="+first, "COLLECTOR_ALPEMIX_ACCOUNTS_1_NAME="+second)
	}
	for i, step := range [][2]string{{"main", "other"}, {"merkez", "other"}, {"other", "merkez"}, {"merkez", "şube"}, {"main", "other"}} {
		environ := names(step[0], step[1])
		got := command(t, environ, "", "run", "--once")
		if got.code != exitOK {
			t.Fatalf("%v: %+v", step, got)
		}
		if told := strings.Contains(got.stderr, "another name in the configuration"); told != (i > 0) {
			t.Errorf("%v: told %v: %s", step, told, got.stderr)
		}
		facts := c.ask(t, `SELECT arraySort(groupUniqArray(account)), count() - uniqExact(account, uid),
			(SELECT arraySort(groupUniqArray(account)) FROM days), (SELECT arraySort(groupArray(concat(account, ' ', state))) FROM days),
			(SELECT arraySort(groupUniqArray(account)) FROM daily_usage) FROM connections`)
		first, second := min(step[0], step[1]), max(step[0], step[1])
		both := "['" + first + "','" + second + "']"
		states := "['" + first + " open','" + first + " sealed','" + second + " open','" + second + " sealed']"
		if want := strings.Join([]string{both, "0", both, states, both}, "\t"); facts != want {
			t.Errorf("%v: %q, want %q", step, facts, want)
		}
		stored := c.stored(t)
		for j, login := range []string{"main", "other"} {
			rest := map[string]bool{}
			for _, connection := range stored[step[j]] {
				rest[identityOf(connection)] = true
			}
			shown := c.vendor.Shown(login)
			for _, connection := range shown {
				if !rest[identityOf(connection)] {
					t.Errorf("%v: %s of the login %s is not stored under %s", step, connection.UID, login, step[j])
				}
			}
			if len(shown) != len(stored[step[j]]) || len(shown) == 0 {
				t.Errorf("%v: %d rows under %s, the login %s has shown %d", step, len(stored[step[j]]), step[j], login, len(shown))
			}
		}
	}
}

// identityOf is a connection without its account.
func identityOf(c report.Connection) string {
	return fmt.Sprint(c.UID, c.StartedAt, c.Staff, c.Target)
}
