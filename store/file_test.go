package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

func openError(t *testing.T, dir string) error {
	t.Helper()
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err == nil {
		_ = s.Close()
		t.Fatal("no error")
	}
	if !strings.Contains(err.Error(), filepath.Join(dir, fileName)) && !strings.Contains(err.Error(), dir) {
		t.Errorf("%v does not name the file", err)
	}
	return err
}

func TestTheFolderAndTheFileAreTheOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	s := openTest(t, dir)
	for path, want := range map[string]fs.FileMode{dir: 0o700, s.path: 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	if dir := os.Getenv("STATE_TEST_HOLD"); dir != "" {
		s := openTest(t, dir)
		fmt.Println("held")
		_, _ = os.Stdin.Read(make([]byte, 1))
		_ = s.Close()
		return
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestASecondProcessIsRefused$")
	cmd.Env = append(os.Environ(), "STATE_TEST_HOLD="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if err := openError(t, dir); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "one process at a time") {
		t.Error(err)
	}
	_ = stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	openTest(t, dir)
}

func TestANewerFormatIsRefused(t *testing.T) {
	s := openTest(t, t.TempDir())
	if err := s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, numberKey(formatNumber+1)) }); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if err := openError(t, filepath.Dir(s.path)); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), fmt.Sprint("format ", formatNumber+1)) {
		t.Error(err)
	}
}

// TestOlderFormat: format 1 knew nothing of resellers.
func TestOlderFormat(t *testing.T) {
	s := openTest(t, t.TempDir())
	commitTest(t, s, observation(row("u1", "A")))
	err := s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{resellersBucket, customersBucket, eventsBucket, deliveriesBucket} {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(formatKey, numberKey(1))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = s.db.Close()
		s = openTest(t, filepath.Dir(s.path))
	}
	take(t, s, snapshot(noon, allotted("a", 1, 0)), 1)
	if b := drainAll(t, s); len(b.Entries) != 1 || len(b.Allotments) != 1 {
		t.Errorf("%+v", b)
	}
	if err := s.db.View(func(tx *bolt.Tx) error {
		if got := number(tx.Bucket(metaBucket).Get(formatKey)); got != formatNumber {
			return fmt.Errorf("format %d", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestPlacesThatCannotBeWritten(t *testing.T) {
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	openError(t, filepath.Join(occupied, "state"))
	if err := openError(t, "/proc/state"); !strings.Contains(err.Error(), "/proc/state") {
		t.Error(err)
	}
	for cause, want := range map[error]string{
		syscall.EROFS: "read-only disk", fs.ErrPermission: "no permission", syscall.ENOSPC: "free space", syscall.EIO: "state file x",
	} {
		if err := explain("x", cause); !errors.Is(err, cause) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

// filled returns the content of a state file with some of everything.
func filled(t *testing.T) []byte {
	t.Helper()
	s := openTest(t, t.TempDir())
	var items []report.Item
	for i := range 500 {
		items = append(items, row(fmt.Sprint("u", i), "A"))
	}
	o := observation(items...)
	o.Days = []report.DayStatus{{Account: "main", Day: 1, State: report.DayOpen}}
	commitTest(t, s, o)
	take(t, s, snapshot(noon, allotted("a", 1, 0)), 1)
	reserve(t, s, 3)
	_ = s.Close()
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDamageIsAnErrorAndNoCrash(t *testing.T) {
	content := filled(t)
	page := os.Getpagesize()
	tests := map[string]func([]byte) []byte{
		"not a state file": func([]byte) []byte { return []byte(strings.Repeat("no bbolt file\n", 2000)) },
		"a few bytes":      func(b []byte) []byte { return b[:100] },
		"shortened":        func(b []byte) []byte { return b[:4*page] },
		"zeroed pages":     func(b []byte) []byte { clear(b[4*page:]); return b },
		"noise in all but the first pages": func(b []byte) []byte {
			for i := 2 * page; i < len(b); i++ {
				b[i] ^= byte(i * 7)
			}
			return b
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, fileName), damage(append([]byte(nil), content...)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := openError(t, dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "move it away") {
				t.Error(err)
			}
		})
	}
}

// TestFullDiskChangesNothing writes against a limit on file sizes, which fails like a full disk, in
// the middle of a transaction.
func TestFullDiskChangesNothing(t *testing.T) {
	s := openTest(t, t.TempDir())
	first := row("u1", "A")
	commitTest(t, s, observation(first))
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	full := before
	full.Cur = 4 << 20 // go test's own log of opened files has to fit
	restore := func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	defer restore()
	edited := row("u1", "B")
	items := []report.Item{edited}
	for i := range 6000 {
		items = append(items, row(fmt.Sprint("v", i), strings.Repeat("x", 1000)))
	}
	o := observation(items...)
	o.Fetches = []report.Fetch{{At: noon, Account: "main"}}
	o.Days = []report.DayStatus{{Account: "main", Day: 1, State: report.DayOpen}}
	for range 2 {
		err := s.Commit(o)
		if err == nil || !strings.Contains(err.Error(), "free space") || !strings.Contains(err.Error(), s.path) {
			t.Fatalf("error %v", err)
		}
		if rows, _ := s.QueueStats(); rows != 1 || s.Seen("main", edited.Hash) || !s.Seen("main", first.Hash) || len(s.Days("main")) != 0 ||
			s.Totals("main", first.LocalDay).Rows != 1 || len(s.fetches) != 0 {
			t.Errorf("the memory has changed: %d rows", rows)
		}
	}
	restore()
	commitTest(t, s, o)
	if rows, _ := s.QueueStats(); rows != 6002 || !s.Seen("main", edited.Hash) || s.Seen("main", first.Hash) {
		t.Errorf("%d rows after space was freed", rows)
	}
	s = reopen(t, s)
	if b := drainAll(t, s); len(b.Entries) != 6002 || len(b.Fetches) != 1 || len(b.Days) != 1 {
		t.Errorf("%d entries, %d fetches, %d days", len(b.Entries), len(b.Fetches), len(b.Days))
	}
}

func TestAReservationThatCannotBeWrittenIsNone(t *testing.T) {
	s := openTest(t, t.TempDir())
	_ = s.db.Close()
	if id, _, err := s.Reserve("ip", "report", 3, window, time.Now()); err == nil || id != 0 {
		t.Errorf("%d %v", id, err)
	}
	if got := s.Remaining("ip", "report", 3, window, time.Now()); got != 3 {
		t.Errorf("%d remain", got)
	}
}

// TestDiskCountsAfterFailure simulates a transaction that reached the disk although its end was
// reported as a failure.
func TestDiskCountsAfterFailure(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "A")
	before := s.queue
	commitTest(t, s, observation(item))
	s.seen = map[string]seenSet{}
	s.queue, s.version, s.stale = before, 0, true
	edited := observation(row("u1", "B"))
	commitTest(t, s, edited)
	b := drainAll(t, s)
	if len(b.Entries) != 2 || b.Entries[1].Version <= b.Entries[0].Version || s.Seen("main", item.Hash) {
		t.Errorf("%+v", b.Entries)
	}
}
