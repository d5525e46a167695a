// Package database opens the ClickHouse of a configuration, embedded or a server, and keeps its schema
// and what may be written where right.
package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/statedir"
	"alpemix-collector/migrations"
	"alpemix-collector/sink"
	"alpemix-collector/sink/engine"
)

// DB is the configured ClickHouse, with the embedded engine behind it if that is what is configured.
type DB struct {
	*sink.DB
	Name     string // for people: where and what it is
	Embedded bool   // its state folder says whether it is a demonstration's

	log           *slog.Logger
	stop          func() error
	retention     config.Retention
	createDropped bool // the next Prepare creates tables again that were dropped
	demo          bool // collector demo stores in it
}

// Access is what a command may do in ClickHouse.
type Access bool

const (
	Reads  Access = false // nothing is created either: no state folder, no database
	Writes Access = true
)

// NoDataError is an embedded engine that has never run.
type NoDataError struct{ StateDir string }

func (e *NoDataError) Error() string {
	return "no data in " + e.StateDir + " yet: start collector run first, or collector demo --state " + e.StateDir
}

// readOnly makes the server refuse to change anything; settings of a query may still be set.
func readOnly(dsn string) string {
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	return dsn + separator + "readonly=2"
}

// Opener opens the ClickHouse of a configuration.
type Opener struct {
	Config *config.Config
	Folder statedir.Folder
	Log    *slog.Logger
	Demo   bool // what is stored on a server is of collector demo
}

// Open connects to the configured server, or starts the embedded engine, or joins that of another
// collector process. An embedded engine answers when it returns; a server may be unreachable. The
// engine lives until Close, also when ctx has ended: there may be rows to flush.
func (o *Opener) Open(ctx context.Context, may Access) (*DB, error) { return o.open(ctx, may, "") }

// Serve is Open for the daemon, whose embedded engine also serves readers.
func (o *Opener) Serve(ctx context.Context) (*DB, error) {
	return o.open(ctx, Writes, o.Config.ClickHouse.Embedded.Listen)
}

func (o *Opener) open(ctx context.Context, may Access, listen string) (*DB, error) {
	c := o.Config
	if !c.ClickHouse.DSN.Embedded() {
		dsn := c.ClickHouse.DSN.Reveal()
		if may == Reads {
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
		return &DB{DB: db, Name: db.Address(), log: o.Log, stop: func() error { return nil }, retention: c.Retention, demo: o.Demo}, nil
	}
	hasData, err := o.Folder.Has(statedir.EngineFolder)
	switch {
	case err != nil:
		return nil, err
	case may == Reads && !hasData:
		return nil, &NoDataError{c.StateDir}
	}
	foreign := o.Folder.RefuseOthers()
	if foreign != nil && may == Writes {
		return nil, foreign
	}
	shared, err := SharedEngine(c, listen, o.Log, func() error { return foreign })
	if err != nil {
		return nil, err
	}
	stop, err := shared.Start(ctx)
	if err != nil {
		return nil, err
	}
	// The address names the engine for people. Requests go to the socket, whoever listens there.
	as := sink.Config{DSN: "http://" + c.ClickHouse.Embedded.Listen + "/" + c.ClickHouse.Database, Transport: shared.Transport()}
	if may == Writes { // the engine lets everybody else read only
		as.Username = engine.Owner
	}
	db, err := sink.Open(as)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &DB{DB: db, Name: "embedded engine at " + c.ClickHouse.Embedded.Listen, Embedded: true, log: o.Log, stop: stop, retention: c.Retention}, nil
}

// Close ends the connections, and the engine if it is ours.
func (c *DB) Close() error { return errors.Join(c.DB.Close(), c.stop()) }

// Prepare brings the schema to this binary's version and the rows' lifetime to the configured one. Every command that writes
// calls it first; it changes nothing where all is as it should be.
func (c *DB) Prepare(ctx context.Context) error {
	if err := c.KeepApart(ctx); err != nil {
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
		Connections: c.retention.Connections.Std(), Raw: c.retention.Raw.Std(), Fetches: c.retention.Fetches.Std(),
	})
	for _, statement := range changed {
		c.log.Info("retention changed", "sql", statement)
	}
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	return nil
}

// PrepareAll is Prepare, and creates again what was dropped.
func (c *DB) PrepareAll(ctx context.Context) error {
	c.createDropped = true
	return c.Prepare(ctx)
}

// createMissing creates what was dropped beneath the record of migrations. A daemon does it at its start, and migrate up; a table
// that is dropped later is an error until one of them runs, for somebody may be about to put it back.
func (c *DB) createMissing(ctx context.Context) error {
	names, err := c.CreateMissing(ctx)
	for _, name := range names {
		c.log.Error("a table or view was dropped; it was created again, empty", "name", name)
	}
	return err
}
