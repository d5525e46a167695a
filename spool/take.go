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

// Store keeps what is taken in. What it has accepted survives a crash; being told the same again changes nothing.
type Store interface {
	// SetAllotment takes over what was allotted through us at a moment.
	SetAllotment(a report.Allotment, at time.Time) error
	// EndCustomer ends all that is known of a customer who was deleted through us at a moment.
	EndCustomer(vendor, account, customer string, at time.Time) error
	// Provisioned takes over a call for the log.
	Provisioned(report.Provisioning) error
}

// TakeIn hands store the calls that have ended, or whose process is gone, oldest first, and removes their notes. Calls on their way
// wait for the next time. A note is removed before the next one is taken in, so that after a crash at most one is told again, and
// never an older one after a newer. Beside an error, taken are those that are in the store.
func (s *Spool) TakeIn(store Store) (taken []report.Provisioning, err error) {
	if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no call was ever made
	}
	err = s.alone(func() error {
		taken, err = s.takeAll(store)
		return err
	})
	if err != nil {
		return taken, fmt.Errorf("taking calls to vendors into the log: %w", durable.Explain(err))
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
		if _, alone := errors.AsType[*noteError](err); err != nil && !alone {
			break
		}
	}
	return taken, errors.Join(wrong...)
}

// noteError is a note that cannot be read; that says nothing of the others.
type noteError struct{ error }

func (e *noteError) Unwrap() error { return e.error }

func unreadable(err error) error {
	return &noteError{fmt.Errorf("a note cannot be read: %w", err)}
}

// take hands over one note; ok tells that the store has it.
func (s *Spool) take(path string, store Store) (n note, ok bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return n, false, unreadable(err)
	}
	defer func() { _ = file.Close() }()
	ended, err := durable.TryLock(file)
	if err != nil {
		return n, false, unreadable(fmt.Errorf("%s: %w", path, err))
	}
	if !ended {
		return n, false, nil // on its way
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
		if err := n.tell(store); err != nil {
			return n, false, err
		}
	}
	return n, sent, s.remove(path)
}

// setAside keeps a damaged note for a person.
func setAside(path string) error {
	const aside = ".damaged"
	err := fmt.Errorf("%s is damaged: a call to a vendor may have been sent that is not in the log; what is left of the note is kept as %s", path, filepath.Base(path)+aside)
	return &noteError{errors.Join(err, os.Rename(path, path+aside))}
}

func (n *note) tell(store Store) error {
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

// remove deletes a note, for good: one that came back after a crash could undo what a later one has set.
func (s *Spool) remove(path string) error {
	if err := errors.Join(os.Remove(path), durable.SyncFolder(s.dir, s.sync)); err != nil {
		return fmt.Errorf("a note that was taken in cannot be removed: %w", err)
	}
	return nil
}
