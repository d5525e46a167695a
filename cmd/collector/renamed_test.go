package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestRenamedAccounts: the login is recognised under its new name; no view counts anything twice, and no day stays open under an
// old name; also when the state file is lost, and rows are imported under the new name first.
func TestRenamedAccounts(t *testing.T) {
	zone := noon(t)
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 3, PerWorkday: 20}, Accounts: []simulator.Account{{Name: "main", Zone: zone}, {Name: "other", Zone: zone}},
		Limits: simulator.Limits{Reports: 1000, Tokens: 1000},
	}, "COLLECTOR_ALPEMIX_LIMITS_REPORTS=1000", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=1000")
	names := func(first, second string) []string {
		return append(c.environ, "COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME="+first, "COLLECTOR_ALPEMIX_ACCOUNTS_1_NAME="+second)
	}
	state := filepath.Join(c.setting("COLLECTOR_STATE_DIR"), "state.db")
	for i, step := range []struct {
		names          [2]string
		lost, imported bool
	}{
		{names: [2]string{"main", "other"}}, {names: [2]string{"merkez", "other"}}, {names: [2]string{"other", "merkez"}},
		{names: [2]string{"merkez", "şube"}}, {names: [2]string{"main", "other"}},
		{names: [2]string{"merkez", "other"}, lost: true}, {names: [2]string{"other", "merkez"}, lost: true},
		{names: [2]string{"main", "şube"}, lost: true, imported: true}, {names: [2]string{"şube", "main"}, imported: true},
	} {
		step, lost, imported := step.names, step.lost, step.imported
		environ := names(step[0], step[1])
		if lost {
			if err := os.Remove(state); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 {
			got := command(t, environ, "", "check")
			if got.code != exitOK || !strings.Contains(got.stdout, fmt.Sprintf("account %q as ", step[0])) {
				t.Errorf("%v: %+v", step, got)
			}
		}
		if imported {
			for j, login := range []string{"main", "other"} {
				body := write(t, "report.json", string(c.vendor.Report(login, report.DayOf(time.Now().In(zone))-1, time.Now())))
				if got := command(t, environ, "", "import", "--account", step[j], body); got.code != exitOK {
					t.Fatalf("%v: %+v", step, got)
				}
			}
		}
		got := command(t, environ, "", "run", "--once")
		if got.code != exitOK {
			t.Fatalf("%v: %+v", step, got)
		}
		if warned := strings.Contains(got.stderr, "another name in the configuration"); warned != (i > 0 && !(lost && imported)) {
			t.Errorf("%v: warned %v: %s", step, warned, got.stderr)
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

// TestChangedLogin: check says before the start, and the log at it, that an account has another login
// under its name; later starts don't.
func TestChangedLogin(t *testing.T) {
	zone := noon(t)
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 3, PerWorkday: 20}, Accounts: []simulator.Account{{Name: "main", SecretKey: "same", Zone: zone}, {Name: "other", SecretKey: "same", Zone: zone}},
		Limits: simulator.Limits{Reports: 1000, Tokens: 1000},
	}, "COLLECTOR_ALPEMIX_LIMITS_REPORTS=1000", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=1000", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=same")
	first := func(login string) []string {
		environ := slices.DeleteFunc(slices.Clone(c.environ), func(v string) bool { return strings.HasPrefix(v, "COLLECTOR_ALPEMIX_ACCOUNTS_1_") })
		return append(environ, "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME="+login)
	}
	for i, step := range []struct {
		login   string
		changed bool
	}{{"main", false}, {"other", true}, {"other", false}} {
		checked := command(t, first(step.login), "", "check")
		ran := command(t, first(step.login), "", "run", "--once")
		if checked.code != exitOK || strings.Contains(checked.stdout, "has another login than its rows") != step.changed ||
			strings.Contains(ran.stderr, "has another login than before") != step.changed {
			t.Errorf("step %d: %+v, %+v", i, checked, ran)
		}
	}
}

// identityOf is a connection without its account.
func identityOf(c report.Connection) string {
	return fmt.Sprint(c.UID, c.StartedAt, c.Staff, c.Target)
}

// TestRenamedResellersWithoutAStateFile: each allotment stands once, under the new name of its account, with its history, and
// the keys of lima-city's customers go there too.
func TestRenamedResellersWithoutAStateFile(t *testing.T) {
	h := newHelpDesk(t)
	run := func() {
		t.Helper()
		if got := h.once(t); got.code != exitOK {
			t.Fatalf("%+v", got)
		}
	}
	run()
	h.through(t)
	run()
	before, keys := h.allotments(t), h.resellers.words("limacity keys --format json")
	if err := os.Remove(filepath.Join(h.resellers.state, "state.db")); err != nil {
		t.Fatal(err)
	}
	pause(t.Context(), time.Second) // periods have whole seconds
	for vendor := range h.resellers.vendors {
		h.environ = append(h.environ, prefix(vendor)+"NAME=my "+h.resellers.account(vendor))
	}
	h.resellers.environ = h.environ
	run()
	var want []string
	for _, line := range before {
		vendor, rest, _ := strings.Cut(line, "\t")
		want = append(want, vendor+"\tmy "+rest)
	}
	if diff := cmp.Diff(want, h.allotments(t)); diff != "" {
		t.Errorf("allotments (-want +got)\n%s", diff)
	}
	old := h.ask(t, "SELECT countIf(NOT startsWith(account, 'my ')), countIf(valid_from = valid_to) FROM allotment_history")
	if old != "0\t0" {
		t.Errorf("of the history under the old names, and ended as it began: %s", old)
	}
	if got := h.resellers.words("limacity keys --format json"); strings.ReplaceAll(got.stdout, "my de", "de") != keys.stdout || !strings.Contains(got.stdout, "my de") {
		t.Errorf("%+v, want %+v", got, keys)
	}
}
