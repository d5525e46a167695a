package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/internal/durable"
)

// ErrGone is returned when the state file was deleted or replaced while this process had it open.
var ErrGone = errors.New("the state file is gone")

// rescueSuffix is the suffix of the copy that Close writes if another file has the name now.
const rescueSuffix = ".rescued"

// Intact returns ErrGone if the open file no longer has its name: what is written to a deleted file
// is lost when the process stops.
func (s *Store) Intact() error {
	named, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s was deleted while the collector was running: nothing more is read from the vendors; "+
			"restart the collector, it writes the file again when it stops", ErrGone, s.path)
	case err == nil && s.own != nil && !os.SameFile(named, s.own):
		return fmt.Errorf("%w: %s was replaced by another file while the collector was running: nothing more is read from the vendors; "+
			"restart the collector, which then uses the file that is there now and keeps what it had in %s",
			ErrGone, s.path, s.path+rescueSuffix)
	}
	return nil // the transaction will report any other error
}

// rescue writes the content of a file that has lost its name: under that name or, if another file
// has it now, under a new one.
func (s *Store) rescue() error {
	gone := s.Intact()
	if gone == nil {
		return nil
	}
	copied := s.path + rescueSuffix
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return explain(copied, err)
	}
	err := s.db.View(func(tx *bolt.Tx) error { return tx.CopyFile(copied, 0o600) })
	if err != nil {
		return explain(copied, err)
	}
	err = os.Link(copied, s.path) // never over another file
	switch {
	case err == nil:
		err = os.Remove(copied)
		s.log.Warn("the state file was deleted while the collector was running; it was written again", "file", s.path)
	case errors.Is(err, fs.ErrExist):
		err = nil
		s.log.Warn("another state file has replaced the open one, whose content was kept", "file", copied)
	}
	if err = errors.Join(err, durable.SyncFolder(filepath.Dir(s.path), (*os.File).Sync)); err != nil {
		return explain(copied, err)
	}
	return nil
}
