package vendorhttp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// memory is how much of an answer is kept in memory if Account.Spill is set. It holds a day of
// about 20,000 connections.
const memory = 8 << 20 // bytes

// firstIdle is how long a server may be silent in the middle of an answer before we check whether
// the answer is complete. It doubles each time it is not.
const firstIdle = time.Second

var (
	errBodyTooLarge = errors.New("longer than the limit")
	errComplete     = errors.New("the server keeps the connection open after a complete answer")
)

// SpillError says that the part of an answer that exceeds memory could not be stored.
type SpillError struct{ err error }

func (e *SpillError) Error() string {
	return fmt.Sprintf("an answer of more than %d MiB could not be stored on disk: %v", memory>>20, e.err)
}
func (e *SpillError) Unwrap() error { return e.err }

// body receives an answer: the start in memory, the rest in an unnamed file that is gone with the
// process.
type body struct {
	folder string // for the file; empty: everything stays in memory
	most   int64

	mu   sync.Mutex // held while bytes are added, and while another goroutine reads the body
	head []byte
	file *os.File
	size int64
}

// Open returns the body from its start.
func (b *body) Open() (io.ReadCloser, error) {
	if b.file == nil {
		return io.NopCloser(bytes.NewReader(b.head)), nil
	}
	rest := io.NewSectionReader(b.file, 0, b.size-int64(len(b.head)))
	return io.NopCloser(io.MultiReader(bytes.NewReader(b.head), rest)), nil
}

// Size returns the length of the body in bytes.
func (b *body) Size() int64 { return b.size }

// Close removes what is on disk. The body cannot be opened again.
func (b *body) Close() error {
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	b.file = nil
	return err
}

// add appends bytes, up to the limit.
func (b *body) add(p []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if room := b.most - b.size; int64(len(p)) > room {
		p = p[:room]
		if err := b.store(p); err != nil {
			return err
		}
		return errBodyTooLarge
	}
	return b.store(p)
}

func (b *body) store(p []byte) error {
	if b.file == nil && (b.folder == "" || len(b.head)+len(p) <= memory) {
		b.head = append(b.head, p...)
		b.size += int64(len(p))
		return nil
	}
	if b.file == nil {
		file, err := os.CreateTemp(b.folder, ".answer-*")
		if err != nil {
			return &SpillError{err}
		}
		if err := os.Remove(file.Name()); err != nil {
			return &SpillError{errors.Join(err, file.Close())}
		}
		b.file = file
	}
	n, err := b.file.Write(p)
	b.size += int64(n)
	if err != nil {
		return &SpillError{err}
	}
	return nil
}

// receive reads resp to its end. It stops early when complete reports a complete document and the
// server is silent or sends what does not belong to it. stop cancels the request. The error says
// why the body stopped early, even if the document in it is complete.
func (b *body) receive(resp *http.Response, complete func() bool, stop func(error)) error {
	if n := resp.ContentLength; n > 0 {
		b.head = make([]byte, 0, min(n, b.most, 1<<20)+bytes.MinRead)
	}
	w := &watch{body: b, wait: firstIdle, complete: complete, stop: stop}
	w.timer = time.AfterFunc(w.wait, w.idle)
	defer w.end()
	chunk := make([]byte, 32<<10)
	for look := int64(2 * len(chunk)); ; {
		n, err := resp.Body.Read(chunk)
		if failed := b.add(chunk[:n]); failed != nil {
			return failed
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		w.heard()
		// Records are full of braces. Zeros, or a comment without an end, are not.
		if b.size >= look {
			look = 2 * b.size
			if bytes.IndexByte(chunk[:n], '{') < 0 && complete() {
				return errComplete
			}
		}
	}
}

// watch checks a body whenever the server has been silent for a while.
type watch struct {
	body     *body
	timer    *time.Timer
	wait     time.Duration // guarded by body.mu, like ended
	ended    bool
	complete func() bool
	stop     func(error)
}

// heard restarts the wait.
func (w *watch) heard() {
	w.body.mu.Lock()
	defer w.body.mu.Unlock()
	w.timer.Reset(w.wait)
}

func (w *watch) idle() {
	w.body.mu.Lock()
	defer w.body.mu.Unlock()
	if w.ended {
		return
	}
	if w.complete() {
		w.stop(errComplete)
		return
	}
	w.wait *= 2
}

// end stops the timer and waits for a check in progress.
func (w *watch) end() {
	w.timer.Stop()
	w.body.mu.Lock()
	defer w.body.mu.Unlock()
	w.ended = true
}
