// Package engine serves the embedded ClickHouse engine, libchdb, behind ClickHouse's HTTP
// interface, in a child process.
package engine

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Version is the release of libchdb that this package is written for and that `make engine`
// fetches.
const Version = "26.7.3-stable.1"

// engine is libchdb with an open data folder. There is one per process, for as long as the process
// runs. The library can neither open a second folder nor be closed cleanly while it has MergeTree
// tables.
type engine struct {
	lib           *library
	args          []string // for every connection
	dir, database string
	lock          *os.File // never closed: the engine uses its folder until the process stops

	mu      sync.Mutex // guards control, which runs one statement at a time
	control *conn      // keeps the engine open and kills queries of clients that disconnected

	version  string          // "26.7.2.1", as in error messages and version()
	zone     string          // the time zone of the engine
	memory   uint64          // maximum bytes of memory for one reader's query
	settings map[string]bool // every query setting that the engine knows
	hidden   map[string]bool // tables of the system database that readers cannot read
	formats  map[string]bool // every output format, in lower case
}

// openEngine loads the library, opens it on the folder, and creates the database if it is missing.
// This process must have the folder's lock.
func openEngine(cfg ServeConfig) (*engine, error) {
	lib, err := load(cfg.Library)
	if err != nil {
		return nil, err
	}
	config, err := writeAccess(cfg.Doors.dir, cfg.Database)
	if err != nil {
		return nil, err
	}
	e := &engine{lib: lib, dir: cfg.Doors.dir, lock: cfg.Doors.lock, database: cfg.Database}
	e.args = []string{"--path=" + filepath.Join(cfg.Doors.dir, "data"), "--config-file=" + config}
	if e.control, err = lib.open(e.args...); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse in %s: %w", cfg.Doors.dir, err)
	}
	if _, err := e.control.exec("CREATE DATABASE IF NOT EXISTS "+quoteName(cfg.Database)+" ENGINE = Atomic", ""); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: cannot create database %s: %w", cfg.Database, err)
	}
	about, err := e.control.exec(`SELECT version(), timezone(),
		(SELECT toUInt64(value) FROM system.server_settings WHERE name = 'max_server_memory_usage'),
		(SELECT arrayStringConcat(groupArray(name), ' ') FROM system.settings),
		(SELECT arrayStringConcat(groupArray(lower(name)), ' ') FROM system.formats WHERE is_output),
		(SELECT arrayStringConcat(groupArray(name), ' ') FROM system.tables WHERE database = 'system')`, "TSVRaw")
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse does not answer: %w", err)
	}
	facts := strings.Split(strings.TrimSpace(string(about)), "\t")
	if len(facts) != 6 {
		return nil, fmt.Errorf("embedded ClickHouse returned an unexpected answer: %.100q", about)
	}
	e.version, e.zone, e.settings, e.formats = facts[0], facts[1], words(facts[3]), words(facts[4])
	e.hidden = words(facts[5])
	maps.DeleteFunc(e.hidden, func(name string, _ bool) bool { return readableTables[name] })
	memory, err := strconv.ParseUint(facts[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse reports no memory limit: %w", err)
	}
	e.memory = memory / 2
	return e, nil
}

// session opens a new connection for one request, so that no settings, database, role or temporary
// tables are left for the next one. Connecting takes a tenth of a millisecond.
func (e *engine) session(r *request) (*conn, error) {
	args, rows := slices.Clone(e.args), r.blockRows()
	if r.daemon {
		args = append(args, daemonArgs...)
	} else {
		args = append(append(args, e.readerArgs()...), fmt.Sprintf("--max_block_size=%d", rows))
	}
	for _, s := range r.settings {
		if !r.daemon {
			if writerSettings[s.name] {
				continue
			}
			if err := e.checkSetting(s.name, s.value, rows); err != nil {
				return nil, err
			}
		} else if !e.settings[s.name] {
			return nil, refuse(codeUnknownSetting, "Unknown setting '%s'", s.name)
		}
		args = append(args, "--"+s.name+"="+s.value)
	}
	// The last value of a setting counts. With async_insert, rows would be acknowledged before they
	// are on disk.
	args = append(args, "--async_insert=0", "--log_comment="+r.id)
	if !r.daemon || r.get {
		args = append(args, "--readonly=2")
	}
	c, err := e.lib.open(args...)
	if err != nil {
		return nil, e.wrongSetting(r.settings, err)
	}
	setup := []string{"USE " + quoteName(r.database)}
	if !r.daemon {
		setup = append(setup, "SET ROLE NONE")
	}
	for _, s := range setup {
		if _, err := c.exec(s, ""); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// wrongSetting returns the engine's error for the setting that made it refuse a connection, or
// refusal if it finds none. The refusal contains no reason.
func (e *engine) wrongSetting(settings []setting, refusal error) error {
	c, err := e.lib.open(e.args...)
	if err != nil {
		return refusal
	}
	defer c.close()
	for _, s := range settings {
		if _, err := c.exec("SET "+s.name+" = "+quoteString(s.value), ""); err != nil {
			return err
		}
	}
	return refusal
}

// kill stops the query of request id if it is running. It uses another connection, because the
// query's own is busy.
func (e *engine) kill(id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.control.exec("KILL QUERY WHERE Settings['log_comment'] = "+quoteString(id)+" ASYNC", "")
	return err
}
