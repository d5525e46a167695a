package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"alpemix-collector/internal/clients"
)

// Limits on connections of readers: in total and for one client.
const (
	maxConnections = 256
	maxEach        = 192
)

// stopGrace is how long running queries may continue when the engine is stopped. Then they are
// aborted, which their clients notice.
const stopGrace = 5 * time.Second

// ServeConfig says what the engine's process serves.
type ServeConfig struct {
	Library  string // path of libchdb.so, see FindLibrary
	Doors    *Doors // from OpenDoors or Inherited; the lock is kept until the process stops
	Database string // created if missing; the default of every request
	// Parent is the pipe from the process that started this one. It is closed when the parent
	// stops. Nil means no parent.
	Parent io.Reader
	// Announce, if not nil, is called once with the address when the engine is ready.
	Announce func(addr string)
}

// Serve opens the engine and answers HTTP until ctx is done. If the parent stops, it exits the
// process.
//
// The caller cancels ctx on SIGTERM and exits after Serve has returned: libchdb cannot be closed
// with MergeTree tables, nor opened again. Everything acknowledged is on disk by then.
func Serve(ctx context.Context, cfg ServeConfig) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if cfg.Parent != nil {
		// Pdeathsig would report the end of the thread that started this process. The pipe lasts as
		// long as the parent process.
		go func() {
			io.Copy(io.Discard, cfg.Parent)
			os.Exit(0) // acknowledged rows are on disk
		}()
	}
	if err := enoughFiles(); err != nil {
		return err
	}
	e, err := openEngine(cfg)
	if err != nil {
		return err
	}
	h := newHandler(e)
	server := &http.Server{
		Handler:           h.readersDoor(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxQuery + 1<<16,
		ConnContext:       clients.Note,
	}
	owner := &http.Server{Handler: h.ownersDoor(), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: maxQuery + 1<<16}
	failed := make(chan error, 2)
	go func() { failed <- owner.Serve(ownerListener{cfg.Doors.owner, cfg.Doors.dir}) }()
	if cfg.Doors.readers != nil {
		l := clients.Limit(cfg.Doors.readers, maxConnections, maxEach)
		go func() { failed <- server.Serve(l) }()
	}
	if cfg.Announce != nil {
		cfg.Announce(cfg.Doors.Addr())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("embedded ClickHouse stopped serving: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.Background(), stopGrace)
	defer stop()
	if err := errors.Join(server.Shutdown(grace), owner.Shutdown(grace)); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("embedded ClickHouse: %w", err)
	}
	return nil
}

// leastFiles is how many open files the engine needs. With fewer it starts, but every query fails.
const leastFiles = 256

func enoughFiles() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= leastFiles {
		return nil // the runtime has raised it to its maximum
	}
	return fmt.Errorf("embedded ClickHouse needs at least %d open files, but the limit is %d: raise it with ulimit -n 4096, or with LimitNOFILE= in a systemd unit",
		leastFiles, limit.Cur)
}
