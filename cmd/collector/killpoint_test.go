package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/sink/enginetest"
)

// front stands between the collector and ClickHouse and calls at with every point that a statement passes: "begun" before
// ClickHouse has any of it, "amid" when it has part of the data, "handed" when it has everything, "answered" when its answer
// has not been passed on.
type front struct {
	engine *enginetest.Server
	dsn    string
	writes bool // report only statements that write
	mu     sync.Mutex
	at     func(point string)
}

// newFront makes c use a ClickHouse of its own behind a front.
func newFront(t *testing.T, c *playground) *front {
	t.Helper()
	f := &front{engine: enginetest.Start(t)}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: f.engine.Addr}) },
		ModifyResponse: func(r *http.Response) error {
			f.reach("answered", r.Request.Context().Value(f).(string))
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // the connection breaks, as it does without a front
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		statement := r.URL.Query().Get("query")
		if statement == "" {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			statement, r.Body = string(text), io.NopCloser(bytes.NewReader(text))
		}
		f.reach("begun", statement)
		r.Body = &watched{ReadCloser: r.Body, amid: func() { f.reach("amid", statement) }, end: func() { f.reach("handed", statement) }}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), f, statement)))
	}))
	t.Cleanup(server.Close)
	f.dsn = "http://" + f.engine.User + ":" + f.engine.Password + "@" + strings.TrimPrefix(server.URL, "http://") + "/alpemix"
	c.environ = append(c.environ, "COLLECTOR_CLICKHOUSE_DSN="+f.dsn)
	return f
}

// watched is a body that reports when its reader asks for more, and when it has read all.
type watched struct {
	io.ReadCloser
	amid, end func()
	n         int
}

func (w *watched) Read(p []byte) (int, error) {
	if w.n > 0 && w.amid != nil {
		w.amid()
		w.amid = nil
	}
	n, err := w.ReadCloser.Read(p)
	w.n += n
	if err == io.EOF && w.end != nil {
		w.end()
		w.end = nil
	}
	return n, err
}

var changing = regexp.MustCompile(`[0-9a-f]{8,}|\d+|'[^']*'`)

// reach reports a point at which a kill is worth testing. Of statements that read, or that run at
// once, only the ends are.
func (f *front) reach(stage, statement string) {
	insert := strings.HasPrefix(statement, "INSERT") && !strings.Contains(statement, "SELECT")
	if reads := strings.HasPrefix(statement, "SELECT"); !insert && (stage == "amid" || stage == "handed") || reads && (stage != "begun" || f.writes) {
		return
	}
	words := strings.Fields(changing.ReplaceAllString(statement, "?"))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at != nil {
		f.at(stage + " " + strings.Join(words[:min(len(words), 12)], " "))
	}
}

