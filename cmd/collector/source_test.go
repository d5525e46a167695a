package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestSource(t *testing.T) {
	text := strings.Repeat("a report ", 100_000)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := encoder.EncodeAll([]byte(text), nil)
	for name, c := range map[string]struct{ content, stdin, arg string }{
		"plain":            {text, "", ""},
		"zstd":             {string(packed), "", ""},
		"stdin":            {"", text, "-"},
		"zstd on stdin":    {"", string(packed), "-"},
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
			s, err := (&app{stdin: strings.NewReader(c.stdin)}).newSource(arg)
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
		absent: absent + ": no such file or directory",
		dir:    dir + ": not a regular file; - reads standard input",
	} {
		if _, err := new(app).newSource(arg); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
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
	s, err := new(app).newSource(write(t, "report.zst", packed.String()))
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
