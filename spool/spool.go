// Package spool records calls that change something at a vendor: on disk before they are sent, and
// again when their outcome is known. The process that owns the state file imports the notes later.
// So commands can run while the daemon is running, and a crash hides no call.
package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"alpemix-collector/internal/durable"
	"alpemix-collector/report"
)

// folder is a folder in the state folder. Each file in it is a note.
const folder = "provisioning"

// suffix is the extension of notes. Other files in the folder are left alone.
const suffix = ".jsonl"

// Spool manages the notes of one state folder. It is safe for concurrent use, also by several
// processes.
type Spool struct {
	state, dir string
	// sync flushes a file or a folder to disk. Tests replace it to simulate crashes.
	sync func(*os.File) error
}

// New returns a Spool. It does no I/O.
func New(stateDir string) *Spool {
	return &Spool{stateDir, filepath.Join(stateDir, folder), (*os.File).Sync}
}

// Note is a call in progress. Its file stays locked until the process that created it exits.
type Note struct {
	spool *Spool
	file  *os.File
	call  report.Provisioning
}

// Begin records a call that is about to be sent. Its outcome counts if no other is ever recorded.
// The call may be sent only after Begin returned no error: then the note is on disk.
func (s *Spool) Begin(call report.Provisioning) (*Note, error) {
	n, err := s.begin(call)
	if err != nil {
		return nil, fmt.Errorf("the call could not be noted in the state folder, so it was not sent: %w", durable.Explain(err))
	}
	return n, nil
}

func (s *Spool) begin(call report.Provisioning) (n *Note, err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	err = s.locked(func() error {
		file, err := s.create()
		if err != nil {
			return err
		}
		n = &Note{s, file, call}
		err = n.append(call, Effect{})
		for _, dir := range []string{s.dir, s.state} { // the file's and the folder's names
			if err == nil {
				err = durable.SyncFolder(dir, s.sync)
			}
		}
		if err != nil {
			err = errors.Join(err, n.remove())
		}
		return err
	})
	return n, err
}

// locked runs f while no other process creates, imports or removes notes.
func (s *Spool) locked(f func() error) error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // closing releases the lock
	if err := durable.Lock(dir); err != nil {
		return err
	}
	return f()
}

// create creates a file and locks it. Its number follows those of all waiting notes. Times would
// not do: a clock that is set back would change the order.
func (s *Spool) create() (*os.File, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	last := 0
	for _, entry := range entries {
		if number, isNote := strings.CutSuffix(entry.Name(), suffix); isNote {
			n, _ := strconv.Atoi(number) // 0 for a foreign file
			last = max(last, n)
		}
	}
	name := fmt.Sprintf("%010d%s", last+1, suffix)
	file, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := durable.Lock(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Effect is what a successful call changed.
type Effect struct {
	Allotments []report.Allotment // valid from now on
	Ended      string             // the customer that was deleted; empty for none
}

// End records the outcome of the call and its effect. After an error, the outcome given to Begin
// may be the one that counts.
func (n *Note) End(outcome, detail string, effect Effect) error {
	n.call.Outcome, n.call.Detail = outcome, detail
	if err := errors.Join(n.append(n.call, effect), n.file.Close()); err != nil {
		return fmt.Errorf("the outcome of the call could not be noted in the state folder: %w", durable.Explain(err))
	}
	return nil
}

// append writes one line and flushes it to disk.
func (n *Note) append(call report.Provisioning, effect Effect) error {
	line, err := encode(call, effect)
	if err != nil {
		return err
	}
	if _, err := n.file.Write(line); err != nil {
		return err
	}
	return n.spool.sync(n.file)
}

// Withdraw removes the note of a call that was not sent.
func (n *Note) Withdraw() error {
	if err := n.spool.locked(n.remove); err != nil {
		return fmt.Errorf("the note of a call that was not sent could not be removed: %w", durable.Explain(err))
	}
	return nil
}

func (n *Note) remove() error { return errors.Join(os.Remove(n.file.Name()), n.file.Close()) }