func (f *front) set(at func(string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = at
}

// life is a process that is started again and again.
type life struct {
	start func() *process
	done  func() bool // whether it has done everything at least once; nil if it ends without a signal
	kill  func(*process)
}

// atEachPoint starts l again and again, and kills it at every point that it has not reached before, until it has ended by
// itself, or is ended because it has done everything and then passed many points of which none was new.
func (f *front) atEachPoint(t *testing.T, l life) (last *process, points int) {
	t.Helper()
	const many = 20
	seen := map[string]bool{}
	for begun := time.Now(); time.Since(begun) < patience; {
		var p *process
		killed, interrupted, passed, enough := false, false, 0, 0
		f.mu.Lock() // till p is known
		f.at = func(point string) {
			if passed++; !killed && !seen[point] {
				seen[point], killed = true, true
				l.kill(p)
			}
		}
		p = l.start()
		f.mu.Unlock()
		ended := make(chan struct{})
		go func() { _ = p.Wait(); close(ended) }()
		for alive := true; alive; {
			select {
			case <-ended:
				alive = false
			case <-time.After(20 * time.Millisecond):
				isDone := l.done != nil && l.done()
				f.mu.Lock()
				if isDone && enough == 0 {
					enough = passed + many
				}
				if enough > 0 && passed >= enough && !interrupted {
					interrupted = true
					_ = p.Process.Signal(os.Interrupt) // or it was killed
				}
				f.mu.Unlock()
			}
		}
		f.set(nil)
		if !killed {
			return p, len(seen)
		}
	}
	t.Fatalf("there is no end to the points: %v", seen)
	return nil, 0
}

// TestKilledAtEveryStatement kills the daemon at every point of every statement that it sends to ClickHouse from the first start
// on: schema, retention, inserts, reading back. With those that write it does the same to both at once.
func TestKilledAtEveryStatement(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		t.Run(fmt.Sprintf("both=%t", both), func(t *testing.T) {
			t.Parallel()
			c := newSmallPlayground(t)
			f := newFront(t, c)
			f.writes = both
			var since int
			last, points := f.atEachPoint(t, life{
				start: func() *process {
					since = len(c.vendor.Stats().Log)
					return c.start(t, "run")
				},
				done: func() bool {
					s, err := statusAt(t.Context(), c.setting("COLLECTOR_HTTP_LISTEN"))
					return err == nil && s.Queue.Rows == 0 && s.Accounts[0].SealedUntil != nil && c.readWhole(since)
				},
				kill: func(p *process) {
					_ = p.Process.Kill()
					if both {
						f.engine.Kill()
						f.engine.Restart(t)
					}
				},
			})
			t.Logf("killed at %d points", points)
			if last.ProcessState.ExitCode() != exitOK || points < 30 {
				t.Errorf("%s\n%s", last.ProcessState, last.stderr)
			}
			if got := command(t, c.environ, "", "run", "--once"); got.code != exitOK {
				t.Errorf("%+v", got)
			}
			c.same(t)
		})
	}
}

// TestClickHouseKilledAtAnInsert: the daemon lives, does not know what became of its batch, and stores it once.
func TestClickHouseKilledAtAnInsert(t *testing.T) {
	t.Parallel()
	c := newSmallPlayground(t)
	f := newFront(t, c)
	p := c.start(t, "run")
	for _, stage := range []string{"begun", "amid", "handed", "answered"} {
		killed := make(chan struct{})
		f.set(func(point string) {
			select {
			case <-killed:
			default:
				if strings.HasPrefix(point, stage+" INSERT INTO alpemix.connection_rows") {
					f.engine.Kill()
					close(killed)
				}
			}
		})
		c.waitFor(t, p, func() bool {
			select {
			case <-killed:
				return true
			default:
				return false
			}
		})
		f.engine.Restart(t)
	}
	f.set(nil)
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
	if got := command(t, c.environ, "", "run", "--once"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	c.same(t)
}

// TestImportKilledAtEveryStatement: importing once more completes it, and each row is there once.
func TestImportKilledAtEveryStatement(t *testing.T) {
	t.Parallel()
	c := newPlayground(t, simulator.Options{World: &simulator.World{Seed: 8, PerWorkday: 30_000}, Accounts: []simulator.Account{{Name: "main"}}})
	f := newFront(t, c)
	day := report.DayOf(time.Now().UTC()) - 30
	file := filepath.Join(t.TempDir(), "day.json")
	if err := os.WriteFile(file, c.vendor.Report("main", day, time.Now()), 0o600); err != nil {
		t.Fatal(err)
	}
	touch(t, file)
	last, points := f.atEachPoint(t, life{
		start: func() *process { return c.start(t, "import", file) },
		kill:  func(p *process) { _ = p.Process.Kill() },
	})
	t.Logf("killed at %d points", points)
	if last.ProcessState.ExitCode() != exitOK || points < 30 {
		t.Errorf("%s\n%s", last.ProcessState, last.stderr)
	}
	stored, truth := c.stored(t)["main"], c.vendor.Truth("main", day, day, time.Now())
	if len(stored) != len(truth) {
		t.Fatalf("%d rows stored, there are %d", len(stored), len(truth))
	}
	for i := range truth {
		if stored[i].FetchedAt = (time.Time{}); stored[i] != truth[i] {
			t.Fatal(difference{truth[i], stored[i]})
		}
	}
}
