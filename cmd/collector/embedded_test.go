package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/internal/statedir"
	"alpemix-collector/pacing"
	"alpemix-collector/rules/prometheustest"
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
	return prometheustest.FreeAddress(t)
}

// started runs an embedded until the returned function is called, and waits until it answers.
func started(t testing.TB, c *config.Config) (e *engine.Shared, stop func()) {
	t.Helper()
	e, err := database.SharedEngine(c, c.ClickHouse.Embedded.Listen, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	end, err := e.Start(t.Context())
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
	for !second.Answers(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatal("the second did not start")
		}
		pause(t.Context(), 50*time.Millisecond)
	}
}

// TestEmbeddedRace: processes that start at once end up with one engine.
func TestEmbeddedRace(t *testing.T) {
	c := embeddedConfig(t)
	var stops []func()
	type result struct {
		e   *engine.Shared
		err error
	}
	results := make(chan result)
	for range 3 {
		e, err := database.SharedEngine(c, c.ClickHouse.Embedded.Listen, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		go func() {
			select {
			case <-e.Ready():
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

// TestEmbeddedAddressHeldByAnother: whoever has the port is named, and sent nothing.
func TestEmbeddedAddressHeldByAnother(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{}, 1)
	go func() {
		if c, err := other.Accept(); err == nil {
			_ = c.Close()
			connected <- struct{}{}
		}
	}()
	c := embeddedConfig(t)
	c.ClickHouse.Embedded.Listen = other.Addr().String()
	e, err := database.SharedEngine(c, c.ClickHouse.Embedded.Listen, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "clickhouse.embedded.listen: "+other.Addr().String()+" is in use by another process") {
		t.Error(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if len(connected) != 0 {
		t.Error("the other process was spoken to")
	}
	if _, err := os.Stat(filepath.Join(c.StateDir, statedir.EngineFolder, "credential")); err == nil {
		t.Error("there is a credential that could be sent to somebody")
	}
}

// TestEmbeddedOutlivesFaults: once the engine has answered, failed starts are not the end.
func TestEmbeddedOutlivesFaults(t *testing.T) {
	c := embeddedConfig(t)
	_, stopOther := started(t, c)
	var log syncBuffer
	broken := *c
	broken.ClickHouse.Embedded.Library = "/absent/libchdb.so" // a start fails
	e, err := database.SharedEngine(&broken, "", slog.New(slog.NewTextHandler(&log, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopOther()
	until := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !done(); pause(t.Context(), time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not come\n%s", what, log.String())
			}
		}
	}
	until("the log of a failed start", func() bool { return strings.Contains(log.String(), "/absent/libchdb.so") })
	_, stopOther = started(t, c)
	defer stopOther()
	until("an answer after a failed start", func() bool { return e.Answers(t.Context()) })
	if err := stop(); err != nil {
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
	e, err := database.SharedEngine(c, c.ClickHouse.Embedded.Listen, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "make engine") {
		t.Error(err)
	}
}

// TestEmbeddedLibraryBroken: what the child says becomes part of the parent's line, which opens with the program's name.
func TestEmbeddedLibraryBroken(t *testing.T) {
	c := embeddedConfig(t)
	c.ClickHouse.Embedded.Library = write(t, "libchdb.so", "no library")
	e, err := database.SharedEngine(c, c.ClickHouse.Embedded.Listen, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = e.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "cannot load the ClickHouse engine ") {
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

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) { pacing.Sleep(ctx, nil, time.Now().Add(d)) }
