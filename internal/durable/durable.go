// Package durable flushes folders to disk, locks files between processes, and adds advice to disk
// errors.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// SyncFolder flushes the names in a folder to disk. Without it, a power failure may lose a new file
// whose content was flushed. sync is (*os.File).Sync, or a fake in tests.
func SyncFolder(dir string, sync func(*os.File) error) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(sync(d), d.Close())
}

// Lock waits for the exclusive lock of an open file or folder. Closing f or ending the process
// releases the lock.
func Lock(f *os.File) error { return flock(f, unix.LOCK_EX) }

// TryLock is Lock without the wait. It returns false if another process holds the lock.
func TryLock(f *os.File) (bool, error) {
	err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// Locked reports whether another process holds the lock of a file. A file that cannot be opened
// counts as unlocked.
func Locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // closing releases our lock
	return errors.Is(flock(f, unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Explain adds to a disk error what to do about it.
func Explain(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w: free space on its disk", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: run commands and daemon as the same user", err)
	}
	return err
}

// Bare returns the system's own word on err, without the path, which the sentence around it has
// already.
func Bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
