package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"alpemix-collector/internal/durable"
	"alpemix-collector/pacing"
)

// SharedConfig says how to run an engine that the processes of one state folder share.
type SharedConfig struct {
	Dir     string // absolute: the engine resolves relative paths in more than one way
	Library string // path of libchdb.so, or empty, see FindLibrary
	Listen  string // address for readers; empty: none are served
	Command func(library string) []string
	Env     []string
	// MayServe returns why this process may not write into Dir, so that it can only join the engine
	// of another. Nil means that it may.
	MayServe func() error
	Logger   *slog.Logger
}

// Shared keeps an engine available at the socket of its folder: in a child of this process or,
// while that exists, in the child of another process. So commands work while the daemon is running,
// and the daemon continues when a command that started the engine stops.
type Shared struct {
	cfg       SharedConfig
	transport *http.Transport
	ready     chan struct{} // closed when the engine has answered for the first time
	once      sync.Once
}

const (
	probeEvery   = time.Second // also the first pause after a failed start
	probeTimeout = 5 * time.Second
	longestProbe = 30 * time.Second
	// startRace is how long the engine of another process that locked the folder first may take to
	// answer.
	startRace = 15 * time.Second
)

// NewShared returns a Shared. It does no I/O.
func NewShared(cfg SharedConfig) *Shared {
	return &Shared{cfg: cfg, transport: Transport(cfg.Dir), ready: make(chan struct{})}
}

// Transport sends requests to the engine, whichever process it is a child of.
func (s *Shared) Transport() *http.Transport { return s.transport }

// Ready returns a channel that is closed when the engine has answered for the first time.
func (s *Shared) Ready() <-chan struct{} { return s.ready }

// Start runs the engine until stop is called, and returns when it answers.
func (s *Shared) Start(ctx context.Context) (stop func() error, err error) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- s.Run(running) }()
	stop = func() error {
		cancel()
		return <-done
	}
	select {
	case <-s.ready:
		return stop, nil
	case err := <-done:
		cancel()
		return nil, err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	}
}

// Run blocks until ctx is done. It returns an error that occurs before the engine has answered for
// the first time: the configuration or the machine has to be corrected. It logs later errors and
// retries.
func (s *Shared) Run(ctx context.Context) error {
	for wait := probeEvery; ctx.Err() == nil; {
		if s.Answers(ctx) {
			s.markReady()
			wait = probeEvery
			pacing.Sleep(ctx, nil, time.Now().Add(probeEvery))
			continue
		}
		err := s.serve(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrInUse) && s.otherAnswers(ctx) {
			continue
		}
		select {
		case <-s.ready:
		default:
			return err
		}
		s.cfg.Logger.Error("the embedded ClickHouse engine stopped answering; retrying", "err", err, "in", wait)
		pacing.Sleep(ctx, nil, time.Now().Add(wait))
		wait = min(2*wait, longestProbe)
	}
	return nil
}

func (s *Shared) markReady() { s.once.Do(func() { close(s.ready) }) }

// serve runs the engine in a child of this process.
func (s *Shared) serve(ctx context.Context) (err error) {
	if s.cfg.MayServe != nil {
		if err := s.cfg.MayServe(); err != nil {
			return err
		}
	}
	library, err := FindLibrary(s.cfg.Library)
	if err != nil {
		return err
	}
	doors, err := OpenDoors(s.cfg.Dir, s.cfg.Listen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, doors.Close()) }()
	process := New(Config{Command: s.cfg.Command(library), Env: s.cfg.Env, Doors: doors, Logger: s.cfg.Logger})
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-process.Ready():
			s.markReady()
		case <-done:
		}
	}()
	return process.Run(ctx)
}

// otherAnswers waits for the engine of a process that locked the folder first.
func (s *Shared) otherAnswers(ctx context.Context) bool {
	for deadline := time.Now().Add(startRace); time.Now().Before(deadline) && ctx.Err() == nil; pacing.Sleep(ctx, nil, time.Now().Add(probeEvery/4)) {
		if s.Answers(ctx) {
			return true
		}
		if !durable.Locked(filepath.Join(s.cfg.Dir, "lock")) {
			return false
		}
	}
	return ctx.Err() != nil
}

// Answers reports whether an engine answers at the socket of the folder.
func (s *Shared) Answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/?query=SELECT+1", nil)
	if err != nil {
		return false
	}
	request.Header.Set("X-ClickHouse-User", Owner)
	answer, err := s.transport.RoundTrip(request)
	if err != nil { // refused, or too busy: starting a child shows which
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	return err == nil && answer.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == "1"
}
