package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/internal/durable"
	"alpemix-collector/sink/engine"
)

// embedded keeps the embedded engine answering at the socket in its folder: by a child process of ours, or, as long as it lives, by
// the child of another collector process on the same state folder. So commands work while the daemon is running, and the
// daemon goes on when a command that was there before it ends.
type embedded struct {
	dir, database, library string
	listen                 string // for readers; empty: none are served

	log       *slog.Logger
	mayServe  func() error // why no engine of ours may write into dir; nil: it may
	transport *http.Transport
	every     time.Duration // between probes
	ready     chan struct{} // closed when the engine has answered for the first time
	once      sync.Once
}

// engineFolder is the place of the engine's data in the state folder.
const engineFolder = "clickhouse"

const (
	probeEvery   = time.Second
	probeTimeout = 5 * time.Second
	// longestProbe is the longest pause after an engine that had answered does so no more.
	longestProbe = 30 * time.Second
	// startRace is how long another process that won the race for the engine's folder may take until its engine answers.
	startRace = 15 * time.Second
)

func newEmbedded(c *config.Config, listen string, log *slog.Logger) (*embedded, error) {
	// Absolute: the engine takes a relative path of its data for something else where it makes tables.
	dir, err := filepath.Abs(filepath.Join(c.StateDir, engineFolder))
	if err != nil {
		return nil, fmt.Errorf("state_dir %s: %w", c.StateDir, err)
	}
	return &embedded{
		dir:       dir,
		listen:    listen,
		database:  c.ClickHouse.Database,
		library:   c.ClickHouse.Embedded.Library,
		log:       log,
		mayServe:  func() error { return nil },
		transport: engine.Transport(dir),
		every:     probeEvery,
		ready:     make(chan struct{}),
	}, nil
}

// start lets the engine run until stop is called, and returns when it answers.
func (e *embedded) start(ctx context.Context) (stop func() error, err error) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- e.run(running) }()
	stop = func() error {
		cancel()
		return <-done
	}
	select {
	case <-e.ready:
		return stop, nil
	case err := <-done:
		cancel()
		return nil, err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	}
}

// run blocks until ctx ends. Before the engine has answered for the first time an error ends it: that tells what is wrong with
// the configuration or the machine. Later ones pass, or somebody mends their cause, so they are logged and it goes on.
func (e *embedded) run(ctx context.Context) error {
	for wait := e.every; ctx.Err() == nil; {
		if e.answers(ctx) {
			e.once.Do(func() { close(e.ready) })
			wait = e.every
			pause(ctx, e.every)
			continue
		}
		err := e.serve(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, engine.ErrInUse) && e.othersAnswer(ctx) {
			continue
		}
		select {
		case <-e.ready:
		default:
			return err
		}
		e.log.Error("the embedded ClickHouse engine does not answer any more; trying again", "err", err, "in", wait)
		pause(ctx, wait)
		wait = min(2*wait, longestProbe)
	}
	return nil
}

// serve runs the engine in a child process.
func (e *embedded) serve(ctx context.Context) (err error) {
	if err := e.mayServe(); err != nil {
		return err
	}
	library, err := engine.FindLibrary(e.library)
	if err != nil {
		return err
	}
	doors, err := engine.OpenDoors(e.dir, e.listen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, doors.Close()) }()
	// This binary itself, also after an upgrade has replaced its file.
	command := []string{"/proc/self/exe", "engine", "--library", library, "--dir", e.dir, "--database", e.database}
	if e.listen != "" {
		command = append(command, "--readers")
	}
	process := engine.New(engine.Config{Command: command, Env: withoutConfiguration(os.Environ()), Doors: doors, Logger: e.log})
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-process.Ready():
			e.once.Do(func() { close(e.ready) })
		case <-done:
		}
	}()
	return process.Run(ctx)
}

// withoutConfiguration keeps our secrets out of a process that has no use for them.
func withoutConfiguration(environ []string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, config.EnvPrefix) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// othersAnswer waits for the engine of a process that was faster than ours to take the folder.
func (e *embedded) othersAnswer(ctx context.Context) bool {
	for deadline := time.Now().Add(startRace); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, probeEvery/4) {
		if e.answers(ctx) {
			return true
		}
		if !durable.Locked(filepath.Join(e.dir, "lock")) {
			return false
		}
	}
	return ctx.Err() != nil
}

// answers reports whether an engine answers at the socket of our folder.
func (e *embedded) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/?query=SELECT+1", nil)
	if err != nil {
		return false
	}
	request.Header.Set("X-ClickHouse-User", engine.Owner)
	answer, err := e.transport.RoundTrip(request)
	if err != nil { // refused, or busy beyond patience: starting a child finds out
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	return err == nil && answer.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == "1"
}

// pause waits for d, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
