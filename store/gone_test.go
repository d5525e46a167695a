package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFileDeletedWhileOpen: nothing is recorded in a file without a name, what waits can still be
// written, and the next start finds everything.
func TestFileDeletedWhileOpen(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lose  func(path string) error
		again string // where everything is after Close
	}{
		{"deleted", os.Remove, ""},
		{"with its folder", func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, ""},
		{"renamed", func(path string) error { return os.Rename(path, path+".old") }, ""},
		{"replaced", func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, []byte("theirs"), 0o600))
		}, rescueSuffix},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := openTest(t, dir)
			commitTest(t, s, observation(row("u1", "A"), row("u2", "B")))
			batch, _, err := s.Next(1, 1<<20, false)
			if err == nil {
				err = tt.lose(s.path)
			}
			if err != nil {
				t.Fatal(err)
			}
			late := row("u3", "C")
			if err := s.Commit(observation(late)); !errors.Is(err, ErrGone) || s.Seen("main", late.Hash) {
				t.Errorf("a commit: %v, seen %v", err, s.Seen("main", late.Hash))
			}
			if _, _, err := s.Reserve("ip", "report", 3, time.Minute, time.Now()); !errors.Is(err, ErrGone) {
				t.Errorf("a request: %v", err)
			}
			if err := s.Ack(batch); err != nil {
				t.Errorf("what was written to ClickHouse: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if tt.again != "" {
				theirs, err := os.ReadFile(s.path)
				if err != nil || string(theirs) != "theirs" {
					t.Errorf("the other file holds %q, %v", theirs, err)
				}
				if err := os.Rename(s.path+tt.again, s.path); err != nil {
					t.Fatal(err)
				}
			}
			s = openTest(t, dir)
			if rows, _ := s.QueueStats(); rows != 1 || !s.Seen("main", row("u1", "A").Hash) || s.Seen("main", late.Hash) {
				t.Errorf("%d rows are queued", rows)
			}
			if left, err := filepath.Glob(s.path + ".*"); err != nil || len(left) > 1 {
				t.Errorf("the folder holds %v, %v", left, err)
			}
		})
	}
}
