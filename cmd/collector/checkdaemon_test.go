package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/store"
	"alpemix-collector/web"
)

// TestCheckBesideADaemon: whatever the daemon's status and health say is wrong fails, and nothing is asked of the vendor.
func TestCheckBesideADaemon(t *testing.T) {
	environ, vendor, stateDir := desk(t)
	state, err := store.Open(stateDir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	got := command(t, environ, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  state_dir: another collector process uses "+stateDir) ||
		!strings.Contains(got.stdout, "FAIL  accounts: not tried: ") {
		t.Errorf("without a daemon's socket: %+v", got)
	}

	listen := (&app{environ: environ}).getenv("COLLECTOR_HTTP_LISTEN")
	now := time.Now().UTC()
	var status web.Status
	var ready error
	server := web.New(web.Config{
		Listen: listen, Socket: daemon.SocketOf(stateDir), Gatherer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		Ready: func() error { return ready }, Status: func() web.Status { return status },
	})
	go func() { _ = server.Run(t.Context()) }()
	if _, err := server.Addr(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(s *web.Status, a *web.Account)
		want   string
	}{
		"read":         {func(*web.Status, *web.Account) {}, "ok    account main: last read by the running daemon at "},
		"unread":       {func(_ *web.Status, a *web.Account) { a.LastSuccess.Today = nil }, "FAIL  account main: the running daemon has not read this account yet; run check again"},
		"quiet":        {func(_ *web.Status, a *web.Account) { a.LastSuccess.Today = new(now.Add(-time.Hour)) }, "FAIL  account main: last read by the running daemon at "},
		"failing":      {func(_ *web.Status, a *web.Account) { a.LastError = &web.LastError{Message: "refused"} }, "FAIL  account main: the running daemon reports: refused\n"},
		"unknown":      {func(_ *web.Status, a *web.Account) { a.Name = "other" }, "FAIL  account main: the running daemon does not know this account"},
		"in doubt":     {func(_ *web.Status, a *web.Account) { a.Doubts = []web.DayDoubt{{Day: a.Today - 1, Why: "it is empty"}} }, "is in doubt: it is empty; the running daemon asks again\n"},
		"sealed":       {func(_ *web.Status, a *web.Account) { a.Doubts = []web.DayDoubt{{Day: a.Today - 2, Sealed: true}} }, "warn  account main: the answer for "},
		"queued":       {func(s *web.Status, _ *web.Account) { s.Queue = web.Queue{Rows: 7, Oldest: new(now.Add(-time.Hour))} }, "FAIL  queue: 7 rows of the running daemon have been waiting for ClickHouse since "},
		"not accepted": {func(*web.Status, *web.Account) { ready = errors.New("state_dir is full") }, "FAIL  daemon: the running daemon reports: state_dir is full\n"},
		"customers": {func(s *web.Status, _ *web.Account) {
			s.CustomersFile = web.CustomersFile{Error: "customers.csv: line 2"}
		}, "FAIL  customers: the running daemon reports: customers.csv: line 2\n"},
		"no customers": {func(s *web.Status, _ *web.Account) {
			s.CustomersFile = web.CustomersFile{Valid: true, Lines: 1}
		}, "FAIL  customers: customers.csv is gone; to remove all mappings, "},
		"reseller": {func(s *web.Status, _ *web.Account) {
			s.Resellers = []web.Reseller{{Vendor: "remotepc", Name: "eu", State: web.SnapshotFailing, LastError: &web.SnapshotError{Message: "HTTP 500"}}}
		}, "FAIL  remotepc account eu: the running daemon reports: HTTP 500\n"},
		"partly": {func(s *web.Status, _ *web.Account) {
			s.Resellers = []web.Reseller{{Vendor: "ccportal", Name: "k", State: web.SnapshotPartial, MissingCustomers: 3, LastError: &web.SnapshotError{Message: "HTTP 500"}}}
		}, "FAIL  ccportal account k: the running daemon reports: 3 of its customers are not up to date: HTTP 500\n"},
		"elsewhere": {func(s *web.Status, _ *web.Account) { s.Listen.HTTP = "127.0.0.1:1" }, "FAIL  http.listen: " + listen + " is in use by another program"},
		"no readers": {func(s *web.Status, _ *web.Account) {
			s.Listen.ClickHouse = (&app{environ: environ}).getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN")
		}, "FAIL  clickhouse.embedded.listen: the running daemon should listen at "},
	} {
		account := web.Account{Name: "main", Today: report.DayOf(now), LastSuccess: web.LastSuccess{Today: new(now)}}
		status = web.Status{At: now, Listen: web.Listen{HTTP: listen}, CustomersFile: web.CustomersFile{Valid: true}}
		ready = nil
		c.change(&status, &account)
		status.Accounts = []web.Account{account}
		got := command(t, environ, "", "check")
		fails := strings.HasPrefix(c.want, "FAIL") || name == "in doubt"
		if (got.code == exitFailure) != fails || !strings.Contains(got.stdout, c.want) {
			t.Errorf("%s: %+v\nwant %s", name, got, c.want)
		}
	}
	if r := vendor.Stats().Requests; len(r) != 0 {
		t.Errorf("requests beside the daemon: %v", r)
	}
}

// TestCheckFindsTheDaemonThatLost its state file or its list of customers.
func TestCheckFindsTheDaemonThatLost(t *testing.T) {
	customers := write(t, "customers.csv", "customer,vendor,account,field,value\nBakkal,alpemix,,staff_name,Ayşe\n")
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main", Zone: noon(t)}}}, "COLLECTOR_CUSTOMERS_FILE="+customers)
	p := c.start(t, "run")
	c.waitFor(t, p, func() bool {
		s, err := statusAt(t.Context(), c.setting("COLLECTOR_HTTP_LISTEN"))
		return err == nil && s.CustomersFile.Lines == 1 && command(t, c.environ, "", "check").code == exitOK
	})
	sent := len(c.vendor.Stats().Log)
	check := func(want string) {
		t.Helper()
		if got := command(t, c.environ, "", "check"); got.code != exitFailure || !strings.Contains(got.stdout, want) {
			t.Errorf("%+v\nwant %s", got, want)
		}
	}
	lose := func(file string) {
		t.Helper()
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	lose(customers)
	check("FAIL  customers: " + customers + " is gone; to remove all mappings, put a file there that has only the header\n")
	if err := os.Symlink(filepath.Join(t.TempDir(), "nothing"), customers); err != nil {
		t.Fatal(err)
	}
	check("FAIL  customers: " + customers + " is gone; ")
	state := filepath.Join(c.setting("COLLECTOR_STATE_DIR"), "state.db")
	lose(state)
	check("FAIL  daemon: the running daemon reports: the state file is gone: " + state + " was deleted while the collector was running: ")
	if _, err := os.Lstat(state); err == nil {
		t.Error("check has created another state file")
	}
	for _, e := range c.vendor.Stats().Log[sent:] {
		if e.Kind == report.Latest || e.Kind == report.Token {
			t.Errorf("beside the daemon, %s was asked for", e.Kind)
		}
	}
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
	// The state file is there again, and the last list of customers in it.
	check("FAIL  customers: " + customers + " is gone; ")
}

// TestCheckReadsTheDoubtsOfAStoppedDaemon.
func TestCheckReadsTheDoubtsOfAStoppedDaemon(t *testing.T) {
	environ, _, stateDir := desk(t)
	environ = append(environ, "COLLECTOR_ALPEMIX_ACCOUNTS_0_TIMEZONE="+noon(t).String())
	today := report.DayOf(time.Now().In(noon(t)))
	withState(t, stateDir, func(s *store.Store) {
		for _, d := range []report.DayStatus{
			{Account: "main", Day: today - 3, State: report.DaySealed, Doubt: "it lists only 3 of 20"},
			{Account: "main", Day: today - 1, State: report.DayOpen, Doubt: "it is empty"},
		} {
			if err := s.Commit(report.Observation{Account: "main", Day: d.Day, FetchedAt: time.Now(), Days: []report.DayStatus{d}}); err != nil {
				t.Fatal(err)
			}
		}
	})
	got := command(t, environ, "", "check")
	for _, want := range []string{
		"warn  account main: the answer for " + (today - 3).String() + " is in doubt: it lists only 3 of 20; if you have saved reports of it, run collector import\n",
		"FAIL  account main: the answer for " + (today - 1).String() + " is in doubt: it is empty; start the collector, which asks again\n",
	} {
		if got.code != exitFailure || !strings.Contains(got.stdout, want) {
			t.Errorf("%+v\nwant %s", got, want)
		}
	}
}
