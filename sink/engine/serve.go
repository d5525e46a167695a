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

// Connections of readers, of all and of one client.
const (
	maxConnections = 256
	maxEach        = 192
)

// stopGrace is how long running queries may go on when the engine is stopped; after it they break off, as their clients see.
const stopGrace = 5 * time.Second

// ServeConfig is what the engine's process needs.
type ServeConfig struct {
	Library  string // path of libchdb.so, see FindLibrary
	Doors    *Doors // from OpenDoors or Inherited; its lock is never given back: the engine works in its folder until the process ends
	Database string // created if missing; the default of every request
	// Parent is the pipe from the process that started this one; its end means that the parent is gone. Nil: no parent.
	Parent io.Reader
	// Announce, if not nil, is called once with the address when requests are answered.
	Announce func(addr string)
}

// Serve is the body of the child process: it opens the engine and answers HTTP till ctx ends or the parent is gone. The caller
// ends ctx on SIGTERM, and exits when Serve has returned: the engine is neither closed, which libchdb cannot do with MergeTree
// tables, nor can it be opened again. What was acknowledged is on disk by then.
func Serve(ctx context.Context, cfg ServeConfig) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if cfg.Parent != nil {
		// Not Pdeathsig: it reports the end of the thread that started this process. The pipe ends with the process.
		go func() {
			io.Copy(io.Discard, cfg.Parent)
			os.Exit(0) // without ado: acknowledged rows are on disk
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

// leastFiles is how many open files the engine needs to work at all. With less it starts, and then fails in each query anew.
const leastFiles = 256

func enoughFiles() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= leastFiles {
		return nil // the runtime has raised it as far as it may
	}
	return fmt.Errorf("embedded ClickHouse needs %d open files or more, and the limit is %d: raise it (ulimit -n 4096, LimitNOFILE= of a systemd unit)",
		leastFiles, limit.Cur)
}
