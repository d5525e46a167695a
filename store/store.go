// Package store keeps in one bbolt file what must survive the process: the queue of records that
// ClickHouse has not acknowledged, what was already seen, the vendor days, and the ledger of
// requests, tokens and blocks.
package store

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// fileName is the one file in the state folder.
const fileName = "state.db"

// Store is an open state file. Its methods are safe for concurrent use. Unless documented
// otherwise, a method that returns an error has changed nothing, neither on disk nor in memory.
type Store struct {
	path    string
	own     os.FileInfo // of the open file
	db      *bolt.DB
	log     *slog.Logger
	machine Options

	writing sync.Mutex // held by every change during its transaction, so that memory follows the disk in the same order
	stale   bool       // guarded by writing: a failed transaction may have reached the disk after all, so read it again first

	mu        sync.RWMutex // guards the rest; held briefly, never during I/O
	version   uint64       // the last one used
	queue     queueStats
	fetches   []report.Fetch     // not on disk yet; they join the next transaction
	seen      map[string]seenSet // by account
	days      map[string]map[report.Day]report.DayStatus
	totals    map[string]map[report.Day]report.DayTotal
	resellers map[resellerKey]*reseller // an entry is replaced, never changed
	scopes    map[string]*scope
	tokens    map[string]token
	requestID uint64 // the last one used; ids do not outlive the process
}

// Open opens the state file in dir, and creates both if necessary. It reads the whole file once, so
// that damage is found at the start and not during work. Errors name the path and what to do;
// ErrLocked is one of them.
func Open(dir string, log *slog.Logger) (*Store, error) {
	return open(dir, log, Options{Boot: newBootClock()}, bolt.Options{})
}

// Options replace parts of the machine in a simulation.
type Options struct {
	// BeforeWrite runs in each transaction before the commit, which an error prevents. AfterWrite
	// runs when it is on disk.
	BeforeWrite func() error
	AfterWrite  func()
	// Boot returns an id for the machine's start and the time since then; nil if the machine has
	// none.
	Boot func() (boot string, since time.Duration)
}

// OpenSimulated is Open on a simulated machine.
func OpenSimulated(dir string, log *slog.Logger, o Options) (*Store, error) {
	return open(dir, log, o, bolt.Options{})
}

func open(dir string, log *slog.Logger, o Options, opts bolt.Options) (*Store, error) {
	if o.Boot == nil {
		o.Boot = noBootClock
	}
	path := filepath.Join(dir, fileName)
	db, err := openFile(dir, path, opts)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, db: db, log: log, machine: o,
		seen: map[string]seenSet{}, days: map[string]map[report.Day]report.DayStatus{}, totals: map[string]map[report.Day]report.DayTotal{},
		resellers: map[resellerKey]*reseller{},
		scopes:    map[string]*scope{}, tokens: map[string]token{},
	}
	if err = s.load(time.Now()); err == nil {
		err = s.compact(dir, opts)
	}
	if err == nil {
		s.own, err = os.Stat(path)
	}
	if err != nil {
		_ = s.db.Close()
		return nil, err
	}
	s.log.Debug("state opened", "file", path, "queued_rows", s.queue.rows)
	return s, nil
}

// nextVersion returns a version for data read at a time: its microseconds, but more than any
// version before. The caller holds mu.
func (s *Store) nextVersion(at time.Time) uint64 {
	return max(uint64(max(at.UnixMicro(), 0)), s.version+1)
}

// Close writes what waited for a transaction and releases the file. It writes a deleted file again.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := errors.Join(s.updateAnyway(nil), s.rescue())
	if closeErr := s.db.Close(); err == nil && closeErr != nil {
		err = s.explain(closeErr)
	}
	return err
}

// update runs change in one transaction, together with what waited for the next one. If change is
// nil, it runs only if something waits.
func (s *Store) update(change func(*bolt.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.updateLocked(change)
}

// refresh reads the disk again after a failed transaction. The caller holds writing.
func (s *Store) refresh() error {
	if !s.stale {
		return nil
	}
	if err := s.loadRows(); err != nil {
		return err
	}
	s.stale = false
	return nil
}

// updateLocked is update for callers that hold writing.
func (s *Store) updateLocked(change func(*bolt.Tx) error) error {
	if err := s.Intact(); err != nil {
		return err
	}
	return s.updateAnyway(change)
}

// updateAnyway is updateLocked even for a file that has lost its name: what waits for ClickHouse is
// still written there.
func (s *Store) updateAnyway(change func(*bolt.Tx) error) error {
	if err := s.refresh(); err != nil {
		return err
	}
	s.mu.RLock()
	fetches, ledger := s.fetches, s.unsavedScopes()
	s.mu.RUnlock()
	if change == nil && len(fetches) == 0 && len(ledger) == 0 {
		return nil
	}
	err := s.db.Update(func(tx *bolt.Tx) error {
		if err := putFetches(tx, fetches); err != nil {
			return err
		}
		if err := putLedger(tx, ledger); err != nil {
			return err
		}
		if change != nil {
			if err := change(tx); err != nil {
				return err
			}
		}
		if s.machine.BeforeWrite != nil {
			return s.machine.BeforeWrite()
		}
		return nil
	})
	if err != nil {
		s.stale = true
		return s.explain(err)
	}
	if s.machine.AfterWrite != nil {
		s.machine.AfterWrite()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches = append([]report.Fetch(nil), s.fetches[len(fetches):]...)
	s.queue.fetches += len(fetches)
	s.markSaved(ledger)
	return nil
}
