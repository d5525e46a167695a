// Package enginetest provides the real ClickHouse engine for tests, in a child process of the test
// binary.
package enginetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"alpemix-collector/sink/engine"
)

// dirVariable is the environment variable that makes a test binary the child.
const dirVariable = "ENGINETEST_DIR"

// Main is all that a TestMain needs: it runs the tests or, in the child process, the engine.
func Main(m *testing.M) {
	dir := os.Getenv(dirVariable)
	if dir == "" {
		code := m.Run()
		shared.stop()
		os.Exit(code)
	}
	library, err := engine.FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"))
	var doors *engine.Doors
	if err == nil {
		doors, err = engine.Inherited(dir, true)
	}
	if err == nil {
		err = engine.Serve(context.Background(), engine.ServeConfig{
			Library: library, Doors: doors, Database: "alpemix", Parent: os.Stdin, Announce: engine.AnnounceOn(os.Stdout),
		})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Server is a running engine behind a proxy that asks the daemon for a password, like a ClickHouse
// server. The engine itself identifies its owner by a socket.
type Server struct {
	Addr           string // host:port of the proxy
	User, Password string // of the daemon: may write
	Dir            string
	stop           func() error
}

// DSN returns the engine's address for clickhouse-go, with the daemon's credentials and this
// default database.
func (s *Server) DSN(database string) string {
	return "http://" + s.User + ":" + s.Password + "@" + s.Addr + "/" + database
}

// Kill kills the engine. Its data stays in Dir.
func (s *Server) Kill() {
	if s.stop != nil {
		_ = s.stop()
		s.stop = nil
	}
}

// Restart restarts a killed engine at the same address with the same data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Start starts an engine for one test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), Addr: "127.0.0.1:0"}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Shared returns an engine for all tests of the binary, each with databases of its own, because
// starting one takes a second.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() {
		shared.server.Addr = "127.0.0.1:0"
		if shared.server.Dir, shared.err = os.MkdirTemp("", "enginetest-"); shared.err == nil {
			shared.err = shared.server.start()
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared.server
}

var shared sharedServer

type sharedServer struct {
	once   sync.Once
	server Server
	err    error
}

func (s *sharedServer) stop() {
	s.server.Kill()
	os.RemoveAll(s.server.Dir)
}

func (s *Server) start() error {
	if _, err := engine.FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY")); err != nil {
		return err
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return err
	}
	doors, err := engine.OpenDoors(dir, "127.0.0.1:0")
	if err != nil {
		return err
	}
	var log syncedLog
	process := engine.New(engine.Config{
		Command: []string{os.Args[0]}, Env: append(os.Environ(), dirVariable+"="+dir), Doors: doors,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- process.Run(ctx) }()
	select {
	case <-process.Ready():
	case err := <-done:
		cancel()
		return errors.Join(fmt.Errorf("the engine did not start: %w\n%s", err, log.String()), doors.Close())
	}
	if s.User = engine.Owner; s.Password == "" {
		s.Password = rand.Text()
	}
	front, err := s.front(dir, doors.Addr())
	if err != nil {
		cancel()
		return errors.Join(err, <-done, doors.Close())
	}
	s.stop = func() error {
		pid := process.PID()
		cancel()
		if pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return errors.Join(<-done, front.Close(), doors.Close())
	}
	return nil
}

// front serves at s.Addr, or at a free port the first time. It forwards the daemon to the engine's
// socket and everyone else to the readers' address.
func (s *Server) front(dir, readers string) (*http.Server, error) {
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	s.Addr = listener.Addr().String()
	owner, reader := engine.Transport(dir), &http.Transport{DisableCompression: true}
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", readers, readers
			r.Out.URL.RawQuery = r.In.URL.RawQuery // the proxy drops parameters that contain a semicolon
			if s.hasCredentials(r.In) {
				r.Out.URL.Host = "owner"
				_, _, r.Out.URL.RawQuery = credentials(r.In.URL.RawQuery)
				r.Out.Header.Del("Authorization")
				r.Out.Header.Del("X-ClickHouse-Key")
				r.Out.Header.Set("X-ClickHouse-User", engine.Owner)
			}
		},
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "owner" {
				return owner.RoundTrip(r)
			}
			return reader.RoundTrip(r)
		}),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	server := &http.Server{Handler: proxy, ErrorLog: proxy.ErrorLog}
	go func() { _ = server.Serve(listener) }() // returns after Close
	return server, nil
}

// hasCredentials reports whether r has the daemon's credentials.
func (s *Server) hasCredentials(r *http.Request) bool {
	user, key := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if u, p, ok := r.BasicAuth(); ok && user == "" {
		user, key = u, p
	}
	if user == "" {
		user, key, _ = credentials(r.URL.RawQuery)
	}
	return user == s.User && key == s.Password
}

// credentials removes user and password from a URL's query and leaves the rest unchanged. As in
// ClickHouse, a semicolon is a part of a value.
func credentials(query string) (user, password, rest string) {
	var others []string
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(parameter, "=")
		text, err := url.QueryUnescape(value)
		switch {
		case name == "user" && err == nil:
			user = text
		case name == "password" && err == nil:
			password = text
		default:
			others = append(others, parameter)
		}
	}
	return user, password, strings.Join(others, "&")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type syncedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *syncedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *syncedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
