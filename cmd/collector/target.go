package main

import (
	"context"
	"log/slog"
	"sync"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/report"
	"alpemix-collector/sink"
)

// target is ClickHouse as the daemon sees it: opened, and its schema brought up, by the first write that finds it. A
// ClickHouse that is away, or an engine that cannot start, keeps no report from being read: rows wait in the queue.
type target struct {
	*app
	config *config.Config
	log    *slog.Logger

	mu       sync.Mutex
	opened   *clickHouse
	prepared bool
}

// connect returns ClickHouse once it answers with the schema of this binary. Errors are tried again by the next call.
func (t *target) connect(ctx context.Context) (*clickHouse, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		opened, err := t.openClickHouse(ctx, t.config, writes)
		if err != nil {
			return nil, err
		}
		t.opened = opened
	}
	if !t.prepared {
		if err := t.opened.prepare(ctx, t.config.Retention); err != nil {
			return nil, err
		}
		t.prepared = true
		t.log.Info("ClickHouse answers", "clickhouse", t.opened.name)
	}
	return t.opened, nil
}

// doubt lets the next call look after the schema again when err says that it is gone: someone has restored an empty server.
func (t *target) doubt(err error) {
	if err == nil || sink.Reason(err) != sink.ReasonMissingTable {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.prepared = false
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

// close ends the connections, and the embedded engine.
func (t *target) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		return nil
	}
	return t.opened.Close()
}
