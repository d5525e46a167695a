package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// stopGrace is how long running queries may go on when the engine is stopped; after it they break off, as their clients see.
const stopGrace = 5 * time.Second

// ServeConfig is what the child process is told.
type ServeConfig struct {
	Library  string // path of libchdb.so, see FindLibrary
	Dir      string // the engine's folder: data, lock, credential
	Listen   string // host:port
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
		// Not Pdeathsig: it tells of the end of the thread that started this process. The pipe ends with the process.
		go func() {
			io.Copy(io.Discard, cfg.Parent)
			os.Exit(0) // without ado: acknowledged rows are on disk
		}()
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("embedded ClickHouse: %s is in use by another process; set clickhouse.embedded.listen to a free port: %w", cfg.Listen, err)
	} else if err != nil {
		return fmt.Errorf("embedded ClickHouse cannot listen on %s: %w", cfg.Listen, err)
	}
	defer listener.Close()
	_, password, err := Credential(cfg.Dir)
	if err != nil {
		return err
	}
	e, err := openEngine(cfg)
	if err != nil {
		return err
	}
	e.lock = lock
	server := &http.Server{
		Handler:           newHandler(e, password, isLoopback(listener.Addr().String())),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxQuery + 1<<16,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if cfg.Announce != nil {
		cfg.Announce(listener.Addr().String())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("embedded ClickHouse stopped serving: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.Background(), stopGrace)
	defer stop()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("embedded ClickHouse: %w", err)
	}
	return nil
}
