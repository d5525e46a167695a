package engine

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// The engine's memory limit of a query covers neither a complete answer that it holds nor some
// functions. Some functions also never check whether their query was canceled. So memoryWatch
// monitors the memory of the process while readers' queries run.
const (
	watchEvery  = 100 * time.Millisecond
	watchAfter  = 500 * time.Millisecond // short queries do not fill memory
	restartLate = 2 * time.Second        // a query that still runs after this ignores its cancellation
)

// errMemory is the error of queries that memoryWatch stops.
var errMemory = refuse(codeMemoryLimit, "Memory limit exceeded: the engine has too little memory left. "+
	"Read less data, or use a streamed format: JSONEachRow, CSV, TabSeparated, RowBinary or Native")

// memoryWatch stops readers' queries when memory runs out.
type memoryWatch struct {
	most    uint64 // maximum bytes of memory of this process
	used    func() uint64
	restart func()

	mu      sync.Mutex
	running map[*watchedQuery]bool
	active  bool
}

// watchedQuery is a running query.
type watchedQuery struct {
	since  time.Time
	ended  time.Time // when it was canceled; zero if it was not
	cancel func(why error)
}

// newMemoryWatch returns a memoryWatch that allows a quarter more than memory, the most that one
// reader's query may use, for what the engine does not count.
func newMemoryWatch(memory uint64) *memoryWatch {
	return &memoryWatch{most: memory + memory/4, used: residentBytes, restart: func() {
		slog.Error("embedded ClickHouse: a reader's query uses too much memory and cannot be stopped; restarting the engine")
		os.Exit(1) // acknowledged rows are on disk
	}}
}

// add watches a query until done is called, and calls cancel if memory runs out.
func (m *memoryWatch) add(cancel func(why error)) (done func()) {
	q := &watchedQuery{since: time.Now(), cancel: cancel}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running == nil {
		m.running = make(map[*watchedQuery]bool)
	}
	m.running[q] = true
	if !m.active {
		m.active = true
		go m.check()
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.running, q)
	}
}

// check checks memory while queries are running.
func (m *memoryWatch) check() {
	for {
		time.Sleep(watchEvery)
		m.mu.Lock()
		if len(m.running) == 0 {
			m.active = false
			m.mu.Unlock()
			return
		}
		if m.used() > m.most {
			m.stop(time.Now())
		}
		m.mu.Unlock()
	}
}

// stop cancels the queries that have run for longer than watchAfter. If one still runs restartLate
// after that, it restarts the process.
func (m *memoryWatch) stop(now time.Time) {
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

// residentBytes returns the memory of this process, or 0 if it is unknown.
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
