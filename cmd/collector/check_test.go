package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/store"
)

// desk is an environment with a simulated vendor of one account, an engine that answers, and folders of its own.
func desk(t *testing.T, limits ...simulator.Limits) (environ []string, vendor *simulator.Vendor, stateDir string) {
	t.Helper()
	o := simulator.Options{Accounts: []simulator.Account{{Name: "main", Username: "acme", SecretKey: "secret-acme"}}}
	if len(limits) > 0 {
		o.Limits = limits[0]
	}
	vendor = simulator.New(o)
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	c := embeddedConfig(t)
	unread := *c
	unread.ClickHouse.Embedded.Listen = "" // for readers: only a daemon serves them
	_, stop := started(t, &unread)
	t.Cleanup(stop)
	return []string{
		"COLLECTOR_STATE_DIR=" + c.StateDir,
		"COLLECTOR_HTTP_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + c.ClickHouse.Embedded.Listen,
		"TMPDIR=" + t.TempDir(), // for the ledger of checks before the first run
		"COLLECTOR_ALPEMIX_ENDPOINT=" + server.URL + "/api",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=acme",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=secret-acme",
	}, vendor, c.StateDir
}

func TestCheck(t *testing.T) {
	environ, vendor, stateDir := desk(t)
	before := entriesOf(t, stateDir)
	got := command(t, environ, "", "check")
	lines := strings.Split(got.stdout, "\n")
	if got.code != exitOK || got.stderr != "" || len(lines) != 10 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []string{
		"ok    configuration: ", "ok    state_dir: " + stateDir + " holds no state yet", "ok    http.listen: ", "ok    clickhouse.embedded.listen: ",
		"ok    clickhouse: embedded engine at ", "ok    schema: database alpemix is at version 0 of ", "ok    customers: no file ",
		"ok    account main: alpemix accepts the credentials; yesterday is due ", "warn  limits: the first run does not count these requests: ",
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
	if r := vendor.Stats().Requests; r[report.Token] != 1 || r[report.Token]+r[report.Latest]+r[report.Today]+r[report.Yesterday] != 2 {
		t.Errorf("requests %v: more than one of each kind", r)
	}
	if after := entriesOf(t, stateDir); !slices.Equal(after, before) {
		t.Errorf("check has left %v, there were %v", after, before)
	}
}

// TestCheckSharesTheLimits with all processes: what was sent counts over processes, and the state folder keeps the token.
func TestCheckSharesTheLimits(t *testing.T) {
	for name, tokens := range map[string]int{"before the first run": 4, "after it": 1} {
		environ, vendor, stateDir := desk(t)
		if name == "after it" {
			withState(t, stateDir, func(*store.Store) {})
		}
		environ = append(environ, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=1h") // too long for check to wait
		for i := range 4 {
			got := command(t, environ, "", "check")
			if want := "ok    account main: alpemix accepts"; i < 3 && (got.code != exitOK || !strings.Contains(got.stdout, want)) {
				t.Errorf("check %d: %+v", i, got)
			}
			if want := "FAIL  account main: not tried: the vendor's limit allows the next request at "; i == 3 && (got.code != exitFailure || !strings.Contains(got.stdout, want)) {
				t.Errorf("a check that the limits forbid: %+v", got)
			}
		}
		if s := vendor.Stats(); s.Requests[report.Token] != tokens || len(s.Violations) != 0 || s.Peak["report"] != 3 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestCheckWaits: where the vendor has refused a report for its limit just before, check tries it when a window has passed.
func TestCheckWaits(t *testing.T) {
	environ, vendor, stateDir := desk(t)
	withState(t, stateDir, func(s *store.Store) {
		if err := s.Exhaust("ip", "report", 3, time.Now().Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
	})
	got := command(t, environ, "", "check")
	if got.code != exitOK || !strings.Contains(got.stdout, "ok    account main: alpemix accepts the credentials") {
		t.Errorf("%+v", got)
	}
	if r := vendor.Stats().Requests; r[report.Token] != 1 || r[report.Latest]+r[report.Today] != 1 {
		t.Errorf("requests %v", r)
	}
}

func TestCheckSaysForWhatItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		k := &checkRun{app: &app{stderr: &out}}
		start := time.Now()
		if !k.wait(t.Context(), "account main", start.Add(time.Minute)) || time.Since(start) != time.Minute {
			t.Errorf("it has waited for %s", time.Since(start))
		}
		if want := "account main: waiting until 00:01:00 UTC, when the vendor's limit allows the next request\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
		if k.wait(t.Context(), "account main", time.Now().Add(time.Hour)) {
			t.Error("an hour is too long")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if k.wait(ctx, "account main", time.Now().Add(time.Minute)) {
			t.Error("whoever stops check does not let it send")
		}
	})
}

// withState runs use on the state file of a folder and closes it.
func withState(t *testing.T, dir string, use func(*store.Store)) {
	t.Helper()
	s, err := store.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	use(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// entriesOf are the names of what lies in a folder.
func entriesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCheckNoticesWhatWasDropped(t *testing.T) {
	environ, _, _ := desk(t, simulator.Limits{Reports: 100, Tokens: 100})
	environ = append(environ, "COLLECTOR_ALPEMIX_LIMITS_REPORTS=100", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=100")
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
		"TMPDIR=" + t.TempDir(),
		"COLLECTOR_STATE_DIR=" + dir + "/state", "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY=" + os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"),
		"COLLECTOR_ALPEMIX_ENDPOINT=" + unreachable(t) + "/api",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=acme", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=secret-acme",
	}
	for _, args := range []string{"sql SELECT+1", "migrate status", "migrate plan", "quarantine list"} {
		got := command(t, environ, "", strings.Fields(args)...)
		if got.code != exitFailure || !strings.Contains(got.stderr, "no data in "+dir+"/state yet: ") || got.stdout != "" {
			t.Errorf("%s: %+v", args, got)
		}
	}
	got := command(t, environ, "", "check")
	if !strings.Contains(got.stdout, "ok    clickhouse: embedded engine starts; no data in "+dir+"/state yet") {
		t.Errorf("%+v", got)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v %v", entries, err)
	}
}

// unreachable is the address of a server that is gone.
func unreachable(t *testing.T) string {
	t.Helper()
	gone := httptest.NewServer(nil)
	gone.Close()
	return gone.URL
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

func TestCheckWithoutAccountsOrServer(t *testing.T) {
	got := command(t, []string{"COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_CLICKHOUSE_DSN=clickhouse://" + freeAddress(t) + "/alpemix"}, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  clickhouse: ") || !strings.Contains(got.stdout, "FAIL  accounts: alpemix.accounts is empty") {
		t.Errorf("%+v", got)
	}
}
