package database

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"alpemix-collector/internal/config"
	"alpemix-collector/report"
	"alpemix-collector/reseller/vendors"
	"alpemix-collector/sink"
)

// Target is ClickHouse as the daemon sees it: opened, and its schema brought up, by the first write that finds it. A
// ClickHouse that is unreachable, or an engine that cannot start, keeps no report from being read: rows wait in the queue.
type Target struct {
	Opener

	Renamed []report.Move // that the state file recognised

	mu     sync.Mutex
	opened *DB
	last   atomic.Pointer[connected] // nil: the schema has to be looked after
}

// connected is what came of connecting.
type connected struct {
	db  *DB
	err error
}

// Reached is ClickHouse if the last write reached it, or why it did not; nil before the first. It waits for nothing and starts
// nothing.
func (t *Target) Reached() (*DB, error) {
	if last := t.last.Load(); last != nil {
		return last.db, last.err
	}
	return nil, nil
}

// Connect returns ClickHouse once it answers with the schema of this binary. Errors are tried again by the next call.
func (t *Target) Connect(ctx context.Context) (*DB, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := t.last.Load(); last != nil && last.err == nil {
		return last.db, nil
	}
	if err := t.open(ctx); err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			t.last.Store(&connected{err: err})
		}
		return nil, err
	}
	t.last.Store(&connected{db: t.opened})
	t.Log.Info("ClickHouse answers", "clickhouse", t.opened.Name)
	return t.opened, nil
}

func (t *Target) open(ctx context.Context) error {
	if t.opened == nil {
		opened, err := t.Serve(ctx)
		if err != nil {
			return err
		}
		t.opened = opened
		t.opened.createDropped = true
	}
	return t.opened.Prepare(ctx)
}

// doubt lets the next call look after the schema again when err says that it is gone: someone has restored an empty server.
func (t *Target) doubt(err error) {
	if err == nil || sink.Reason(err) != sink.ReasonMissingTable {
		return
	}
	t.last.Store(nil)
}

// Write implements collector.Writer.
func (t *Target) Write(ctx context.Context, b report.Batch) error {
	db, err := t.Connect(ctx)
	if err != nil {
		return err
	}
	err = db.Writer().Write(ctx, b)
	t.doubt(err)
	return err
}

// ReadBack implements collector.Writer.
func (t *Target) ReadBack(ctx context.Context, account string, day report.Day) (map[string]uint64, error) {
	db, err := t.Connect(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := db.Writer().ReadBack(ctx, account, day)
	t.doubt(err)
	return stored, err
}

// asked is the answer to a question about what ClickHouse holds.
func asked[T any](ctx context.Context, t *Target, question func(*sink.Writer) (T, error)) (answer T, err error) {
	db, err := t.Connect(ctx)
	if err != nil {
		return answer, err
	}
	answer, err = question(db.Writer())
	t.doubt(err)
	return answer, err
}

// Identity implements collector.Database, as the methods below do.
func (t *Target) Identity(ctx context.Context) (string, error) {
	return asked(ctx, t, func(w *sink.Writer) (string, error) { return w.Identity(ctx) })
}

func (t *Target) Days(ctx context.Context, account string) ([]report.DayStatus, error) {
	return asked(ctx, t, func(w *sink.Writer) ([]report.DayStatus, error) { return w.Days(ctx, account) })
}

func (t *Target) Counts(ctx context.Context, account string, from, to report.Day) (map[report.Day]uint64, error) {
	return asked(ctx, t, func(w *sink.Writer) (map[report.Day]uint64, error) { return w.Counts(ctx, account, from, to) })
}

func (t *Target) Holds(ctx context.Context, account string, from, to report.Day) (bool, error) {
	return asked(ctx, t, func(w *sink.Writer) (bool, error) { return w.Holds(ctx, account, from, to) })
}

func (t *Target) Connections(ctx context.Context, account string, from report.Day) (map[string]report.Identity, error) {
	return asked(ctx, t, func(w *sink.Writer) (map[string]report.Identity, error) { return w.Connections(ctx, account, from) })
}

func (t *Target) Held(ctx context.Context) (report.Held, error) {
	return asked(ctx, t, func(w *sink.Writer) (report.Held, error) { return w.Held(ctx) })
}

func (t *Target) SettleStored(ctx context.Context, account string) error {
	_, err := asked(ctx, t, func(w *sink.Writer) (struct{}, error) { return struct{}{}, w.SettleStored(ctx, account) })
	return err
}

// Close ends the connections, and the embedded engine.
func (t *Target) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		return nil
	}
	return t.opened.Close()
}

// Follow implements collector.Database. Of accounts that the state file did not recognise the keys are moved, too.
func (t *Target) Follow(ctx context.Context, logins []report.Login) ([]report.Move, error) {
	moves, err := asked(ctx, t, func(w *sink.Writer) ([]report.Move, error) { return w.Follow(ctx, logins) })
	t.MoveKeys(slices.DeleteFunc(slices.Clone(moves), func(m report.Move) bool { return slices.Contains(t.Renamed, m) }))
	return moves, err
}

// MoveKeys moves what commands keep of renamed accounts. If that fails nothing is lost, and collecting does not need it.
func (t *Target) MoveKeys(renamed []report.Move) {
	for _, v := range vendors.All {
		accounts := map[string]string{}
		for _, m := range renamed {
			if m.Vendor == v.Name {
				accounts[m.From] = m.To
			}
		}
		if v.Renamed == nil {
			continue
		}
		if err := v.Renamed(t.Config.StateDir, accounts); err != nil {
			t.Log.Error("keys of customers could not be moved to the new name of their account", "vendor", v.Name, "err", err)
		}
	}
}

// Renew makes the next write connect with the renewed password.
func (t *Target) Renew(renewed *config.Config) (func() ([]string, error), error) {
	return func() ([]string, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		before, now := t.Config.ClickHouse, renewed.ClickHouse
		t.Config = renewed
		if before.DSN == now.DSN && before.Password.Reveal() == now.Password.Reveal() || t.opened == nil {
			return nil, nil
		}
		old := t.opened
		t.opened = nil
		t.last.Store(nil)
		if err := old.Close(); err != nil { // what is on its way over it is tried again
			t.Log.Warn("the connections to ClickHouse with the old password could not be closed", "err", err)
		}
		return nil, nil
	}, nil
}
