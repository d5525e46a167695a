package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	holder, other := open(), open() // a lock belongs to the open file, so these stand for two processes
	defer func() { _ = other.Close() }()
	if err := Lock(holder); err != nil {
		t.Fatal(err)
	}
	if ok, err := TryLock(other); ok || err != nil || !Locked(path) {
		t.Errorf("while it is held: TryLock %v, %v, Locked %v", ok, err, Locked(path))
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if Locked(path) {
		t.Error("Locked after its holder has closed it")
	}
	if ok, err := TryLock(other); !ok || err != nil {
		t.Errorf("after its holder has closed it: TryLock %v, %v", ok, err)
	}
	if Locked(path + ".absent") {
		t.Error("a file that does not exist is Locked")
	}
}

func TestSyncFolder(t *testing.T) {
	dir := t.TempDir()
	var synced string
	broken := errors.New("broken")
	err := SyncFolder(dir, func(f *os.File) error { synced = f.Name(); return broken })
	if synced != dir || !errors.Is(err, broken) {
		t.Errorf("synced %q with error %v", synced, err)
	}
	if err := SyncFolder(dir, (*os.File).Sync); err != nil {
		t.Error(err)
	}
}

func TestExplain(t *testing.T) {
	other := errors.New("other")
	for cause, advice := range map[error]string{
		syscall.ENOSPC:   "free space on its disk",
		syscall.EDQUOT:   "free space on its disk",
		fs.ErrPermission: "run commands and daemon as the same user",
		other:            "",
	} {
		err := Explain(fmt.Errorf("write x: %w", cause))
		if !errors.Is(err, cause) || !strings.HasSuffix(err.Error(), advice) {
			t.Errorf("%v is explained as %v", cause, err)
		}
	}
}
