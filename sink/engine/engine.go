// Package engine serves the embedded ClickHouse engine, libchdb, behind ClickHouse's HTTP interface, in a child process.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// Version is the release of libchdb that this package is written for and that `make engine` fetches.
const Version = "26.7.3-stable.1"

// engine is libchdb opened on one data folder. There is one per process, for the life of the process: the library can
// neither open a second folder nor be closed cleanly while it holds MergeTree tables.
type engine struct {
	lib      *library
	args     []string // of every connection
	database string
	lock     *os.File

	mu      sync.Mutex // guards control, which runs one statement at a time
	control *conn      // keeps the engine open and kills the queries of clients that left
	version string     // "26.7.2.1", as error texts and version() have it
	zone    string
}

// openEngine locks dir, loads the library and makes sure that database exists.
func openEngine(ctx context.Context, cfg ServeConfig) (*engine, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: cannot make its folder: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	lib, err := load(cfg.Library)
	if err != nil {
		return nil, err
	}
	config, err := writeAccess(cfg.Dir, cfg.Database)
	if err != nil {
		return nil, err
	}
	e := &engine{lib: lib, database: cfg.Database, lock: lock}
	e.args = []string{"--path=" + filepath.Join(cfg.Dir, "data"), "--config-file=" + config}
	if e.control, err = lib.open(e.args...); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse in %s: %w", cfg.Dir, err)
	}
	if _, err := e.control.exec("CREATE DATABASE IF NOT EXISTS "+quoteName(cfg.Database)+" ENGINE = Atomic", ""); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: cannot create database %s: %w", cfg.Database, err)
	}
	about, err := e.control.exec("SELECT version(), '\n', timezone()", "TSVRaw")
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse does not answer: %w", err)
	}
	if _, err := fmt.Sscan(string(about), &e.version, &e.zone); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse tells no version: %w", err)
	}
	slog.InfoContext(ctx, "embedded ClickHouse opened", "version", e.version, "library", lib.version(), "dir", cfg.Dir)
	return e, nil
}

// lockDir takes the folder for this process; the system gives it back when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("embedded ClickHouse: another engine has %s open; stop it or choose another state_dir: %w", dir, err)
	}
	return f, nil
}

// session opens a fresh connection for one request, so that nothing of it (settings, database, role, temporary tables)
// is left for the next. Connecting costs a tenth of a millisecond.
func (e *engine) session(r *request) (*conn, error) {
	args := append([]string{}, e.args...)
	for _, s := range r.settings {
		args = append(args, "--"+s.name+"="+s.value)
	}
	args = append(args, "--log_comment="+r.id)
	if !r.daemon || r.get {
		args = append(args, "--readonly=2")
	}
	c, err := e.lib.open(args...)
	if err != nil {
		return nil, err
	}
	setup := []string{}
	if !r.daemon {
		setup = append(setup, "SET ROLE NONE")
	}
	setup = append(setup, "USE "+quoteName(r.database))
	for _, s := range setup {
		if _, err := c.exec(s, ""); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// kill ends the query of request id; it must hold no lock of that query's connection, which is busy.
func (e *engine) kill(id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.control.exec("KILL QUERY WHERE Settings['log_comment'] = "+quoteString(id)+" ASYNC", "")
	return err
}
