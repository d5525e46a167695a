package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// within waits for a condition and fails after half a minute.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within half a minute: %s", what)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestKilledUnderLoad kills the engine during inserts. Afterwards all acknowledged rows exist, and
// the engine is back on the same address without help.
func TestKilledUnderLoad(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer // written by one handler at a time, and not after stop returns
	p, stop := launch(t, dir, freeAddr(t), &log)
	stop = sync.OnceFunc(stop)
	defer stop()
	addr := p.Addr()
	transport := Transport(dir)
	do := func(query string) (string, error) {
		r := newRequest(t, http.MethodPost, addr, "user=collector", query)
		res, err := transport.RoundTrip(r)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != 200 {
			err = errors.New(string(body))
		}
		return strings.TrimSpace(string(body)), err
	}
	if _, err := do("CREATE TABLE k (a UInt64) ENGINE = ReplacingMergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	var acknowledged, next atomic.Uint64
	var stopped atomic.Bool
	var writers sync.WaitGroup
	for range 3 {
		writers.Go(func() {
			for !stopped.Load() {
				n := next.Add(1)
				for !stopped.Load() {
					if _, err := do(fmt.Sprintf("INSERT INTO k FORMAT CSV\n%d\n", n)); err == nil {
						acknowledged.Add(1)
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	for range 2 {
		had := acknowledged.Load()
		within(t, "rows are acknowledged", func() bool { return acknowledged.Load() > had+20 })
		pid := p.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		within(t, "another engine serves", func() bool {
			return p.PID() != 0 && p.PID() != pid && p.Addr() == addr
		})
	}
	stopped.Store(true)
	writers.Wait()
	got, err := do("SELECT uniqExact(a) FROM k")
	if err != nil {
		t.Fatal(err)
	}
	var rows uint64
	fmt.Sscan(got, &rows)
	// Each writer may have one last row whose outcome it did not wait for.
	if want := acknowledged.Load(); rows < want || rows > want+3 {
		t.Errorf("%d rows, but %d were acknowledged", rows, want)
	}
	stop()
	if n := strings.Count(log.String(), "the embedded ClickHouse engine died and is started again"); n != 2 {
		t.Errorf("the log has %d deaths:\n%s", n, &log)
	}
}

// TestParentKilled kills the process that started the engine. The engine must stop and release its
// port and folder.
func TestParentKilled(t *testing.T) {
	needLibrary(t)
	dir, addr := t.TempDir(), freeAddr(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), envParent+"="+dir, envListen+"="+addr)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	if _, err := fmt.Fscanln(out, &child); err != nil || child == 0 {
		parent.Process.Kill()
		t.Fatalf("no engine: %v", err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	within(t, "the engine is gone", func() bool { return errors.Is(syscall.Kill(child, 0), syscall.ESRCH) || isZombie(child) })
	start(t, dir, addr)
}

func isZombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

func TestStartIsRefused(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, freeAddr(t))
	tests := map[string]struct {
		dir, listen, want string
	}{
		"folder in use":    {dir: dir, listen: "127.0.0.1:0", want: "embedded ClickHouse in " + dir + ": it is in use by another process"},
		"port in use":      {dir: t.TempDir(), listen: p.Addr(), want: fmt.Sprintf("%s is in use by another process of user %d", p.Addr(), os.Getuid())},
		"no such address":  {dir: t.TempDir(), listen: "192.0.2.1:1", want: "cannot listen on 192.0.2.1:1"},
		"folder is a file": {dir: os.Args[0], listen: "127.0.0.1:0", want: "not a directory"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := OpenDoors(tt.dir, tt.listen); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want …%s…", err, tt.want)
			}
		})
	}
	missing := t.TempDir() + "/libchdb.so"
	doors, err := OpenDoors(t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer doors.Close()
	env := append(os.Environ(), envDir+"="+doors.dir, "COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY="+missing)
	if err := New(Config{Command: []string{os.Args[0]}, Env: env, Doors: doors}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("no library: %v", err)
	}
}

func TestStop(t *testing.T) {
	needLibrary(t)
	p, stop := launch(t, t.TempDir(), "127.0.0.1:0", os.Stderr)
	pid := p.PID()
	stop()
	if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		t.Error("the engine outlives Run")
	}
}

// TestStopOfPausedEngine: an engine that a signal has paused delays nobody.
func TestStopOfPausedEngine(t *testing.T) {
	p, stop := launch(t, t.TempDir(), "127.0.0.1:0", os.Stderr)
	pid := p.PID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if isStopped(os.Getpid()) {
		t.Error("a running process is reported as paused")
	}
	within(t, "the engine is paused", func() bool { return isStopped(pid) })
	stop()
	if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		t.Error("the engine outlives Run")
	}
}

// TestDeath lets the child die in several ways and checks the reported reason.
func TestDeath(t *testing.T) {
	for script, want := range map[string]string{
		"exit 0": "exited unexpectedly",
		"echo first >&2; echo 'the port is in use' >&2; exit 1":                  "the port is in use",
		"echo note >&2; echo 'panic: no idea' >&2; echo 'rip 0x1' >&2; exit 2":   "panic: no idea",
		"echo 'SIGSEGV: segmentation violation' >&2; echo 'gs 0x0' >&2; exit 2":  "SIGSEGV: segmentation violation",
		"echo 'all is well' >&2; kill -9 $$":                                     "signal: killed",
		"echo 'line without end, and a very long one' | tr -d '\\n' >&2; exit 3": "exit status 3",
	} {
		err := New(Config{Command: []string{"/bin/sh", "-c", script}}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", script, err, want)
		}
	}
	if err := New(Config{Command: []string{"/no/such/program"}}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("a program that is missing: %v", err)
	}
}

// TestClientLeaves checks that a query stops when its client disconnects.
func TestClientLeaves(t *testing.T) {
	addr, dir := sharedEngine(t)
	for name, query := range map[string]string{
		"no output yet": "SELECT max(cityHash64(number)) FROM numbers(1000000000000)",
		"output":        "SELECT cityHash64(number) FROM numbers(1000000000000)",
		"not streamed":  "INSERT INTO FUNCTION null('a UInt64') SELECT cityHash64(number) FROM numbers(1000000000000)",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			r := asDaemon(t, newRequest(t, http.MethodPost, addr, "", query)).WithContext(ctx)
			done := make(chan struct{})
			go func() {
				defer close(done)
				if res, err := transportFor(r).RoundTrip(r); err == nil {
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
			}()
			c := connect(t, addr, dir, clickhouse.CompressionNone)
			running := func() bool {
				var n uint64
				if err := c.QueryRow(t.Context(), "SELECT count() FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%processes%'").Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n > 0
			}
			within(t, "the query runs", running)
			leave()
			<-done
			within(t, "the query has ended", func() bool { return !running() })
		})
	}
}

// TestBrokenAnswer checks that the answer of a query that fails midway does not look complete.
func TestBrokenAnswer(t *testing.T) {
	addr, dir := sharedEngine(t)
	const query = "SELECT number, throwIf(number = 3000000) FROM numbers(5000000) SETTINGS max_block_size = 65536"
	res, err := http.DefaultTransport.RoundTrip(newRequest(t, http.MethodPost, addr, "", query))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != 200 || err == nil {
		t.Errorf("status %d and error %v, want 200 and a broken body", res.StatusCode, err)
	}
	tag := res.Header.Get("X-ClickHouse-Exception-Tag")
	if tail := string(body[max(len(body)-1000, 0):]); !strings.Contains(tail, "__exception__\r\n"+tag+"\r\nCode: 395.") {
		t.Errorf("the answer ends with %q", tail)
	}
	for _, method := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionGZIP} {
		c := connect(t, addr, dir, method)
		rows, err := c.Query(t.Context(), query)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
		}
		if ex, ok := errors.AsType[*clickhouse.Exception](err); !ok || ex.Code != 395 {
			t.Errorf("%s: clickhouse-go sees %v", method, err)
		}
	}
}

func TestQueriesAtOnce(t *testing.T) {
	addr, _ := sharedEngine(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				n := i*1000 + j
				if a := post(t, addr, "", fmt.Sprintf("SELECT sum(number) + %d FROM numbers(100000)", n)); a.body != fmt.Sprintf("%d\n", 4999950000+n) {
					t.Errorf("%d: %s", n, a.body)
				}
			}
		})
	}
	all.Wait()
}
