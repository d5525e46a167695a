package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestThreadsWithoutWorkEnd: a query that used many threads leaves few of them idle.
func TestThreadsWithoutWorkEnd(t *testing.T) {
	addr, _ := sharedEngine(t)
	threads := func() (all, idle int) {
		t.Helper()
		a := post(t, addr, "", "SELECT sumIf(value, metric = 'GlobalThread'), sumIf(value, metric = 'GlobalThreadActive') FROM system.metrics")
		active := 0
		if _, err := fmt.Sscan(a.body, &all, &active); err != nil {
			t.Fatal(err, a.body)
		}
		return all, all - active
	}
	if a := post(t, addr, "", "SELECT sum(sipHash64(number)) FROM numbers_mt(20000000) SETTINGS max_threads = 16"); a.status != 200 {
		t.Fatal(strings.TrimSpace(a.body))
	}
	all, idle := threads()
	for deadline := time.Now().Add(10 * time.Second); idle > 16 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		all, idle = threads()
	}
	if idle > 16 {
		t.Errorf("%d of %d threads are idle", idle, all)
	}
}
