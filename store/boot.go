package store

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// bootClock is a clock that nobody can set: an id for the machine's start, and the time since then.
// It gives the age of a request after a restart of the process, even if the wall clock was changed.
// Without it, after a restart of the machine or on systems other than Linux, the wall clock has to
// do.
type bootClock func() (boot string, since time.Duration)

// newBootClock returns the machine's clock. Its boot is empty if the machine has none.
func newBootClock() bootClock {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return noBootClock
	}
	boot := strings.TrimSpace(string(id))
	return func() (string, time.Duration) {
		var now unix.Timespec
		if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
			return "", 0
		}
		return boot, time.Duration(now.Nano())
	}
}

func noBootClock() (string, time.Duration) { return "", 0 }
