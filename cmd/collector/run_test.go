package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/demo"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/web"
)

func TestEveryReadingThroughTheEngine(t *testing.T) {
	var accounts []simulator.Account
	// Whether a vendor whose day ends later has listed all of yesterday depends on the hour of this test: those readings
	// are played in the collector's tests, in simulated time.
	modes := slices.DeleteFunc(simulator.Modes(), func(m simulator.Mode) bool { return m.Quirks.DayOffset != 0 || m.Quirks.FlipDelay != 0 })
	for _, mode := range modes {
		accounts = append(accounts, simulator.Account{Name: mode.Name})
	}
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 11, PerWorkday: 400, HourlyMinimum: 10}, Accounts: accounts, Limits: simulator.Limits{PerAccount: true},
	}, "COLLECTOR_ALPEMIX_LIMITS_SCOPE=account")
	for _, mode := range modes {
		c.vendor.SetQuirks(mode.Quirks, mode.Name)
	}
	got := command(t, c.environ, "", "run", "--once")
	if got.code != exitOK {
		t.Errorf("%+v", got)
	}
	c.same(t)
}

func TestRunOnceNamesTheAccountThatIsRefused(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "good"}, {Name: "bad"}}})
	c.environ = append(c.environ, "COLLECTOR_ALPEMIX_ACCOUNTS_1_SECRET_KEY=wrong-and-secret")
	for _, args := range [][]string{{"run", "--once"}, {"check"}} {
		got := command(t, c.environ, "", args...)
		all := got.stdout + got.stderr
		if got.code != exitFailure || !strings.Contains(all, "account bad") || strings.Contains(all, "wrong-and-secret") {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if n := len(c.stored(t)["good"]); n == 0 {
		t.Error("the good account was not collected")
	}
}

func TestSecondProcessOnTheStateFolder(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}})
	first := c.start(t, "run")
	c.waitFor(t, first, func() bool { return c.vendor.Stats().Requests[report.Today] > 0 })
	got := command(t, c.environ, "", "run")
	if got.code != exitUsage || !strings.Contains(got.stderr, "another collector process") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	if code := first.interrupt(t); code != exitOK {
		t.Errorf("interrupted: exit status %d\n%s", code, first.stderr)
	}
}

