// Package spool notes calls that change something at a vendor on disk: each before it is sent, and again when its outcome is known,
// until whoever holds the state file takes the notes in. So a command records what it does while a daemon runs, and no crash hides
// a call.
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

// folder lies in the state folder. A note is a file in it.
const folder = "provisioning"

// suffix ends the names of notes; nothing else in the folder is touched.
const suffix = ".jsonl"

// Spool is the notes of one state folder. It is safe for concurrent use, also by several processes.
type Spool struct {
	state, dir string
	// sync brings a file or a folder to the disk; what a crash leaves follows from when it is called.
	sync func(*os.File) error
}

// New makes a Spool; it does no I/O.
func New(stateDir string) *Spool {
	return &Spool{stateDir, filepath.Join(stateDir, folder), (*os.File).Sync}
}

// Note is a call on its way. Whoever made it holds a lock on its file, which ends with the process.
type Note struct {
	spool *Spool
	file  *os.File
	call  report.Provisioning
}

// Begin notes a call that is about to be sent. Its outcome is the one that counts if no other is ever noted. Only when Begin has
// returned without an error may the call be sent: the note is on disk then.
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
	err = s.alone(func() error {
		file, err := s.create()
		if err != nil {
			return err
		}
		n = &Note{s, file, call}
		err = n.append(call, Effect{})
		for _, dir := range []string{s.dir, s.state} { // the names of file and folder, too
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

// alone does f while nobody else makes, takes in or removes notes.
func (s *Spool) alone(f func() error) error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // with it the lock ends
	if err := durable.Lock(dir); err != nil {
		return err
	}
	return f()
}

// create makes a file and locks it. Its name is behind those of all notes that wait. Times would not do: a clock that is set back
// would turn the order round.
func (s *Spool) create() (*os.File, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	last := 0
	for _, entry := range entries {
		if number, isNote := strings.CutSuffix(entry.Name(), suffix); isNote {
			n, _ := strconv.Atoi(number) // 0 for a file that somebody has put there
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

// Effect is what a call that succeeded changed of what is known.
type Effect struct {
	Allotments []report.Allotment // that are valid from now on
	Ended      string             // the customer who was deleted; empty for none
}

// End notes the outcome of the call, and its effect. After an error the outcome that Begin noted may be the one that
// counts.
func (n *Note) End(outcome, detail string, effect Effect) error {
	n.call.Outcome, n.call.Detail = outcome, detail
	if err := errors.Join(n.append(n.call, effect), n.file.Close()); err != nil {
		return fmt.Errorf("the outcome of the call could not be noted in the state folder: %w", durable.Explain(err))
	}
	return nil
}

// append writes one line and brings it to the disk.
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

// Withdraw removes the note of a call that was not sent after all.
func (n *Note) Withdraw() error {
	if err := n.spool.alone(n.remove); err != nil {
		return fmt.Errorf("the note of a call that was not sent could not be removed: %w", durable.Explain(err))
	}
	return nil
}

func (n *Note) remove() error { return errors.Join(os.Remove(n.file.Name()), n.file.Close()) }
