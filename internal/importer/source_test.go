package importer

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestSource(t *testing.T) {
	text := strings.Repeat("a report ", 100_000)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := encoder.EncodeAll([]byte(text), nil)
	var gzipped bytes.Buffer
	g := gzip.NewWriter(&gzipped)
	if _, err := g.Write([]byte(text)); err != nil || g.Close() != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ content, stdin, arg string }{
		"plain":            {text, "", ""},
		"zstd":             {string(packed), "", ""},
		"stdin":            {"", text, "-"},
		"zstd on stdin":    {"", string(packed), "-"},
		"gzip":             {gzipped.String(), "", ""},
		"gzip on stdin":    {"", gzipped.String(), "-"},
		"shorter than zst": {"a", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			arg, want := c.arg, text
			if arg == "" {
				arg = write(t, "report", c.content)
			}
			if c.content == "a" {
				want = "a"
			}
			s, err := newSource(t.Context(), arg, strings.NewReader(c.stdin))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // it has to give the same twice
				var done int64
				r, err := s.open(func(n int64) { done = n })
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil || string(got) != want || done != s.size {
					t.Errorf("%d bytes, %v, %d of %d read", len(got), err, done, s.size)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := s.remove(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(temp); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestSourceErrors(t *testing.T) {
	dir := t.TempDir()
	absent := filepath.Join(dir, "absent")
	for arg, want := range map[string]string{
		absent:      absent + ": no such file or directory",
		"/dev/null": "/dev/null: is neither a file nor a pipe; - reads standard input",
		dir:         dir + ": is a folder; name the files in it",
	} {
		if _, err := newSource(t.Context(), arg, nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestSourceOfAPipe: what a shell opens for <(…) can be read only once.
func TestSourceOfAPipe(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(path, []byte("a report"), 0o600) }() // what is missing shows below
	s, err := newSource(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := s.open(func(int64) {})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != "a report" || r.Close() != nil {
			t.Errorf("%q %v", got, err)
		}
	}
	if err := s.remove(); err != nil || s.name != path {
		t.Error(s.name, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the pipe itself is gone: %v", err)
	}
}

func TestTimesToComeAreNotBelieved(t *testing.T) {
	file := write(t, "day.json", "{}")
	coming := time.Now().Add(12 * time.Hour)
	if err := os.Chtimes(file, coming, coming); err != nil {
		t.Fatal(err)
	}
	s, err := newSource(t.Context(), file, nil)
	if err != nil || s.modifiedAt.After(time.Now()) {
		t.Errorf("%v %v", s, err)
	}
}

func TestSourceRefusesHugeWindows(t *testing.T) {
	var packed bytes.Buffer
	encoder, err := zstd.NewWriter(&packed, zstd.WithWindowSize(2*largestWindow), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * largestWindow / (1 << 20) {
		if _, err := encoder.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := newSource(t.Context(), write(t, "report.zst", packed.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.open(func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := io.Copy(io.Discard, r); err == nil {
		t.Error("a window that does not fit into memory was accepted")
	}
}

// write puts text into a file of that name.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