// TestAnnouncedWhenItListens: what is printed can be opened, also where the port was left open; nothing is printed or begun
// where another has the port.
func TestAnnouncedWhenItListens(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, args := range [][]string{{"run"}, {"demo", "--state", t.TempDir()}} {
		got := command(t, append(c.environ[:len(c.environ):len(c.environ)], "COLLECTOR_HTTP_LISTEN="+taken.Addr().String()), "", args...)
		if got.code != exitFailure || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, "http.listen "+taken.Addr().String()) {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if n := len(c.vendor.Stats().Requests); n != 0 {
		t.Errorf("%d requests were sent without a page", n)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var printed syncBuffer
	a := &app{stdin: strings.NewReader(""), stdout: &printed, stderr: t.Output(), environ: append(c.environ, "COLLECTOR_HTTP_LISTEN=127.0.0.1:0")}
	ended := make(chan int, 1)
	go func() { ended <- a.execute(ctx, []string{"run"}) }()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(printed.String(), "try "); pause(t.Context(), 20*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was announced")
		}
	}
	var page string
	if _, err := fmt.Sscanf(printed.String(), "page %s", &page); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(page)
	if err != nil || answer.StatusCode != http.StatusOK || answer.Body.Close() != nil {
		t.Errorf("%s: %v %v", page, answer, err)
	}
	cancel()
	if code := <-ended; code != exitOK {
		t.Error(code)
	}
}

func TestDemo(t *testing.T) {
	environ := []string{
		"COLLECTOR_HTTP_LISTEN=" + freeAddress(t), "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY=" + os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"),
	}
	dir := t.TempDir()
	settings, err := config.Load("", append(environ, "COLLECTOR_STATE_DIR="+dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{"first", "second"} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan outcome, 1)
		real := append(environ[:len(environ):len(environ)], "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_API_KEY_FILE=of-a-real-account") // is none of its business
		go func() { ended <- commandIn(ctx, real, "", "demo", "--state", dir) }()
		for deadline := time.Now().Add(patience); ; pause(t.Context(), 50*time.Millisecond) {
			if s, err := statusAt(t.Context(), settings.HTTP.Listen); err == nil && len(s.Accounts) == 1 && s.Accounts[0].LastSuccess.Today != nil && s.Queue.Rows == 0 {
				break
			}
			if time.Now().After(deadline) {
				cancel()
				t.Fatalf("nothing collected within %s: %+v", patience, <-ended)
			}
		}
		days := command(t, append(environ, "COLLECTOR_STATE_DIR="+dir), "", "sql", "--format", "TSV", "SELECT uniq(local_day) >= 85, count() = uniqExact(uid) FROM connections")
		if days.stdout != "1\t1\n" {
			t.Errorf("%s start: %+v", start, days)
		}
		questions(t, environ, dir)
		itsVendors(t, nil, filepath.Join(dir, demo.ConfigFile)) // in another environment
		if u := daemonUsage(t, settings.HTTP.Listen); len(u.Accounts) != 1 || len(u.Accounts[0].Staff) != web.StaffShown || len(u.Customers) != web.CustomersShown ||
			u.Accounts[0].Days[1].State != web.DaySealed || u.Accounts[0].Days[1].Connections == 0 {
			t.Errorf("%s start: the page has %+v", start, u)
		}
		s, err := statusAt(t.Context(), settings.HTTP.Listen)
		if err != nil {
			t.Fatal(err)
		}
		lost := command(t, append(environ, "COLLECTOR_STATE_DIR="+dir), "", "sql", "--format", "TSV", "SELECT countIf(state = 'gap') FROM days")
		if got := fmt.Sprintln(s.Accounts[0].GapDays); got != lost.stdout || got == "0\n" {
			t.Errorf("%s start: the status has %s lost days, the view days %s", start, got, lost.stdout)
		}
		cancel()
		if got := <-ended; got.code != exitOK || !strings.Contains(got.stdout, "limacity  simulated at http://127.0.0.1:") || !strings.Contains(got.stdout, "curl 'http://"+settings.ClickHouse.Embedded.Listen) {
			t.Errorf("%s start: %+v", start, got)
		}
	}
}

// itsVendors speaks with the vendors of a demonstration by its own configuration, with which no command brings in reports.
func itsVendors(t *testing.T, environ []string, file string) {
	t.Helper()
	for args, want := range map[string]outcome{
		"check":                       {code: exitOK, stdout: "ok    limacity account de: customers/list returned "},
		"reseller remotepc user list": {code: exitOK, stdout: "@"},
		"reseller serwersms subaccounts limit 101000 eco 700": {code: exitOK, stdout: "done: subaccount 101000 may send 700 messages of type eco"},
		"run --once": {code: exitUsage, stderr: "holds the data of collector demo"},
	} {
		got := command(t, environ, "", append(strings.Fields(args), "-c", file)...)
		if got.code != want.code || !strings.Contains(got.stdout, want.stdout) || !strings.Contains(got.stderr, want.stderr) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// questions asks a demonstration what docs/sql.md asks, and whether it is a believable reseller.
func questions(t *testing.T, environ []string, dir string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(query string) string {
		got := command(t, append(environ, "COLLECTOR_STATE_DIR="+dir), "", "sql", "--format", "TSV", query)
		if got.code != exitOK {
			t.Errorf("%s: %+v", query, got)
		}
		return strings.TrimSpace(got.stdout)
	}
	blocks := sqlBlock.FindAllStringSubmatch(string(text), -1)
	for _, block := range blocks {
		if ask(block[1]) == "" {
			t.Errorf("no answer to %s", block[1])
		}
	}
	if len(blocks) < 8 {
		t.Errorf("docs/sql.md asks %d questions", len(blocks))
	}
	runbooks, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(runbooks) == 0 {
		t.Fatal(runbooks, err)
	}
	has := []string{"AlpemixDayLost.md", "AlpemixRowsQuarantined.md", "ResellerAllotmentUsed.md"} // these troubles
	for _, page := range runbooks {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range sqlBlock.FindAllStringSubmatch(string(text), -1) {
			if ask(block[1]) == "" && slices.Contains(has, filepath.Base(page)) {
				t.Errorf("%s: no answer to %s", page, block[1])
			}
		}
	}
	for query, want := range map[string]string{
		"SELECT uniq(vendor, customer) BETWEEN 36 AND 40, uniq(vendor) FROM allotments":                                                             "1\t4", // guests come and go
		"SELECT countIf(utilized > allotted) BETWEEN 1 AND 10, countIf(utilized < allotted / 4) > 0, countIf(active = 0) < 3 FROM allotments":       "1\t1\t1",
		"SELECT uniq(toStartOfMonth(valid_from)) >= 3, countIf(valid_to IS NOT NULL) > 100, countIf(valid_to <= valid_from) FROM allotment_history": "1\t1\t0",
		`SELECT uniq(month) >= (SELECT uniq(toStartOfMonth(local_day)) FROM connections), uniq(customer) > 35,
			sumIf(connections, customer = '(unmapped)') > 0 FROM usage_vs_allotment`: "1\t1\t1",
		"SELECT count() > 50, uniq(vendor), countIf(outcome != 'ok') FROM provisioning_log": "1\t4\t0",
		// Trouble that the dashboards can show.
		"SELECT countIf(state = 'gap'), min(sealed_at IS NULL) FROM days WHERE state = 'gap'":               "1\t1",
		"SELECT uniq(outcome), count() > 3000 FROM fetches WHERE vendor = 'alpemix' AND at > now() - 86400": "4\t1",
		"SELECT count(), countIf(at > now() - 2 * 86400), any(reason) FROM quarantine":                      "3\t1\tdt_impossible",
		// The first live reading picks up where the history ends.
		"SELECT countIf(valid_from > now() - 60) < 10 FROM allotment_history": "1",
	} {
		if got := ask(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
