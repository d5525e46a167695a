package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/web"
)

// playground is an environment for the collector before a simulated vendor.
type playground struct {
	vendor  *simulator.Vendor
	environ []string
}

// newPlayground serves a vendor and tells the environment of a collector of all its accounts, with an engine of its own.
func newPlayground(t testing.TB, o simulator.Options, environ ...string) *playground {
	t.Helper()
	o.Record = true
	c := &playground{vendor: simulator.New(o)}
	server := httptest.NewServer(c.vendor)
	t.Cleanup(server.Close)
	c.environ = append(environ,
		"COLLECTOR_STATE_DIR="+t.TempDir(),
		"COLLECTOR_HTTP_LISTEN="+freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN="+freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY="+os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"),
		"COLLECTOR_ALPEMIX_ENDPOINT="+server.URL+"/api",
	)
	for i, a := range c.vendor.Accounts() {
		prefix := fmt.Sprintf("COLLECTOR_ALPEMIX_ACCOUNTS_%d_", i)
		c.environ = append(c.environ, prefix+"NAME="+a.Name, prefix+"MAIN_USERNAME="+a.Username, prefix+"SECRET_KEY="+a.SecretKey)
	}
	return c
}

// stored reads the view connections through the engine: every field that follows from what the vendor sent.
func (c *playground) stored(t testing.TB) map[string][]report.Connection {
	t.Helper()
	got := command(t, c.environ, "", "sql", "--format", "JSONEachRow",
		"SELECT *, toUnixTimestamp(started_at) AS unix, toUnixTimestamp(ended_at) AS ended FROM connections ORDER BY account, started_at, uid")
	if got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	connections := map[string][]report.Connection{}
	decoder := json.NewDecoder(strings.NewReader(got.stdout))
	for decoder.More() {
		var row map[string]any
		if err := decoder.Decode(&row); err != nil {
			t.Fatal(err)
		}
		text := func(key string) string { return row[key].(string) }
		number := func(key string) int64 { return int64(row[key].(float64)) }
		day, err := report.ParseDay(text("local_day"))
		if err != nil {
			t.Fatal(err)
		}
		party := func(end string) report.Party {
			return report.Party{
				Name: text(end + "_name"), IP: text(end + "_ip"), LocalIP: text(end + "_local_ip"),
				Device: text(end + "_device"), AlpemixID: text(end + "_alpemix_id"),
			}
		}
		modes := map[string]report.Mode{"support": report.ModeSupport, "presentation": report.ModePresentation, "unknown": report.ModeUnknown}
		connection := report.Connection{
			Account: text("account"), UID: text("uid"), StartedAt: time.Unix(number("unix"), 0).UTC(),
			Duration: time.Duration(number("duration_seconds")) * time.Second, Mode: modes[text("mode")],
			Explanation: text("explanation"), SupportNumber: text("support_number"), Staff: party("staff"), Target: party("target"), LocalDay: day,
		}
		if ended := number("ended"); ended != number("unix")+number("duration_seconds") {
			t.Errorf("%s: ended_at is %d", connection.UID, ended)
		}
		connections[connection.Account] = append(connections[connection.Account], connection)
	}
	return connections
}

// same compares every field of every row in connections with the vendor's truth: what it has shown.
func (c *playground) same(t testing.TB) {
	t.Helper()
	stored := c.stored(t)
	for _, a := range c.vendor.Accounts() {
		shown := c.vendor.Shown(a.Name)
		if got := stored[a.Name]; len(got) != len(shown) || len(shown) == 0 {
			t.Errorf("%s: %d rows stored, %d shown", a.Name, len(got), len(shown))
			continue
		}
		for i, want := range shown {
			if got := stored[a.Name][i]; got != want {
				t.Errorf("%s:\nstored %+v\n  want %+v", a.Name, got, want)
				break
			}
		}
	}
}

