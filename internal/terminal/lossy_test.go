package terminal

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestStalledReader: once the pipe is full, lines are dropped, and counted when the reader resumes.
func TestStalledReader(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	l := NewLossy(w, time.Millisecond)
	line := []byte(strings.Repeat("x", 999) + "\n")
	const lines = 1000 // a pipe takes 64 KiB
	for range lines {
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if l.dropped == 0 || l.dropped == lines {
		t.Fatalf("%d of %d lines were dropped", l.dropped, lines)
	}
	dropped := l.dropped
	in := bufio.NewReader(r)
	for range lines - dropped {
		if got, err := in.ReadString('\n'); err != nil || got != string(line) {
			t.Fatalf("%q %v", got, err)
		}
	}
	if _, err := l.Write([]byte("{here again}\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rest, err := in.ReadString('\x00')
	note, after, _ := strings.Cut(rest, "\n")
	var said struct{ Level, Msg string }
	if jsonErr := json.Unmarshal([]byte(note), &said); err == nil || jsonErr != nil || said.Level != "WARN" ||
		said.Msg != fmt.Sprintf("%d lines of the log were dropped, because the reader of the log stalled", dropped) || after != "{here again}\n" {
		t.Errorf("%q", rest)
	}
}

func TestLongLineIsComplete(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	long := strings.Repeat("0123456789", 5000)
	if n, err := NewLossy(file, time.Minute).Write([]byte(long)); n != len(long) || err != nil {
		t.Fatal(n, err)
	}
	if got, err := os.ReadFile(file.Name()); err != nil || string(got) != long {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestClosedPipeIsAnError(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if _, err := NewLossy(w, time.Minute).Write([]byte("x")); err == nil {
		t.Error("no error")
	}
}
