package store

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// bootClock is a clock that nobody sets: which start of the machine it is, and how long ago that was. By it the age of a request is
// known after a restart of the process, whatever became of the wall clock in between. Where there is none, since a restart of the
// machine, or on other systems than Linux, the wall clock has to do.
type bootClock func() (boot string, since time.Duration)

// newBootClock is the machine's; its boot is empty if the machine does not tell.
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
