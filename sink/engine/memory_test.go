package engine

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestMemoryWatch: no query is stopped while there is memory. Without, long
// queries are stopped and short ones are not. A query that ignores that restarts the process.
func TestMemoryWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Uint64
		restarts := 0
		m := &memoryWatch{most: 100, used: used.Load, restart: func() { restarts++ }}
		start := func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return ctx, m.add(cancel)
		}
		long, longDone := start()
		time.Sleep(time.Minute)
		if long.Err() != nil {
			t.Fatal("stopped while there was memory")
		}
		used.Store(101)
		short, shortDone := start()
		time.Sleep(2 * watchEvery)
		if context.Cause(long) != error(errMemory) || short.Err() != nil {
			t.Errorf("long: %v, short: %v", context.Cause(long), context.Cause(short))
		}
		longDone()
		time.Sleep(watchAfter + restartLate/2)
		if context.Cause(short) != error(errMemory) || restarts != 0 {
			t.Errorf("short: %v, %d restarts", context.Cause(short), restarts)
		}
		used.Store(100)
		time.Sleep(time.Minute)
		if restarts != 0 {
			t.Error("a restart while there is memory")
		}
		used.Store(101)
		time.Sleep(watchEvery)
		synctest.Wait()
		if restarts == 0 {
			t.Error("no restart although a query cannot be stopped")
		}
		shortDone()
		time.Sleep(2 * watchEvery)
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.active {
			t.Error("the watch is active although nothing runs")
		}
	})
}

// TestBlockRows: long names shorten blocks, wherever the names come from.
func TestBlockRows(t *testing.T) {
	addr := fixture(t)
	name := strings.Repeat("x", 100_000)
	for params, text := range map[string]string{
		"":                "SELECT max(blockSize()) AS " + name + " FROM numbers(100000) FORMAT TSV",
		"param_n=" + name: "SELECT max(blockSize()) AS {n:Identifier} FROM numbers(100000) FORMAT TSV",
	} {
		var rows int
		a := post(t, addr, params, text)
		if fmt.Sscan(a.body, &rows); rows == 0 || rows*len(name) > blockNames {
			t.Errorf("a block has %d rows: %d %.200s", rows, a.status, a.body)
		}
		if a := post(t, addr, params, strings.Replace(text, "FORMAT", "SETTINGS max_block_size = 65536 FORMAT", 1)); a.status == 200 {
			t.Error("a reader can make blocks longer")
		}
	}
	if a := post(t, addr, "", "SELECT max(blockSize()) FROM numbers(100000)"); a.body != "65536\n" {
		t.Errorf("a usual block has %s rows", a.body)
	}
}

func TestResidentBytes(t *testing.T) {
	if n := residentBytes(); n < 1<<20 || n > 1<<40 {
		t.Errorf("this process has %d bytes", n)
	}
}
