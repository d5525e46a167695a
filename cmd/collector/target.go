package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"alpemix-collector/internal/config"
	"alpemix-collector/report"
	"alpemix-collector/sink"
)

// target is ClickHouse as the daemon sees it: opened, and its schema brought up, by the first write that finds it. A
// ClickHouse that is away, or an engine that cannot start, keeps no report from being read: rows wait in the queue.
type target struct {
	*app
	config *config.Config
	log    *slog.Logger

	renamed []report.Move // that the state file recognised

	mu     sync.Mutex
	opened *clickHouse
	last   atomic.Pointer[connected] // nil: the schema has to be looked after
}

// connected is what came of connecting.
type connected struct {
	db  *clickHouse
	err error
}

// reached is ClickHouse if the last write reached it, or why it did not; nil before the first. It waits for nothing and starts
// nothing.
func (t *target) reached() (*clickHouse, error) {
	if last := t.last.Load(); last != nil {
		return last.db, last.err
	}
	return nil, nil
}

// connect returns ClickHouse once it answers with the schema of this binary. Errors are tried again by the next call.
func (t *target) connect(ctx context.Context) (*clickHouse, error) {
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
	t.log.Info("ClickHouse answers", "clickhouse", t.opened.name)
	return t.opened, nil
}

func (t *target) open(ctx context.Context) error {
	if t.opened == nil {
		opened, err := t.openServing(ctx, t.config, writes, t.config.ClickHouse.Embedded.Listen)
		if err != nil {
			return err
		}
		t.opened = opened
		t.opened.createDropped = true
	}
	return t.opened.prepare(ctx, t.config.Retention)
}

// doubt lets the next call look after the schema again when err says that it is gone: someone has restored an empty server.
func (t *target) doubt(err error) {
	if err == nil || sink.Reason(err) != sink.ReasonMissingTable {
		return
	}
	t.last.Store(nil)
}

// Write implements collector.Writer.
func (t *target) Write(ctx context.Context, b report.Batch) error {
	db, err := t.connect(ctx)
	if err != nil {
		return err
	}
	err = db.Writer().Write(ctx, b)
	t.doubt(err)
	return err
}

// ReadBack implements collector.Writer.
func (t *target) ReadBack(ctx context.Context, account string, day report.Day) (map[string]uint64, error) {
	db, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := db.Writer().ReadBack(ctx, account, day)
	t.doubt(err)
	return stored, err
}

// asked is the answer to a question about what ClickHouse holds.
func asked[T any](ctx context.Context, t *target, question func(*sink.Writer) (T, error)) (answer T, err error) {
	db, err := t.connect(ctx)
	if err != nil {
		return answer, err
	}
	answer, err = question(db.Writer())
	t.doubt(err)
	return answer, err
}

// Identity implements collector.Database, as the methods below do.
func (t *target) Identity(ctx context.Context) (string, error) {
	return asked(ctx, t, func(w *sink.Writer) (string, error) { return w.Identity(ctx) })
}

func (t *target) Days(ctx context.Context, account string) ([]report.DayStatus, error) {
	return asked(ctx, t, func(w *sink.Writer) ([]report.DayStatus, error) { return w.Days(ctx, account) })
}

func (t *target) Counts(ctx context.Context, account string, from, to report.Day) (map[report.Day]uint64, error) {
	return asked(ctx, t, func(w *sink.Writer) (map[report.Day]uint64, error) { return w.Counts(ctx, account, from, to) })
}

func (t *target) Holds(ctx context.Context, account string, from, to report.Day) (bool, error) {
	return asked(ctx, t, func(w *sink.Writer) (bool, error) { return w.Holds(ctx, account, from, to) })
}

func (t *target) Connections(ctx context.Context, account string, from report.Day) (map[string]report.Identity, error) {
	return asked(ctx, t, func(w *sink.Writer) (map[string]report.Identity, error) { return w.Connections(ctx, account, from) })
}

func (t *target) Held(ctx context.Context) (report.Held, error) {
	return asked(ctx, t, func(w *sink.Writer) (report.Held, error) { return w.Held(ctx) })
}

func (t *target) SettleStored(ctx context.Context, account string) error {
	_, err := asked(ctx, t, func(w *sink.Writer) (struct{}, error) { return struct{}{}, w.SettleStored(ctx, account) })
	return err
}

// close ends the connections, and the embedded engine.
func (t *target) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		return nil
	}
	return t.opened.Close()
}