func TestEveryReadingThroughTheEngine(t *testing.T) {
	var accounts []simulator.Account
	// Whether a vendor whose day ends later has told the whole of yesterday depends on the hour of this test: those readings
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

// process is a real collector process.
type process struct {
	*exec.Cmd
	stderr *bytes.Buffer
}

// start runs the test binary as the collector.
func (c *playground) start(t testing.TB, args ...string) *process {
	t.Helper()
	return c.startBinary(t, os.Args[0], args...)
}

func (c *playground) startBinary(t testing.TB, binary string, args ...string) *process {
	t.Helper()
	p := &process{exec.Command(binary, args...), new(bytes.Buffer)}
	p.Env, p.Stderr = append([]string{asCollector + "=1"}, c.environ...), p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // long gone unless the test failed
	return p
}

// interrupt ends p as Ctrl-C does and tells its exit status.
func (p *process) interrupt(t testing.TB) int {
	t.Helper()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // the status is in ProcessState
	return p.ProcessState.ExitCode()
}

// engine is the process id of p's engine, 0 while it has none.
func (p *process) engine(t *testing.T) (pid int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		if children, err := os.ReadFile(list); err == nil {
			_, _ = fmt.Sscan(string(children), &pid)
		}
	}
	return pid
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

// patience bounds how long a test waits for a process. It is generous: what is waited for takes seconds on an idle machine.
const patience = 4 * time.Minute

// waitFor polls until what a process should do has happened.
func (c *playground) waitFor(t testing.TB, p *process, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); pause(t.Context(), 20*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen within %s\n%s", patience, p.stderr)
		}
	}
}

// TestKilledAtRandomMoments kills daemon and engine under load: nothing is lost or doubled, and the limits hold.
func TestKilledAtRandomMoments(t *testing.T) {
	const kills, seed = 12, 1
	random := rand.New(rand.NewPCG(seed, seed))
	moment := func() time.Duration { return time.Duration(random.Int64N(int64(2500 * time.Millisecond))) }
	c := newPlayground(t, simulator.Options{
		World:    &simulator.World{Seed: 5, PerWorkday: 20_000, HourlyMinimum: 2000},
		Accounts: []simulator.Account{{Name: "main"}, {Name: "second"}},
		Limits:   simulator.Limits{Window: 2 * time.Second},
	}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=2s", "COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s")
	for i := range kills {
		p := c.start(t, "run")
		pause(t.Context(), moment())
		if engine := p.engine(t); i%2 == 1 && engine != 0 {
			if err := syscall.Kill(engine, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			pause(t.Context(), moment())
		}
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait() // killed
	}
	last := c.start(t, "run")
	reads := c.vendor.Stats().Requests
	c.waitFor(t, last, func() bool {
		now := c.vendor.Stats().Requests
		return now[report.Today] >= reads[report.Today]+2 && now[report.Yesterday] >= reads[report.Yesterday]+2
	})
	if code := last.interrupt(t); code != exitOK {
		t.Errorf("interrupted: exit status %d\n%s", code, last.stderr)
	}
	// What was interrupted may have brought more than the vendor knows to have shown; then nothing is cut off.
	if got := command(t, c.environ, "", "run", "--once"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	c.same(t)
	if s := c.vendor.Stats(); len(s.Violations) > 0 || len(s.Blocks) > 0 {
		t.Errorf("limits broken: %+v %+v", s.Violations, s.Blocks)
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
		go func() { ended <- commandIn(ctx, environ, "", "demo", "--state", dir) }()
		for deadline := time.Now().Add(patience); ; pause(t.Context(), 50*time.Millisecond) {
			if s, err := daemonStatus(t.Context(), settings.HTTP.Listen); err == nil && len(s.Accounts) == 1 && s.Accounts[0].LastSuccess != (web.LastSuccess{}) && s.Queue.Rows == 0 {
				break
			}
			if time.Now().After(deadline) {
				cancel()
				t.Fatalf("nothing collected within %s: %+v", patience, <-ended)
			}
		}
		days := command(t, append(environ, "COLLECTOR_STATE_DIR="+dir), "", "sql", "--format", "TSV", "SELECT uniq(local_day) >= 85, count() = uniq(uid) FROM connections")
		if days.stdout != "1\t1\n" {
			t.Errorf("%s start: %+v", start, days)
		}
		cancel()
		if got := <-ended; got.code != exitOK || !strings.Contains(got.stdout, "curl 'http://"+settings.ClickHouse.Embedded.Listen) {
			t.Errorf("%s start: %+v", start, got)
		}
	}
}
