package reseller

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"runtime/debug"
	"slices"
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
	round       *round // nil where one call lists all customers
	due         bool   // a tick, the start or a failure asks for a read, since the last one began
	pause       pacing.Pause
	lastSuccess time.Time
	failure     *report.Failure // the last one, nil after a success
	failedAt    time.Time
	pending     int             // customers whose changes are pending, at the last success
	unread      int             // values that could not be read, at the last success
	missing     int             // customers who are not up to date: they could not be read, or their list is in doubt
	partly      bool            // the others are
	odd         map[string]bool // values that could not be read, logged already
	notOffered  bool            // the vendor's server cannot be asked for snapshots
}

// outcome is all that one read did. observe is its only reader for metrics and logs.
type outcome struct {
	job      *job
	began    time.Time
	snapshot report.Snapshot
	failure  *report.Failure
	changes  int  // allotments that came, changed or went
	stored   bool // what the snapshot has is recorded, all but the customers in its Missing
	single   bool // failure is that of the first of several customers, not of the account
	news     bool // values that cannot be read are not the same as before
	doubtful bool // failure is that the list is not believed yet
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
	until = j.until()
	return !until.After(now), until
}

// until is when a due account may be read; the caller holds mu.
func (j *job) until() time.Time {
	now := time.Now()
	until := j.pause.Ends(now)
	if j.round != nil {
		if first := j.round.until(now); first.After(until) {
			until = first
		}
	}
	return until
}

// setDue makes the whole account due.
func (j *job) setDue() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.due = true
	if j.round != nil {
		j.round.start()
	}
}

// changed makes a customer due at once, or the account where one call lists all.
func (j *job) changed(customer string) {
	j.mu.Lock()
	j.due = true
	if j.round != nil {
		j.round.add(customer)
	}
	j.mu.Unlock()
	pacing.Nudge(j.wake)
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

// snapshot reads the account and stores what it brought; beside a failure that is nothing, or what other customers have.
func (j *job) snapshot(ctx context.Context, out *outcome) {
	s, err := j.Source.Snapshot(ctx, j.asked(out.began))
	out.snapshot = s
	if err != nil {
		failure, ok := errors.AsType[*report.Failure](err)
		if !ok {
			failure = j.fail(report.Transient, "internal", "%w", err)
		}
		out.failure = failure
	}
	if err := j.store(out); err != nil {
		out.stored, out.single = false, false
		out.failure = j.fail(report.Local, "state", "what was read could not be recorded, it is read again: %w", err)
	}
}

// asked are the customers to ask for; nil for a vendor that lists them.
func (j *job) asked(now time.Time) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.round == nil {
		return nil
	}
	return j.round.ask(now)
}

// store records a reading: its requests, and what it brought of the customers who answered.
func (j *job) store(out *outcome) (err error) {
	r, s := j.all, &out.snapshot
	if err := r.store.Commit(report.Observation{Account: j.Name, FetchedAt: out.began, Fetches: s.Requests}); err != nil {
		return err
	}
	if j.round != nil {
		j.complete(out)
	}
	if out.failure != nil && len(s.Read) == 0 {
		return nil
	}
	if err := j.weigh(out); err != nil {
		return err
	}
	if out.changes, err = r.store.Snapshot(*s); err != nil {
		return err
	}
	out.stored = true
	r.queued()
	return r.raise(j, s.At)
}

// complete adds to a snapshot of some customers what is known of the others, and how the first of
// those who failed did.
func (j *job) complete(out *outcome) {
	s := &out.snapshot
	j.mu.Lock()
	s.Kept, s.Missing = j.round.kept(s), j.round.missing(s)
	j.mu.Unlock()
	active := map[string]sql.Null[bool]{}
	for _, known := range j.all.store.Allotments(j.Vendor, j.Name) {
		active[known.Customer] = known.Active
	}
	for i, a := range s.Allotments {
		if slices.Contains(s.ActiveKept, a.Customer) {
			s.Allotments[i].Active = active[a.Customer]
		}
	}
	if names := slices.Sorted(maps.Keys(s.Failed)); out.failure == nil && len(names) > 0 {
		out.failure, out.single = s.Failed[names[0]], true
	}
}

// settle updates what the job knows after a read.
func (j *job) settle(out *outcome) {
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notOffered = out.notOffered()
	if out.stored {
		j.lastSuccess, j.pending = out.snapshot.At, len(out.snapshot.Pending)
		j.missing, j.unread = len(out.snapshot.Missing), len(out.snapshot.Odd)
	}
	j.partly = out.stored && j.missing > 0
	for _, value := range out.snapshot.Odd {
		if !j.odd[value] {
			out.news = true
			j.odd[value] = true
		}
	}
	if j.round != nil {
		if out.failure == nil || out.failure.Class != report.Local {
			j.round.settle(&out.snapshot, now)
		}
		j.missing = len(j.round.owed)
		j.partly = j.missing > 0 && j.missing < len(j.round.customers)
		j.round.finish()
		j.due = len(j.round.owed) > 0
	}
	f := out.failure
	switch {
	case f == nil && !j.partly, j.notOffered:
		j.failure, j.failedAt = nil, time.Time{}
	case f != nil:
		j.due, j.failure, j.failedAt = true, f, now
	}
	switch {
	case f == nil, j.notOffered, out.single:
		j.pause.Succeeded() // customers who failed have pauses of their own
	case out.doubtful:
		j.pause.Wait(now, doubtFirst, doubtMost)
	default:
		j.pause.Failed(f, now)
	}
}
