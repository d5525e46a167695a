package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadyMeansThatTheStateFolderTakesWrites(t *testing.T) {
	dir := t.TempDir()
	p := &probing{dir: dir, limit: patience}
	if err := p.check(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	p.dir = filepath.Join(dir, "gone")
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a folder that is gone: %v", err)
	}
	p.dir = dir
	if err := p.check(); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func TestReadyOnAFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	p := &probing{dir: dir, limit: patience}
	if err := os.WriteFile(filepath.Join(dir, "rest"), make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a full disk: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "rest")); err != nil {
		t.Fatal(err)
	}
	if err := p.check(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("read only: %v", err)
	}
}

// TestReadyOnADiskThatHangs: one probe waits, and whoever asks is answered.
func TestReadyOnADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan error, 1)
		p := newProbing(t.TempDir())
		p.at, p.last = time.Now(), hung
		for range 3 {
			if err := p.check(); err == nil || !strings.Contains(err.Error(), "has not finished for") {
				t.Errorf("while it hangs: %v", err)
			}
		}
		hung <- nil
		p.at = time.Now()
		if err := p.check(); err != nil || p.last != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// patience bounds what should take no time at all, on a machine of any load.
const patience = 4 * time.Minute
