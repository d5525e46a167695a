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

// TestHeldAnswers: while memory lasts nothing ends; then what has run for a while does, and short queries do not.
func TestHeldAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Uint64
		h := &heldAnswers{most: 100, used: used.Load}
		start := func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return ctx, h.watch(cancel)
		}
		long, longDone := start()
		time.Sleep(time.Minute)
		if long.Err() != nil {
			t.Fatal("ended while there was memory")
		}
		used.Store(101)
		short, shortDone := start()
		time.Sleep(2 * watchEvery)
		if context.Cause(long) != error(errAnswerTooLarge) || short.Err() != nil {
			t.Errorf("long: %v, short: %v", context.Cause(long), context.Cause(short))
		}
		longDone()
		shortDone()
		synctest.Wait()
		time.Sleep(2 * watchEvery)
		if h.looking {
			t.Error("it is watched where nothing runs")
		}
	})
}

// TestBlockRows: long names make short blocks, wherever the names come from.
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
			t.Error("a reader makes blocks longer")
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
