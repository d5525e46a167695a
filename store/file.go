package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"alpemix-collector/internal/durable"
)

// Errors of Open and of changes. They are wrapped with the path and what to do.
var (
	ErrLocked  = errors.New("in use by another collector process")
	ErrDamaged = errors.New("state file is damaged")
	ErrNewer   = errors.New("state file was written by a newer collector")
)

// lockFor is how long Open waits for a process that is stopping.
const lockFor = 500 * time.Millisecond

// mapSize is the address space reserved for the file. Whenever a transaction outgrows it, bbolt
// copies everything the transaction holds: with a small one, the first read of a large day took
// eight times as long. It uses neither memory nor disk.
const mapSize = 256 << 20

// growth is by how much the file grows at a time.
const growth = 1 << 20

// openFile opens or creates the bbolt file. Damage makes bbolt panic, and a shortened file causes a
// fault in the memory map. Both become an error here.
func openFile(dir, path string, opts bolt.Options) (db *bolt.DB, err error) {
	defer catchDamage(path, &err)()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, explain(path, err)
	}
	if db, err = openLocked(path, opts); err != nil {
		return nil, explain(path, err)
	}
	// The name of a new file must survive a power failure too, even if the process that created it
	// died before it flushed the folder.
	if err := durable.SyncFolder(filepath.Dir(path), (*os.File).Sync); err != nil {
		return nil, explain(path, errors.Join(err, db.Close()))
	}
	return db, nil
}

// openLocked opens the file that has the name path once we hold its lock. While we waited for the
// lock, its holder may have replaced the file by a compacted one.
func openLocked(path string, opts bolt.Options) (*bolt.DB, error) {
	for {
		var ours fs.FileInfo
		opts.OpenFile = func(name string, flag int, mode fs.FileMode) (f *os.File, err error) {
			if f, err = os.OpenFile(name, flag, mode); err == nil {
				ours, err = f.Stat()
			}
			return f, err
		}
		db, err := openBolt(path, opts)
		if err != nil {
			return nil, err
		}
		named, err := os.Stat(path)
		if err == nil && os.SameFile(ours, named) {
			return db, nil
		}
		if err = errors.Join(err, db.Close()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

func openBolt(path string, opts bolt.Options) (*bolt.DB, error) {
	opts.Timeout = lockFor
	opts.FreelistType = bolt.FreelistMapType
	opts.InitialMmapSize = mapSize
	db, err := bolt.Open(path, 0o600, &opts)
	if err == nil {
		db.AllocSize = growth
	}
	return db, err
}

// catchDamage turns a panic or memory fault in the deferring function into an error.
func catchDamage(path string, err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if r := recover(); r != nil {
			*err = damaged(path, fmt.Errorf("%v", r))
		}
	}
}

func damaged(path string, cause error) error {
	return fmt.Errorf("%w: %s: %w: keep a copy of it for examination, move it away and start again; "+
		"today and yesterday are then read from the vendor again, only rows that were still queued in it are lost",
		ErrDamaged, path, cause)
}

func (s *Store) explain(err error) error { return explain(s.path, err) }

// explain adds the path and what to do to an error of the file.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrNewer):
		return err
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%w: %s: one process at a time; a collector is already using it", ErrLocked, path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch),
		errors.Is(err, errEntry), errors.Is(err, errIdentity), errors.Is(err, errBoundary),
		strings.Contains(err.Error(), "file size too small"): // bbolt has no error value for it
		return damaged(path, err)
	case isErrno(err, syscall.ENOSPC), isErrno(err, syscall.EDQUOT), isErrno(err, syscall.EFBIG):
		return fmt.Errorf("no room to write the state file %s: free space on its disk: %w", path, err)
	case isErrno(err, syscall.EROFS):
		return fmt.Errorf("state file %s is on a read-only disk: mount it writable: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission to write the state file %s: run it as the user who owns that folder: %w", path, err)
	}
	return fmt.Errorf("state file %s: %w", path, err)
}

// isErrno also recognizes errors that bbolt passes on only as text.
func isErrno(err error, errno syscall.Errno) bool {
	return errors.Is(err, errno) || strings.Contains(err.Error(), errno.Error())
}
