package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"alpemix-collector/internal/config"
	"alpemix-collector/migrations"
	"alpemix-collector/sink"
	"alpemix-collector/sink/engine"
)

// clickHouse is the configured ClickHouse, with the embedded engine behind it if that is what is configured.
type clickHouse struct {
	*sink.DB
	log  *slog.Logger
	name string // for people: where and what it is
	stop func() error

	createDropped bool // the next prepare creates tables again that were dropped

	embedded bool // its state folder tells whether it is a demonstration's
	invented bool // collector demo stores in it
}

// access is what a command may do in ClickHouse.
type access bool

const (
	reads  access = false // nothing is made either: no state folder, no database
	writes access = true
)

// noDataError is an embedded engine that has never run.
type noDataError struct{ stateDir string }

func (e *noDataError) Error() string {
	return "no data in " + e.stateDir + " yet: start collector run first, or collector demo --state " + e.stateDir
}

// readOnly makes the server refuse to change anything; settings of a query may still be set.
func readOnly(dsn string) string {
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	return dsn + separator + "readonly=2"
}

// openClickHouse connects to the configured server, or starts the embedded engine, or joins that of another collector process.
// An embedded engine answers when it returns; a server may be unreachable. The engine lives until Close, also when ctx has
// ended: there may be rows to flush. Only the daemon's serves readers.
func (a *app) openClickHouse(ctx context.Context, c *config.Config, may access) (*clickHouse, error) {
	return a.openServing(ctx, c, may, "")
}

// openServing is openClickHouse with an embedded engine that serves readers at listen.
func (a *app) openServing(ctx context.Context, c *config.Config, may access, listen string) (*clickHouse, error) {
	log := a.logger(c)
	if !c.ClickHouse.DSN.Embedded() {
		dsn := c.ClickHouse.DSN.Reveal()
		if may == reads {
			dsn = readOnly(dsn)
		}
		db, err := sink.Open(sink.Config{
			DSN:      dsn,
			Password: c.ClickHouse.Password.Reveal(),
			Database: c.ClickHouse.Database,
			Cluster:  c.ClickHouse.Cluster,
		})
		if err != nil {
			return nil, err
		}
		return &clickHouse{DB: db, log: log, name: db.Address(), stop: func() error { return nil }, invented: a.invents}, nil
	}
	hasData, err := a.isThere(c.StateDir, engineFolder)
	switch {
	case err != nil:
		return nil, err
	case may == reads && !hasData:
		return nil, &noDataError{c.StateDir}
	}
	foreign := a.refuseOthers(c.StateDir)
	if foreign != nil && may == writes {
		return nil, foreign
	}
	shared, err := sharedEngine(c, listen, log, func() error { return foreign })
	if err != nil {
		return nil, err
	}
	stop, err := shared.Start(ctx)
	if err != nil {
		return nil, err
	}
	// The address names the engine for people. Requests go to the socket, whoever listens there.
	as := sink.Config{DSN: "http://" + c.ClickHouse.Embedded.Listen + "/" + c.ClickHouse.Database, Transport: shared.Transport()}
	if may == writes { // the engine lets everybody else read only
		as.Username = engine.Owner
	}
	db, err := sink.Open(as)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &clickHouse{DB: db, log: log, name: "embedded engine at " + c.ClickHouse.Embedded.Listen, stop: stop, embedded: true}, nil
}

// Close ends the connections, and the engine if it is ours.
func (c *clickHouse) Close() error { return errors.Join(c.DB.Close(), c.stop()) }

// prepare brings the schema to this binary's version and the rows' lifetime to the configured one. Every command that writes
// calls it first; it changes nothing where all is as it should be.
func (c *clickHouse) prepare(ctx context.Context, kept config.Retention) error {
	if err := c.keepApart(ctx); err != nil {
		return err
	}
	ran, err := c.Migrate(ctx)
	for _, name := range ran {
		c.log.Info("schema migrated", "migration", name)
	}
	if err == nil && c.createDropped {
		err = c.createMissing(ctx)
		c.createDropped = err != nil
	}
	if err != nil {
		return err
	}
	changed, err := c.ApplyRetention(ctx, migrations.Retention{
		Connections: kept.Connections.Std(), Raw: kept.Raw.Std(), Fetches: kept.Fetches.Std(),
	})
	for _, statement := range changed {
		c.log.Info("retention changed", "sql", statement)
	}
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	return nil
}

// createMissing creates what was dropped beneath the record of migrations. A daemon does it at its start, and migrate up; a table
// that is dropped later is an error until one of them runs, for somebody may be about to put it back.
func (c *clickHouse) createMissing(ctx context.Context) error {
	names, err := c.CreateMissing(ctx)
	for _, name := range names {
		c.log.Error("a table or view was dropped; it was created again, empty", "name", name)
	}
	return err
}
