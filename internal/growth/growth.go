// Package growth checks in tests that work grows linearly with its input. It measures the CPU time
// of its own thread, so that a busy machine changes nothing.
package growth

import (
	"math"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The large input is factor times as long as the small one, on which the work runs factor times.
// Linear work takes equally long, quadratic work factor times as long; bound lies between.
const (
	length = 8 << 10
	factor = 8
	bound  = 4
	tries  = 5 // only work that always exceeds the bound fails
)

// Linear fails t if work takes more than proportionally longer for a longer input. input(n) returns
// the input of length n.
func Linear(t testing.TB, name string, input func(n int) string, work func(string)) {
	t.Helper()
	small, large := input(length), input(factor*length)
	ratio := math.Inf(1)
	for try := 0; ratio > bound && try < tries; try++ {
		parts := spent(func() {
			for range factor {
				work(small)
			}
		})
		ratio = min(ratio, float64(spent(func() { work(large) }))/float64(max(parts, 1)))
	}
	if ratio > bound {
		t.Errorf("%s: %d times the input takes %.0f times as long", name, factor, factor*ratio)
	}
}

// spent returns the CPU time that work takes.
func spent(work func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started := processor()
	work()
	return processor() - started
}

// processor returns the CPU time of this thread.
func processor() time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
		panic(err) // every Linux has this clock
	}
	return time.Duration(at.Nano())
}
