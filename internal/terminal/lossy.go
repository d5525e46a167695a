package terminal

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Lossy writes to a pipe or terminal and waits for a stalled reader only once, because a full pipe
// or Ctrl-S must not stop a daemon that logs. It drops what does not fit and logs the number of
// dropped writes later.
type Lossy struct {
	file *os.File
	wait time.Duration

	mu      sync.Mutex
	dropped int // writes
}

// NewLossy returns a Lossy that waits for the reader of file for at most wait, and then not again until it reads.
func NewLossy(file *os.File, wait time.Duration) *Lossy { return &Lossy{file: file, wait: wait} }

// File returns the file that is written to.
func (l *Lossy) File() *os.File { return l.file }

// Write implements io.Writer. A dropped write is not an error.
func (l *Lossy) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	wait := l.wait
	if l.dropped > 0 {
		wait = 0
	}
	if !l.hasRoom(wait) {
		l.dropped++
		return len(p), nil
	}
	if l.dropped > 0 {
		note := fmt.Sprintf("%d lines of the log were dropped, because the reader of the log stalled", l.dropped)
		l.dropped = 0
		now := time.Now().UTC().Format(time.RFC3339Nano)
		if p[0] == '{' { // log.format is json
			note = fmt.Sprintf(`{"time":%q,"level":"WARN","msg":%q}`+"\n", now, note)
		} else {
			note = fmt.Sprintf("time=%s level=WARN msg=%q\n", now, note)
		}
		if _, err := l.file.WriteString(note); err != nil {
			return 0, err
		}
	}
	for rest := p; len(rest) > 0; {
		if !l.hasRoom(l.wait) {
			l.dropped++
			return len(p), nil
		}
		n, err := l.file.Write(rest[:min(len(rest), pipeRoom)])
		if err != nil {
			return len(p) - len(rest), err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// pipeRoom is PIPE_BUF: a writable pipe accepts at least as much.
const pipeRoom = 4096

// hasRoom waits until a write of pipeRoom bytes does not block. A file without a reader has room:
// its write fails at once.
func (l *Lossy) hasRoom(wait time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(l.file.Fd()), Events: unix.POLLOUT}}
	for deadline := time.Now().Add(wait); ; {
		n, err := unix.Poll(fds, int(max(time.Until(deadline), 0).Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		return err != nil || n > 0
	}
}
