package collector

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// patience is how long the other accounts of a lane wait for an answer. A slower request continues
// in parallel, because it uses one of the few requests that the vendor's limits allow.
const patience = 10 * time.Second

// lane sends the requests of all accounts that share the vendor's limits, one after the other
// except for slow ones.
type lane struct {
	collector *Collector
	accounts  []*account
	wake      chan struct{}

	mu     sync.Mutex
	full   pacing.Pause // while the vendor's limits allow no report
	turnAt time.Time    // of the last request
}

// run fetches until ctx is done.
func (l *lane) run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		now := time.Now()
		if !pacing.Believable(now) {
			l.collector.observer.clock(now)
			pacing.Sleep(ctx, nil, now.Add(time.Minute))
			continue
		}
		l.turnDays(now)
		next, until := l.next(now)
		if next == nil {
			pacing.Sleep(ctx, l.wake, until)
			continue
		}
		answered := make(chan struct{}, 1)
		next.job.account.asking(next.job.window)
		running.Go(func() {
			l.cycle(ctx, next.job)
			pacing.Nudge(answered)
			pacing.Nudge(l.wake)
		})
		pacing.Sleep(ctx, answered, now.Add(patience))
	}
}

// next returns the request to send now, or when to look again.
func (l *lane) next(now time.Time) (*want, time.Time) {
	l.mu.Lock()
	full := l.full.Ends(now)
	l.mu.Unlock()
	if !full.IsZero() {
		return nil, full
	}
	var ws []want
	for _, a := range l.accounts {
		ws = append(ws, a.wants(now, l.collector.dayStatus(a, a.day(now)-1))...)
	}
	return choose(now, ws)
}

// cycle sends one request and handles everything that follows from its answer.
func (l *lane) cycle(ctx context.Context, j job) *outcome {
	out := &outcome{job: j}
	l.guarded(ctx, out)
	if ctx.Err() != nil && out.failure != nil {
		return out // our own stop is not a failure of the vendor
	}
	l.settle(out)
	l.collector.observer.observe(out)
	return out
}

// asking clears the flags that led to the request w. Flags set from now on need another request.
func (a *account) asking(w report.Window) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = true
	if w.Kind == report.Yesterday {
		a.yesterdayDue = false
		return
	}
	a.todayDue = false
}

// asks reports whether a request of a is running.
func (a *account) asks() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy
}

// guarded turns a panic into a failed cycle, so that the process and the other accounts continue.
func (l *lane) guarded(ctx context.Context, out *outcome) {
	defer func() {
		if r := recover(); r != nil {
			out.failure = report.Fail(report.Transient, "panic",
				"account %s: a defect in the collector while reading %s: %v\n%s", out.account.Name, out.window, r, debug.Stack())
		}
	}()
	l.collector.read(ctx, out)
}

// settle updates what the account and the lane know after a cycle.
func (l *lane) settle(out *outcome) {
	a, now := out.account, time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = false
	due, turn := &a.todayDue, report.Today
	if out.window.Kind == report.Yesterday {
		due, turn = &a.yesterdayDue, report.Yesterday
	}
	if len(out.body.Requests) > 0 { // a request that the limits forbade was not a turn
		l.turnAt = pacing.Later(now, l.turnAt.Add(1)) // no two turns have the same time, because the order decides whose turn is next
		a.askedAt[turn] = l.turnAt
	}
	if out.failure != nil {
		*due = true
		l.failed(out, now)
		return
	}
	a.last[out.window.Kind] = out.body.FetchedAt
	a.succeeded(out.window)
	switch out.window.Kind {
	case report.Today:
		a.whole = wholeRead{day: out.day, askedAt: out.body.AskedAt, rows: out.rows}
		a.latest = max(latestFirst, 2*out.fresh)
	case report.Latest:
		var again bool
		a.latest, again = nextLatest(out.window.Last, out.rows, out.fresh, out.overlaps)
		a.todayDue = a.todayDue || again
	}
}
