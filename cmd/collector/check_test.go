package main

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/store"
	"alpemix-collector/web"
)

// desk is an environment with a simulated vendor of one account, an engine that answers, and folders of its own.
func desk(t *testing.T) (environ []string, vendor *simulator.Vendor, stateDir string) {
	t.Helper()
	vendor = simulator.New(simulator.Options{Accounts: []simulator.Account{{Name: "main", Username: "acme", SecretKey: "secret-acme"}}})
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	c := embeddedConfig(t)
	_, stop := started(t, c)
	t.Cleanup(stop)
	return []string{
		"COLLECTOR_STATE_DIR=" + c.StateDir,
		"COLLECTOR_HTTP_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + c.ClickHouse.Embedded.Listen,
		"COLLECTOR_ALPEMIX_ENDPOINT=" + server.URL + "/api",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=acme",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=secret-acme",
	}, vendor, c.StateDir
}

func TestCheck(t *testing.T) {
	environ, vendor, _ := desk(t)
	got := command(t, environ, "", "check")
	lines := strings.Split(got.stdout, "\n")
	if got.code != exitOK || got.stderr != "" || len(lines) != 8 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []string{"ok    configuration: ", "ok    http.listen: ", "ok    clickhouse.embedded.listen: ", "ok    clickhouse: embedded engine at ", "ok    schema: database alpemix is at version 0 of ", "ok    customers: there is no ", "ok    account main: alpemix accepts the credentials; yesterday is due "} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
	if r := vendor.Stats().Requests; r[report.Token] != 1 || r[report.Token]+r[report.Latest]+r[report.Today]+r[report.Yesterday] != 2 {
		t.Errorf("requests %v: more than one of each kind", r)
	}
	// The token is kept, and requests count over processes: five more checks send no token and at most two reports.
	for range 5 {
		got = command(t, environ, "", "check")
	}
	if got.code != exitOK || !strings.Contains(got.stdout, "ok    account main: not tried: the vendor's limit allows the next request at ") {
		t.Errorf("a check that the limits forbid: %+v", got)
	}
	if s := vendor.Stats(); s.Requests[report.Token] != 1 || len(s.Violations) != 0 || s.Peak["report"] != 3 {
		t.Errorf("%+v", s)
	}
}

func TestCheckNoticesWhatWasDropped(t *testing.T) {
	environ, _, _ := desk(t)
	if got := command(t, environ, "", "migrate"); got.code != exitOK || !strings.Contains(got.stdout, "applied") {
		t.Fatalf("migrate alone: %+v", got)
	}
	if got := command(t, environ, "", "check"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	for _, drop := range []string{"TABLE quarantine_rows", "VIEW days"} {
		if got := command(t, environ, "", "sql", "--write", "DROP "+drop+" SYNC"); got.code != exitOK {
			t.Fatalf("%+v", got)
		}
		got := command(t, environ, "", "check")
		if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  schema: view ") || !strings.Contains(got.stdout, "migrate") {
			t.Errorf("DROP %s: %+v", drop, got)
		}
	}
	if got := command(t, environ, "", "sql", "--write", "DROP TABLE schema_version SYNC"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	if got := command(t, environ, "", "migrate"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	if got := command(t, environ, "", "check"); got.code != exitOK {
		t.Errorf("the advice did not help: %+v", got)
	}
}

// TestReadingMakesNothing: who only looks leaves no folder and no engine behind.
func TestReadingMakesNothing(t *testing.T) {
	dir := t.TempDir()
	environ := []string{
		"COLLECTOR_STATE_DIR=" + dir + "/state", "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY=" + os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"),
	}
	for _, args := range []string{"sql SELECT+1", "migrate status", "migrate plan", "quarantine list"} {
		got := command(t, environ, "", strings.Fields(args)...)
		if got.code != exitFailure || !strings.Contains(got.stderr, "no data in "+dir+"/state yet: ") || got.stdout != "" {
			t.Errorf("%s: %+v", args, got)
		}
	}
	got := command(t, environ, "", "check")
	if !strings.Contains(got.stdout, "ok    clickhouse: embedded engine; no data in "+dir+"/state yet") {
		t.Errorf("%+v", got)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestCheckRefusedCredentials(t *testing.T) {
	environ, _, _ := desk(t)
	for i, pair := range environ {
		if strings.Contains(pair, "SECRET_KEY") {
			environ[i] = "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=hunter2"
		}
	}
	got := command(t, environ, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  account main: ") || strings.Contains(got.stdout+got.stderr, "hunter2") {
		t.Errorf("%+v", got)
	}
}

func TestCheckBesideADaemon(t *testing.T) {
	environ, vendor, stateDir := desk(t)
	log := slog.New(slog.DiscardHandler)
	state, err := store.Open(stateDir, log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	got := command(t, environ, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  accounts: another process has state_dir "+stateDir) {
		t.Errorf("without a page: %+v", got)
	}

	facts := web.Account{Name: "main", LastSuccess: web.LastSuccess{Today: new(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))}}
	server := web.New(web.Config{
		Listen: (&app{environ: environ}).getenv("COLLECTOR_HTTP_LISTEN"), Gatherer: prometheus.NewRegistry(), Log: log,
		Ready: func() error { return nil }, Status: func() web.Status { return web.Status{Accounts: []web.Account{facts}} },
	})
	go func() { _ = server.Run(t.Context()) }()
	if _, err := server.Addr(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = command(t, environ, "", "check")
	if got.code != exitOK || !strings.Contains(got.stdout, "ok    account main: the running daemon has read it at 2026-03-01 12:00:00 +03") {
		t.Errorf("%+v", got)
	}
	facts.LastError = &web.LastError{Message: "the vendor refuses the credentials"}
	got = command(t, environ, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  account main: the running daemon says: the vendor refuses the credentials") {
		t.Errorf("%+v", got)
	}
	if r := vendor.Stats().Requests; len(r) != 0 {
		t.Errorf("requests beside the daemon: %v", r)
	}
}

func TestCheckWithoutAccountsOrServer(t *testing.T) {
	got := command(t, []string{"COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_CLICKHOUSE_DSN=clickhouse://" + freeAddress(t) + "/alpemix"}, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  clickhouse: ") || !strings.Contains(got.stdout, "FAIL  accounts: alpemix.accounts is empty") {
		t.Errorf("%+v", got)
	}
}
