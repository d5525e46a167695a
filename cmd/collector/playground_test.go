package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/web"
)

// playground is an environment for the collector before a simulated vendor.
type playground struct {
	vendor  *simulator.Vendor
	gate    sync.RWMutex // held by every request to the vendor: who locks it stops the world
	environ []string
}

// newPlayground serves a vendor and returns the environment of a collector of all its accounts, with an engine of its own.
func newPlayground(t testing.TB, o simulator.Options, environ ...string) *playground {
	t.Helper()
	o.Record = true
	c := &playground{vendor: simulator.New(o)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.gate.RLock()
		defer c.gate.RUnlock()
		c.vendor.ServeHTTP(w, r)
	}))
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
		c.environ = append(c.environ, prefix+"NAME="+a.Name, prefix+"MAIN_USERNAME="+a.Username, prefix+"SECRET_KEY="+a.SecretKey,
			prefix+"TIMEZONE="+a.Zone.String())
	}
	return c
}

// setting is a value of the environment.
func (c *playground) setting(name string) string { return (&app{environ: c.environ}).getenv(name) }

// noon is a time zone where it is about noon: no day turns while a test of processes runs.
func noon(t testing.TB) *time.Location {
	t.Helper()
	name := "Etc/GMT"
	if east := 12 - time.Now().UTC().Hour(); east != 0 {
		name = fmt.Sprintf("Etc/GMT%+d", -east)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// readWhole reports whether today and yesterday of every account were served since an index of the
// vendor's log.
func (c *playground) readWhole(since int) bool {
	whole := map[string]bool{}
	for _, e := range c.vendor.Stats().Log[since:] {
		if e.Code == 0 && (e.Kind == report.Today || e.Kind == report.Yesterday) {
			whole[e.Account+string(e.Kind)] = true
		}
	}
	return len(whole) == 2*len(c.vendor.Accounts())
}

// ask is what the engine answers, as tab-separated text.
func (c *playground) ask(t testing.TB, query string) string {
	t.Helper()
	return c.query(t, "TSV", query)
}

func (c *playground) query(t testing.TB, format, query string) string {
	t.Helper()
	got := command(t, c.environ, "", "sql", "--format", format, query)
	if got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	return strings.TrimSpace(got.stdout)
}

// stored reads the view connections through the engine: every field that follows from what the vendor sent, and FetchedAt.
func (c *playground) stored(t testing.TB) map[string][]report.Connection {
	t.Helper()
	text := c.query(t, "JSONCompactStringsEachRow", `SELECT account, uid, mode, explanation, support_number, local_day,
		staff_name, staff_ip, staff_local_ip, staff_device, staff_alpemix_id, target_name, target_ip, target_local_ip, target_device, target_alpemix_id,
		toUnixTimestamp(started_at), duration_seconds, toUnixTimestamp(ended_at), toUnixTimestamp(fetched_at)
		FROM connections ORDER BY account, started_at, uid`)
	modes := map[string]report.Mode{"support": report.ModeSupport, "presentation": report.ModePresentation, "unknown": report.ModeUnknown}
	connections := map[string][]report.Connection{}
	decoder := json.NewDecoder(strings.NewReader(text))
	for decoder.More() {
		var row [20]string
		if err := decoder.Decode(&row); err != nil {
			t.Fatal(err)
		}
		day, err := report.ParseDay(row[5])
		if err != nil {
			t.Fatal(err)
		}
		number := func(column int) int64 {
			n, err := strconv.ParseInt(row[column], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		party := func(first int) report.Party {
			return report.Party{Name: row[first], IP: row[first+1], LocalIP: row[first+2], Device: row[first+3], AlpemixID: row[first+4]}
		}
		started, seconds := number(16), number(17)
		if ended := number(18); ended != started+seconds {
			t.Errorf("%s: ended_at is %d", row[1], ended)
		}
		connections[row[0]] = append(connections[row[0]], report.Connection{
			Account: row[0], UID: row[1], Mode: modes[row[2]], Explanation: row[3], SupportNumber: row[4], LocalDay: day,
			Staff: party(6), Target: party(11),
			StartedAt: time.Unix(started, 0).UTC(), Duration: time.Duration(seconds) * time.Second, FetchedAt: time.Unix(number(19), 0).UTC(),
		})
	}
	return connections
}

// difference is a connection that is not stored as the vendor has shown it. What is missing on one side is empty there.
type difference struct{ shown, stored report.Connection }

func (d difference) String() string {
	return fmt.Sprintf("\n shown %+v\nstored %+v", d.shown, d.stored)
}

// differences compares every field of every row in connections with the vendor's truth: what it has shown.
func (c *playground) differences(t testing.TB) []difference {
	t.Helper()
	var all []difference
	stored := c.stored(t)
	for _, a := range c.vendor.Accounts() {
		rest := map[string]report.Connection{}
		for _, connection := range stored[a.Name] {
			if double, ok := rest[connection.UID]; ok {
				all = append(all, difference{double, connection})
			}
			rest[connection.UID] = connection
		}
		shown := c.vendor.Shown(a.Name)
		if len(shown) == 0 {
			t.Errorf("%s: nothing was shown", a.Name)
		}
		for _, want := range shown {
			got := rest[want.UID]
			delete(rest, want.UID)
			want.FetchedAt = got.FetchedAt
			if got != want {
				all = append(all, difference{want, got})
			}
		}
		for _, connection := range rest {
			all = append(all, difference{stored: connection})
		}
	}
	return all
}

// same is an error for every difference.
func (c *playground) same(t testing.TB) {
	t.Helper()
	if all := c.differences(t); len(all) > 0 {
		t.Errorf("%d differences, the first is%s", len(all), all[0])
	}
}

// process is a real collector process.
type process struct {
	*exec.Cmd
	stderr *syncBuffer
}

// start runs the test binary as the collector.
func (c *playground) start(t testing.TB, args ...string) *process {
	t.Helper()
	return c.startBinary(t, os.Args[0], args...)
}

func (c *playground) startBinary(t testing.TB, binary string, args ...string) *process {
	t.Helper()
	p := &process{exec.Command(binary, args...), new(syncBuffer)}
	p.Env, p.Stderr = append([]string{asCollector + "=1"}, c.environ...), p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // long gone unless the test failed
	return p
}

// interrupt ends p as Ctrl-C does and returns its exit status.
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
		children, _ := os.ReadFile(list) // a thread may be gone
		for child := range strings.FieldsSeq(string(children)) {
			if arguments, _ := os.ReadFile("/proc/" + child + "/cmdline"); bytes.Contains(arguments, []byte("\x00engine\x00")) {
				_, _ = fmt.Sscan(child, &pid)
			}
		}
	}
	return pid
}

// patience bounds how long a test waits for a process. It is generous: what is waited for takes seconds on an idle machine.
const patience = 4 * time.Minute

// touch sets a file's time to now: under another date, see .ci/dates, it would be the real one.
func touch(t testing.TB, file string) {
	t.Helper()
	if err := os.Chtimes(file, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// statusAt is the status of the daemon that listens at an address, without a login.
func statusAt(ctx context.Context, listen string) (*web.Status, error) {
	return daemon.ReadStatus(ctx, http.DefaultClient, daemon.PageURL(listen))
}

// waitFor polls until what a process should do has happened.
func (c *playground) waitFor(t testing.TB, p *process, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); pause(t.Context(), 20*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen within %s\n%s", patience, p.stderr)
		}
	}
}
