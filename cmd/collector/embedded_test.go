package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/sink/engine"
)

// embeddedConfig is a configuration with an engine of its own.
func embeddedConfig(t testing.TB) *config.Config {
	t.Helper()
	c, err := config.Load("", []string{
		"COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY=" + os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// started runs an embedded until the returned function is called, and waits until it answers.
func started(t testing.TB, c *config.Config) (e *embedded, stop func()) {
	t.Helper()
	e, err := newEmbedded(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	end, err := e.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e, func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}

// TestEmbeddedIsSharedAndInherited: a second process uses the engine of the first, and starts its own when that ends.
func TestEmbeddedIsSharedAndInherited(t *testing.T) {
	c := embeddedConfig(t)
	_, stopFirst := started(t, c)
	second, stopSecond := started(t, c)
	defer stopSecond()
	stopFirst()
	deadline := time.Now().Add(time.Minute)
	for who, _ := second.probe(t.Context()); who != ours; who, _ = second.probe(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatal("the second did not take over")
		}
		pause(t.Context(), 50*time.Millisecond)
	}
}

// TestEmbeddedRace: processes that start at once end up with one engine.
func TestEmbeddedRace(t *testing.T) {
	c := embeddedConfig(t)
	var stops []func()
	type result struct {
		e   *embedded
		err error
	}
	results := make(chan result)
	for range 3 {
		e, err := newEmbedded(c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- e.run(ctx) }()
		go func() {
			select {
			case <-e.ready:
				results <- result{e, nil}
			case err := <-done:
				done <- err
				results <- result{e, err}
			}
		}()
		stops = append(stops, func() { cancel(); <-done })
	}
	for range 3 {
		if r := <-results; r.err != nil {
			t.Error(r.err)
		}
	}
	for _, stop := range stops {
		stop()
	}
}

func TestEmbeddedAddressHeldByAnother(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	c := embeddedConfig(t)
	c.ClickHouse.Embedded.Listen = strings.TrimPrefix(other.URL, "http://")
	e, err := newEmbedded(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = e.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "clickhouse.embedded.listen: "+c.ClickHouse.Embedded.Listen+" is held by a server that is not the engine") {
		t.Error(err)
	}
}

// TestEmbeddedOutlivesFaults: once the engine has answered, neither a strange answer nor a failed start is the end.
func TestEmbeddedOutlivesFaults(t *testing.T) {
	c := embeddedConfig(t)
	c.ClickHouse.Embedded.Library = "/absent/libchdb.so" // a start fails
	var answers atomic.Int32
	var status atomic.Int32
	status.Store(http.StatusOK)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = w.Write([]byte("1\n"))
		answers.Add(1)
	})}
	listen := func() {
		l, err := net.Listen("tcp", c.ClickHouse.Embedded.Listen)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = server.Serve(l) }() // ends with the listener
	}
	var log syncBuffer
	e, err := newEmbedded(c, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	e.every = 10 * time.Millisecond
	listen()
	stop, err := e.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !done(); pause(t.Context(), time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not come\n%s", what, log.String())
			}
		}
	}
	more := func() bool {
		before := answers.Load()
		pause(t.Context(), 100*time.Millisecond)
		return answers.Load() > before+3
	}
	status.Store(http.StatusInternalServerError)
	until("the log of HTTP 500", func() bool { return strings.Contains(log.String(), "HTTP 500") })
	status.Store(http.StatusOK)
	until("probing after HTTP 500", more)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	until("the log of a failed start", func() bool { return strings.Contains(log.String(), "/absent/libchdb.so") })
	server = &http.Server{Handler: server.Handler}
	listen()
	until("probing after a failed start", more)
	if err := errors.Join(stop(), server.Close()); err != nil {
		t.Error(err)
	}
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestEmbeddedLibraryMissing(t *testing.T) {
	c := embeddedConfig(t)
	c.ClickHouse.Embedded.Library = "/absent/libchdb.so"
	e, err := newEmbedded(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err = e.run(t.Context()); err == nil || !strings.Contains(err.Error(), "make engine") {
		t.Error(err)
	}
}

// TestEmbeddedLibraryBroken: what the child says becomes part of the parent's line, which opens with the program's name.
func TestEmbeddedLibraryBroken(t *testing.T) {
	c := embeddedConfig(t)
	c.ClickHouse.Embedded.Library = write(t, "libchdb.so", "no library")
	e, err := newEmbedded(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err = e.run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "cannot load the ClickHouse engine ") {
		t.Error(err)
	}
}

// TestEmbeddedInARelativeFolder: ./state is what most configurations say.
func TestEmbeddedInARelativeFolder(t *testing.T) {
	library, err := engine.FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	got := command(t, []string{
		"COLLECTOR_STATE_DIR=./state",
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t),
		"COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY=" + library,
	}, "", "migrate", "up")
	if got.code != exitOK || !strings.Contains(got.stdout, "applied") {
		t.Errorf("%+v", got)
	}
}
