package reliability_test

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"time"
)

var traced = flag.Int("events", 200, "how many of the last events of a failed simulation to print")

// trace keeps the last events of a simulation. They are put into words only if somebody asks.
type trace struct {
	mu     sync.Mutex
	n      int
	events []event
}

type event struct {
	at     time.Time
	format string
	args   []any
}

func (t *trace) add(at time.Time, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := event{at, format, args}
	if len(t.events) < *traced {
		t.events = append(t.events, e)
	} else {
		t.events[t.n%*traced] = e
	}
	t.n++
}

func (t *trace) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "the last of %d events:\n", t.n)
	for i := t.n - len(t.events); i < t.n; i++ {
		e := &t.events[i%*traced]
		fmt.Fprintf(&b, "  %s %s\n", stamp(e.at), fmt.Sprintf(e.format, e.args...))
	}
	return b.String()
}
