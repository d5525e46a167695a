package engine

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// The engine counts neither an answer that it holds whole nor the memory of some functions for the limit of a query, and some
// functions do not look whether their query has been ended. So the process's own memory is watched while readers' queries run.
const (
	watchEvery  = 100 * time.Millisecond
	watchAfter  = 500 * time.Millisecond // short queries are not what fills memory
	restartLate = 2 * time.Second        // a query that goes on for so long does not take notice of its end
)

// errMemory ends such a query.
var errMemory = refuse(codeMemoryLimit, "Memory limit exceeded: the engine has too little memory left. "+
	"Ask for less, or use a format that is streamed: JSONEachRow, CSV, TabSeparated, RowBinary or Native")

// memoryWatch ends readers' queries when memory runs out.
type memoryWatch struct {
	most    uint64 // bytes of memory of this process
	used    func() uint64
	restart func()

	mu      sync.Mutex
	running map[*watched]bool
	looking bool
}

// watched is a running query.
type watched struct {
	since  time.Time
	ended  time.Time // zero as long as it may run
	cancel func(why error)
}

// newMemoryWatch leaves a query of a reader, which may take memory bytes, as much again for what the engine does not count.
func newMemoryWatch(memory uint64) *memoryWatch {
	return &memoryWatch{most: memory + memory/4, used: residentBytes, restart: func() {
		slog.Error("embedded ClickHouse: a reader's query takes all memory and does not end; the engine restarts")
		os.Exit(1) // acknowledged rows are on disk
	}}
}

// add ends cancel's query if memory runs out before done is called.
func (m *memoryWatch) add(cancel func(why error)) (done func()) {
	q := &watched{since: time.Now(), cancel: cancel}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running == nil {
		m.running = make(map[*watched]bool)
	}
	m.running[q] = true
	if !m.looking {
		m.looking = true
		go m.look()
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.running, q)
	}
}

// look runs as long as there are such queries.
func (m *memoryWatch) look() {
	for {
		time.Sleep(watchEvery)
		m.mu.Lock()
		if len(m.running) == 0 {
			m.looking = false
			m.mu.Unlock()
			return
		}
		if m.used() > m.most {
			m.end(time.Now())
		}
		m.mu.Unlock()
	}
}

// end ends what runs, and the process where that had no effect.
func (m *memoryWatch) end(now time.Time) {
	for q := range m.running {
		switch {
		case !q.ended.IsZero():
			if now.Sub(q.ended) > restartLate {
				m.restart()
			}
		case now.Sub(q.since) > watchAfter:
			q.ended = now
			q.cancel(errMemory)
		}
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
