package reseller

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// job reads one account. It shares nothing with other jobs but the Store: a vendor that hangs or fails costs the others nothing.
type job struct {
	Account
	all      *Jobs
	schedule cron.Schedule
	wake     chan struct{}

	mu          sync.Mutex
	due         bool // a tick, the start or a failure asks for a read, since the last one began
	pause       pacing.Pause
	lastSuccess time.Time
	failure     *report.Failure // the last one, nil after a success
	failedAt    time.Time
	pending     int  // customers whose changes are pending, at the last success
	notOffered  bool // the vendor's server cannot be asked for snapshots
}

// outcome is all that one read did. observe is its only reader for metrics and logs.
type outcome struct {
	job      *job
	began    time.Time
	snapshot report.Snapshot
	failure  *report.Failure
	changes  int // allotments that came, changed or went
}

// notOffered tells that the vendor's server cannot be asked for a snapshot: that is no failure.
func (out *outcome) notOffered() bool {
	return out.failure != nil && out.failure.Reason == report.NotOffered
}

// run reads whenever that is due until ctx ends.
func (j *job) run(ctx context.Context) {
	for ctx.Err() == nil {
		now := time.Now()
		if !pacing.Believable(now) {
			j.all.observer.clock(now)
			pacing.Sleep(ctx, nil, now.Add(time.Minute))
			continue
		}
		due, until := j.next(now)
		if due {
			j.read(ctx)
			continue
		}
		pacing.Sleep(ctx, j.wake, until)
	}
}

// next tells whether to read now, and otherwise when to look again: at the end of a pause, or when nudged.
func (j *job) next(now time.Time) (due bool, until time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.due {
		return false, time.Time{}
	}
	return !j.pause.Until.After(now), j.pause.Until
}

func (j *job) setDue() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.due = true
}

// read makes one snapshot and settles everything that follows from it.
func (j *job) read(ctx context.Context) *outcome {
	out := &outcome{job: j, began: time.Now()}
	j.mu.Lock()
	j.due = false // what makes it due from now on is not answered by this read
	j.mu.Unlock()
	j.guarded(ctx, out)
	if ctx.Err() != nil && out.failure != nil {
		return out // our own end is no failure of the vendor
	}
	j.settle(out)
	j.all.observer.observe(out)
	return out
}

// guarded turns a panic into a failed read, so that the process and the other accounts go on.
func (j *job) guarded(ctx context.Context, out *outcome) {
	defer func() {
		if r := recover(); r != nil {
			out.failure = j.fail(report.Transient, "panic", "a defect in the collector while reading a snapshot: %v\n%s", r, debug.Stack())
		}
	}()
	j.snapshot(ctx, out)
}

// fail makes a failure that is not the vendor's.
func (j *job) fail(class report.Class, reason, format string, args ...any) *report.Failure {
	return report.Fail(class, reason, "%s account %s: "+format, append([]any{j.Vendor, j.Name}, args...)...)
}

// snapshot reads the account and stores what it told; beside a failure that is nothing, or what it told of other customers.
func (j *job) snapshot(ctx context.Context, out *outcome) {
	s, err := j.Source.Snapshot(ctx)
	out.snapshot = s
	if err != nil {
		failure, ok := errors.AsType[*report.Failure](err)
		if !ok {
			failure = j.fail(report.Transient, "internal", "%w", err)
		}
		out.failure = failure
	}
	if err := j.store(out); err != nil {
		out.failure = j.fail(report.Local, "state", "what was read could not be recorded, it is read again: %w", err)
	}
}

func (j *job) store(out *outcome) (err error) {
	r, s := j.all, out.snapshot
	if err := r.store.Commit(report.Observation{Account: j.Name, FetchedAt: out.began, Fetches: s.Requests}); err != nil || out.failure != nil && len(s.Kept) == 0 {
		return err
	}
	if out.changes, err = r.store.Snapshot(s); err != nil {
		return err
	}
	r.queued()
	return r.raise(j, s.At)
}

// settle updates what the job knows after a read.
func (j *job) settle(out *outcome) {
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notOffered = out.notOffered()
	if f := out.failure; f != nil && !j.notOffered {
		j.due, j.failure, j.failedAt = true, f, now
		j.pause.Failed(f, now)
		return
	}
	j.pause.Succeeded()
	j.failure, j.failedAt = nil, time.Time{}
	if !j.notOffered {
		j.lastSuccess, j.pending = out.snapshot.At, len(out.snapshot.Pending)
	}
}
