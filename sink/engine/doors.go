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

// ErrInUse is the cause where another process has the engine's folder.
var ErrInUse = errors.New("another process has it open, as a rule a collector that is running")

// Doors are the folder's lock and what the engine listens on. The process that starts the engine opens them, hands them down and
// keeps them while the engine restarts: nobody else can take the port or the socket meanwhile, and requests wait. The lock
// ends with the last process that has it, so that no two engines ever work on one folder.
type Doors struct {
	lock    *os.File
	owner   *net.UnixListener // in the folder, which is its owner's only: who connects here may write
	readers *net.TCPListener  // nil: none
	dir     string
}

// File descriptors by which the engine's process finds its doors.
const (
	lockFD    = 3
	ownerFD   = 4
	readersFD = 5
)

// socketName is that of the owner's socket in the engine's folder.
const socketName = "socket"

// OpenDoors takes the engine's folder, which it creates, and listens: for the owner of the folder in the folder, for readers
// on listen (host:port), unless that is empty. A folder that another process has is ErrInUse.
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
	// A socket that is there is left of a process that ended without notice: the lock is ours.
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
	d.owner.SetUnlinkOnClose(false) // by a path that may be gone; Close does
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

// Addr is where readers are served, "" where they are not.
func (d *Doors) Addr() string {
	if d.readers == nil {
		return ""
	}
	return d.readers.Addr().String()
}

// files are the doors for a child, from descriptor 3 on. The caller closes them.
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

// Inherited are the doors that the parent handed down to this process.
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

// Close gives the doors back. The socket is removed as long as the lock is held.
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

// lockDir takes the folder for this process and those that it hands the file to; the system gives it back when they have ended,
// however they end. An engine whose daemon was killed just now is given the time to notice.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: cannot create its folder: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // who can reach the socket in it may write
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
