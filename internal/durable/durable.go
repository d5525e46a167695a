// Package durable brings folders to the disk, locks files between processes, and says what to do
// about an error of the disk.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// SyncFolder brings the names in a folder to the disk: a new file's own content is not enough to
// find it again after a power failure. A test that plays one passes its own sync instead of
// (*os.File).Sync.
func SyncFolder(dir string, sync func(*os.File) error) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(sync(d), d.Close())
}

// Lock waits until this process alone has the lock of an open file or folder. The lock ends with
// the file, and with the process.
func Lock(f *os.File) error { return flock(f, unix.LOCK_EX) }

// TryLock is Lock without the wait. It returns false when another process has the lock.
func TryLock(f *os.File) (bool, error) {
	err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// Locked reports whether another process has the lock of a file. A file that cannot be opened
// counts as free.
func Locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // with it a lock of ours ends
	return errors.Is(flock(f, unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Explain adds to an error of the disk what to do about it.
func Explain(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w: free space on its disk", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: run commands and daemon as the same user", err)
	}
	return err
}
