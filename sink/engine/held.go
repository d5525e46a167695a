package engine

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// The engine holds all of an answer in a format that is not streamed, and counts it for no limit of a query. So the process's
// own memory is watched while readers ask for such answers.
const (
	watchEvery = 100 * time.Millisecond
	watchAfter = 500 * time.Millisecond // short queries are not what fills memory
)

// errAnswerTooLarge ends such a query.
var errAnswerTooLarge = refuse(codeMemoryLimit, "Memory limit exceeded: the answer is too large to be buffered. "+
	"Ask for less, or use a format that is streamed: JSONEachRow, CSV, TabSeparated, RowBinary or Native")

// heldAnswers are readers' queries whose answers are held whole.
type heldAnswers struct {
	most uint64 // bytes of memory of this process
	used func() uint64

	mu      sync.Mutex
	running map[*heldAnswer]bool
	looking bool
}

type heldAnswer struct {
	since  time.Time
	cancel context.CancelCauseFunc
}

// watch ends cancel's query if memory runs out before done is called.
func (h *heldAnswers) watch(cancel context.CancelCauseFunc) (done func()) {
	a := &heldAnswer{time.Now(), cancel}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil {
		h.running = make(map[*heldAnswer]bool)
	}
	h.running[a] = true
	if !h.looking {
		h.looking = true
		go h.look()
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.running, a)
	}
}

// look runs as long as there are such queries.
func (h *heldAnswers) look() {
	for {
		time.Sleep(watchEvery)
		h.mu.Lock()
		if len(h.running) == 0 {
			h.looking = false
			h.mu.Unlock()
			return
		}
		if h.used() > h.most {
			for a := range h.running {
				if time.Since(a.since) > watchAfter {
					a.cancel(errAnswerTooLarge)
				}
			}
		}
		h.mu.Unlock()
	}
}

// residentBytes is the memory of this process, 0 where the system does not say.
func residentBytes() uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0
	}
	return resident * uint64(os.Getpagesize())
}
