package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"alpemix-collector/internal/durable"
	"alpemix-collector/report"
)

// Store keeps what is imported. What it has accepted survives a crash, and accepting the same again
// changes nothing.
type Store interface {
	// SetAllotment stores an allotment that was set through us at a time.
	SetAllotment(a report.Allotment, at time.Time) error
	// EndCustomer ends all allotments of a customer that was deleted through us at a time.
	EndCustomer(vendor, account, customer string, at time.Time) error
	// Provisioned stores a call in the log.
	Provisioned(report.Provisioning) error
}

// TakeIn imports finished calls, and calls whose process is gone, into store, oldest first, and
// removes their notes. Calls in progress stay. Each note is removed before the next is imported, so
// a crash repeats at most one, and never an older one after a newer. The calls in taken are stored
// even if there is an error.
func (s *Spool) TakeIn(store Store) (taken []report.Provisioning, err error) {
	if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no call was ever recorded
	}
	err = s.locked(func() error {
		taken, err = s.takeAll(store)
		return err
	})
	if err != nil {
		return taken, fmt.Errorf("importing calls to vendors into the log: %w", durable.Explain(err))
	}
	return taken, nil
}

func (s *Spool) takeAll(store Store) (taken []report.Provisioning, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		n, ok, err := s.take(filepath.Join(s.dir, entry.Name()), store)
		if ok {
			taken = append(taken, n.call)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
		if _, single := errors.AsType[*noteError](err); err != nil && !single {
			break
		}
	}
	return taken, errors.Join(wrong...)
}

// noteError is a note that cannot be read. It says nothing about the others.
type noteError struct{ error }

func (e *noteError) Unwrap() error { return e.error }

func unreadable(err error) error {
	return &noteError{fmt.Errorf("a note cannot be read: %w", err)}
}

// take imports one note. ok reports whether the store has it.
func (s *Spool) take(path string, store Store) (n note, ok bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return n, false, unreadable(err)
	}
	defer func() { _ = file.Close() }()
	finished, err := durable.TryLock(file)
	if err != nil {
		return n, false, unreadable(fmt.Errorf("%s: %w", path, err))
	}
	if !finished {
		return n, false, nil // still in progress
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return n, false, unreadable(err)
	}
	n, sent, err := decode(text)
	if err != nil {
		return n, false, setAside(path)
	}
	if sent {
		if err := n.store(store); err != nil {
			return n, false, err
		}
	}
	return n, sent, s.remove(path)
}

// setAside renames a damaged note, so that a person can look at it.
func setAside(path string) error {
	const damaged = ".damaged"
	err := fmt.Errorf("%s is damaged: a call to a vendor may have been sent that is not in the log; the rest of the note is kept as %s", path, filepath.Base(path)+damaged)
	return &noteError{errors.Join(err, os.Rename(path, path+damaged))}
}

func (n *note) store(store Store) error {
	for _, a := range n.effect.Allotments {
		if err := store.SetAllotment(a, n.call.At); err != nil {
			return err
		}
	}
	if c := n.call; n.effect.Ended != "" {
		if err := store.EndCustomer(c.Vendor, c.Account, n.effect.Ended, c.At); err != nil {
			return err
		}
	}
	return store.Provisioned(n.call)
}

// remove deletes a note for good. If it came back after a crash, it could undo what a later call
// has set.
func (s *Spool) remove(path string) error {
	if err := errors.Join(os.Remove(path), durable.SyncFolder(s.dir, s.sync)); err != nil {
		return fmt.Errorf("an imported note cannot be removed: %w", err)
	}
	return nil
}
