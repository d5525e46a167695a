package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// dump returns everything in a state file: path of buckets and key to value, and the sequences that
// number the queue's entries.
func dump(t testing.TB, db *bolt.DB) map[string]string {
	t.Helper()
	content := map[string]string{}
	var walk func(path string, b *bolt.Bucket) error
	walk = func(path string, b *bolt.Bucket) error {
		content[path] = fmt.Sprint(b.Sequence())
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return walk(fmt.Sprintf("%s/%x", path, k), b.Bucket(k))
			}
			content[fmt.Sprintf("%s/%x", path, k)] = string(v)
			return nil
		})
	}
	err := db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error { return walk(string(name), b) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// afterAnOutage returns a state folder with a long queue that was written except for some rows, and
// the file's content.
func afterAnOutage(t *testing.T) (dir string, content map[string]string) {
	t.Helper()
	s := openTest(t, t.TempDir())
	for i := range 40 {
		o := observation()
		for j := range 1000 {
			o.Items = append(o.Items, row(fmt.Sprintf("u%03d-%04d", i, j), strings.Repeat("x", 1000)))
		}
		commitTest(t, s, o)
	}
	for rows, _ := s.QueueStats(); rows > 7000; rows, _ = s.QueueStats() {
		b, _, err := s.Next(1000, 64<<20, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Next(10, 1<<20, false); err != nil { // one batch is in flight
		t.Fatal(err)
	}
	reserve(t, s, 3)
	content = dump(t, s.db)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if size := fileSize(t, s.path); size < compactFrom {
		t.Fatalf("only %d bytes to compact", size)
	}
	return filepath.Dir(s.path), content
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestALargeFileThatIsMostlyFreeIsCompacted(t *testing.T) {
	dir, content := afterAnOutage(t)
	path := filepath.Join(dir, fileName)
	before := fileSize(t, path)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+compactSuffix, []byte("half a file"), 0o600); err != nil { // of a process that died
		t.Fatal(err)
	}
	s := openTest(t, dir)
	after := fileSize(t, path)
	if after > before/2 {
		t.Errorf("%d bytes are left of %d", after, before)
	}
	if !maps.Equal(dump(t, s.db), content) {
		t.Error("the content has changed")
	}
	if rows, _ := s.QueueStats(); rows != 7000 || !s.queue.inflight {
		t.Errorf("%d rows are queued", rows)
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v %v", names, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	commitTest(t, s, observation(row("new", "A")))
	s = reopen(t, s)
	if rows, _ := s.QueueStats(); rows != 7001 {
		t.Errorf("%d rows are queued", rows)
	}
}

func TestWhatIsNotCompacted(t *testing.T) {
	t.Run("small", func(t *testing.T) {
		s := openTest(t, t.TempDir())
		commitTest(t, s, observation(row("u1", strings.Repeat("x", 4<<20))))
		drainAll(t, s)
		before := fileSize(t, s.path)
		if s = reopen(t, s); fileSize(t, s.path) != before {
			t.Errorf("%d bytes became %d", before, fileSize(t, s.path))
		}
	})
	t.Run("full", func(t *testing.T) {
		s := openTest(t, t.TempDir())
		commitTest(t, s, observation(row("u1", strings.Repeat("x", compactFrom))))
		before := fileSize(t, s.path)
		if s = reopen(t, s); fileSize(t, s.path) != before {
			t.Errorf("%d bytes became %d", before, fileSize(t, s.path))
		}
	})
	t.Run("no place for the new file", func(t *testing.T) {
		dir, content := afterAnOutage(t)
		path := filepath.Join(dir, fileName)
		if err := os.MkdirAll(filepath.Join(path+compactSuffix, "occupied"), 0o700); err != nil {
			t.Fatal(err)
		}
		before := fileSize(t, path)
		var log bytes.Buffer
		s, err := open(dir, slog.New(slog.NewTextHandler(&log, nil)), Options{}, noSync)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if fileSize(t, path) != before || !maps.Equal(dump(t, s.db), content) || !strings.Contains(log.String(), path+compactSuffix) {
			t.Errorf("%d bytes became %d: %s", before, fileSize(t, path), &log)
		}
	})
}

// TestKilledWhileCompacting: whenever the process dies, the next one finds everything.
func TestKilledWhileCompacting(t *testing.T) {
	if dir := os.Getenv("STATE_TEST_COMPACT"); dir != "" {
		openTest(t, dir)
		fmt.Println("opened")
		return
	}
	dir, content := afterAnOutage(t)
	image, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	try := func(kill func(cmd *exec.Cmd, path string)) (left, compacted bool) {
		dir := t.TempDir()
		path := filepath.Join(dir, fileName)
		if err := os.WriteFile(path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileCompacting$")
		cmd.Env = append(os.Environ(), "STATE_TEST_COMPACT="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill(cmd, path)
		_ = cmd.Wait() // killed, or not
		_, err := os.Stat(path + compactSuffix)
		left = err == nil
		compacted = fileSize(t, path) < int64(len(image))
		if s := openTest(t, dir); !maps.Equal(dump(t, s.db), content) {
			t.Error("the content has changed")
		}
		_ = os.RemoveAll(dir)
		return left, compacted
	}
	begun := time.Now()
	if left, compacted := try(func(cmd *exec.Cmd, _ string) { _ = cmd.Wait() }); left || !compacted {
		t.Fatalf("not killed: left over %t, compacted %t", left, compacted)
	}
	whole := time.Since(begun)
	var before, amid, after int
	const kills = 12
	for i := range kills {
		left, compacted := try(func(cmd *exec.Cmd, _ string) {
			time.Sleep(whole * time.Duration(i+1) / kills)
			_ = cmd.Process.Kill() // or it is over
		})
		switch {
		case left:
			amid++
		case compacted:
			after++
		default:
			before++
		}
	}
	t.Logf("killed %d times before, %d times amid and %d times after the compaction", before, amid, after)
}

// TestFileReplacedWhileWaiting: a process that waits for the lock of a file that is being compacted
// gets the new file.
func TestFileReplacedWhileWaiting(t *testing.T) {
	s := openTest(t, t.TempDir())
	dir := filepath.Dir(s.path)
	replacement := openTest(t, t.TempDir())
	commitTest(t, replacement, observation(row("u1", "new")))
	_ = replacement.Close()
	waiting := make(chan error, 1)
	var second *Store
	go func() {
		var err error
		second, err = open(dir, slog.New(slog.DiscardHandler), Options{}, noSync)
		waiting <- err
	}()
	for opened := 0; opened < 2; time.Sleep(time.Millisecond) { // the second waits for the lock
		opened = 0
		fds, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && to == s.path {
				opened++
			}
		}
	}
	if err := errors.Join(os.Rename(replacement.path, s.path), s.db.Close(), <-waiting); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if rows, _ := second.QueueStats(); rows != 1 {
		t.Errorf("%d rows", rows)
	}
}
