package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"alpemix-collector/internal/durable"
)

// ErrInUse means that another process is using the engine's folder.
var ErrInUse = errors.New("it is in use by another process, usually a running collector")

// Doors are the lock of the engine's folder and the sockets that the engine listens on. The process
// that starts the engine opens them, passes them to the engine and keeps them while it restarts. So
// no other process can take the port or the socket meanwhile, and requests wait.
//
// The lock is released when the last process that has it stops, so no two engines ever use one
// folder.
type Doors struct {
	lock    *os.File
	owner   *net.UnixListener // in the folder, which only its owner can open; clients of it may write
	readers *net.TCPListener  // nil if readers are not served
	dir     string
}

// File descriptors of the doors in the engine's process.
const (
	lockFD    = 3
	ownerFD   = 4
	readersFD = 5
)

// socketName is the name of the owner's socket in the engine's folder.
const socketName = "socket"

// OpenDoors creates and locks the engine's folder and listens: on a socket in the folder for its
// owner, and on listen (host:port) for readers, unless listen is empty. It returns ErrInUse if
// another process has the lock.
func OpenDoors(dir, listen string) (*Doors, error) {
	d := &Doors{dir: dir}
	var err error
	if d.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	if err = d.listen(listen); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Doors) listen(readers string) error {
	// We have the lock, so an existing socket was left by a process that was killed.
	if err := os.Remove(filepath.Join(d.dir, socketName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("embedded ClickHouse: cannot replace its socket: %w", err)
	}
	path, done, err := socketPath(d.dir)
	if err != nil {
		return err
	}
	defer done()
	if d.owner, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}); err != nil {
		return fmt.Errorf("embedded ClickHouse cannot listen in %s: %w", d.dir, err)
	}
	d.owner.SetUnlinkOnClose(false) // Close removes it: this path may be gone by then
	if err := os.Chmod(filepath.Join(d.dir, socketName), 0o600); err != nil {
		return fmt.Errorf("embedded ClickHouse: %w", err)
	}
	if readers == "" {
		return nil
	}
	l, err := net.Listen("tcp", readers)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("clickhouse.embedded.listen: %s is in use by another process%s; stop that process or choose a free port: %w",
			readers, holder(readers), err)
	case err != nil:
		return fmt.Errorf("clickhouse.embedded.listen: cannot listen on %s: %w", readers, err)
	}
	d.readers = l.(*net.TCPListener)
	return nil
}

// Addr returns the address for readers, or "" if they are not served.
func (d *Doors) Addr() string {
	if d.readers == nil {
		return ""
	}
	return d.readers.Addr().String()
}

// files returns the doors for a child, from descriptor 3 on. The caller closes them.
func (d *Doors) files() (files []*os.File, err error) {
	owner, err := d.owner.File()
	if err != nil {
		return nil, err
	}
	lock, err := unix.FcntlInt(d.lock.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(err, owner.Close())
	}
	files = []*os.File{os.NewFile(uintptr(lock), "lock"), owner}
	if d.readers != nil {
		readers, err := d.readers.File()
		if err != nil {
			return nil, errors.Join(err, owner.Close(), files[0].Close())
		}
		files = append(files, readers)
	}
	return files, nil
}

// Inherited returns the doors that the parent passed to this process.
func Inherited(dir string, readers bool) (*Doors, error) {
	d := &Doors{dir: dir, lock: os.NewFile(lockFD, "lock")}
	listener := func(fd uintptr, name string) (net.Listener, error) {
		f := os.NewFile(fd, name)
		defer f.Close()
		return net.FileListener(f)
	}
	l, err := listener(ownerFD, socketName)
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: this command is for the collector's own use: %w", err)
	}
	var ok bool
	if d.owner, ok = l.(*net.UnixListener); !ok {
		return nil, errors.New("embedded ClickHouse: this command is for the collector's own use")
	}
	if readers {
		if l, err = listener(readersFD, "readers"); err != nil {
			return nil, fmt.Errorf("embedded ClickHouse: %w", err)
		}
		d.readers, _ = l.(*net.TCPListener)
	}
	return d, nil
}

// Close closes the doors. It removes the socket while it still has the lock.
func (d *Doors) Close() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	if d.owner != nil {
		errs = append(errs, d.owner.Close(), os.Remove(filepath.Join(d.dir, socketName)))
	}
	return errors.Join(append(errs, d.lock.Close())...)
}

// lockDir locks the folder for this process and for those that it passes the file to. The system
// releases the lock when all of them have stopped, however they stop. lockDir waits briefly,
// because the engine of a daemon that was just killed needs time to notice.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: cannot create its folder: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // any client of the socket in it may write
		return nil, fmt.Errorf("embedded ClickHouse: cannot keep others out of its folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: %w", err)
	}
	for range 40 {
		ours, err := durable.TryLock(f)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("embedded ClickHouse: %w", err), f.Close())
		}
		if ours {
			return f, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("embedded ClickHouse in %s: %w", dir, ErrInUse), f.Close())
}
