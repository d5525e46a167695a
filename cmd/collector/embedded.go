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
	"syscall"
	"time"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/sink/engine"
)

// embedded keeps the embedded engine answering at its address: by a child process of ours, or, as long as it lives, by the
// child of another collector process on the same state folder. So commands work beside the daemon, and the daemon goes on
// when a command that was there before it ends.
type embedded struct {
	dir, listen, database, library string

	user, password string
	log            *slog.Logger
	mayServe       func() error // why no engine of ours may write into dir; nil: it may
	client         *http.Client
	every          time.Duration // between probes
	ready          chan struct{} // closed when the engine has answered for the first time
	once           sync.Once
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

func newEmbedded(c *config.Config, log *slog.Logger) (*embedded, error) {
	// Absolute: the engine takes a relative path of its data for something else where it makes tables.
	dir, err := filepath.Abs(filepath.Join(c.StateDir, engineFolder))
	if err != nil {
		return nil, fmt.Errorf("state_dir %s: %w", c.StateDir, err)
	}
	e := &embedded{
		dir:      dir,
		listen:   c.ClickHouse.Embedded.Listen,
		database: c.ClickHouse.Database,
		library:  c.ClickHouse.Embedded.Library,
		log:      log,
		client:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: probeTimeout},
		every:    probeEvery,
		ready:    make(chan struct{}),
	}
	e.user, e.password, err = engine.Credential(e.dir)
	return e, err
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
		who, err := e.probe(ctx)
		if err == nil && who == ours {
			e.once.Do(func() { close(e.ready) })
			wait = e.every
			pause(ctx, e.every)
			continue
		}
		if err == nil {
			if err = e.serve(ctx); err == nil || e.othersAnswer(ctx) {
				continue
			}
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
func (e *embedded) serve(ctx context.Context) error {
	if e.mayServe != nil {
		if err := e.mayServe(); err != nil {
			return err
		}
	}
	library, err := engine.FindLibrary(e.library)
	if err != nil {
		return err
	}
	process := engine.New(engine.Config{
		// This binary itself, also after an upgrade has replaced its file.
		Command: []string{"/proc/self/exe", "engine", "--library", library, "--dir", e.dir, "--listen", e.listen, "--database", e.database},
		Env:     withoutConfiguration(os.Environ()),
		Logger:  e.log,
	})
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
		who, err := e.probe(ctx)
		if err == nil && who == ours {
			return true
		}
		if !e.locked() {
			return false
		}
	}
	return ctx.Err() != nil
}

// locked tells whether another process has the engine's folder.
func (e *embedded) locked() bool {
	f, err := os.Open(filepath.Join(e.dir, "lock"))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

type answerer int

const (
	nobody answerer = iota
	ours            // an engine that knows the credential of our folder
)

// probe asks who answers at the engine's address. Someone who does not know our credential is an error.
func (e *embedded) probe(ctx context.Context) (answerer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.listen+"/?query=SELECT+1", nil)
	if err != nil {
		return nobody, fmt.Errorf("clickhouse.embedded.listen %s: %w", e.listen, err)
	}
	request.Header.Set("X-ClickHouse-User", e.user)
	request.Header.Set("X-ClickHouse-Key", e.password)
	answer, err := e.client.Do(request)
	if err != nil { // refused, or busy beyond patience: starting a child tells which
		return nobody, nil
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return nobody, nil
	}
	if answer.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == "1" {
		return ours, nil
	}
	return nobody, fmt.Errorf("clickhouse.embedded.listen: %s is held by a server that is not the engine of %s (it answers HTTP %d): choose another port",
		e.listen, e.dir, answer.StatusCode)
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
