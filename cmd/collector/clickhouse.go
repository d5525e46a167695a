package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/migrations"
	"alpemix-collector/sink"
)

// clickHouse is the configured ClickHouse, with the embedded engine behind it if that is what is configured.
type clickHouse struct {
	*sink.DB
	log  *slog.Logger
	name string // for people: where and what it is
	stop func() error
}

// openClickHouse connects to the configured server, or starts the embedded engine, or joins that of another collector process.
// An embedded engine answers when it returns; a server may be away. The engine lives until Close, also when ctx has ended:
// there may be rows to flush.
func (a *app) openClickHouse(ctx context.Context, c *config.Config) (*clickHouse, error) {
	log := a.logger(c)
	if !c.ClickHouse.DSN.Embedded() {
		db, err := sink.Open(sink.Config{
			DSN:      c.ClickHouse.DSN.Reveal(),
			Password: c.ClickHouse.Password.Reveal(),
			Database: c.ClickHouse.Database,
			Cluster:  c.ClickHouse.Cluster,
		})
		if err != nil {
			return nil, err
		}
		return &clickHouse{DB: db, log: log, name: db.Address(), stop: func() error { return nil }}, nil
	}
	e, err := newEmbedded(c, log)
	if err != nil {
		return nil, err
	}
	stop, err := e.start(ctx)
	if err != nil {
		return nil, err
	}
	db, err := sink.Open(sink.Config{
		DSN:      "http://" + e.listen + "/" + c.ClickHouse.Database,
		Username: e.user,
		Password: e.password,
	})
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &clickHouse{DB: db, log: log, name: "embedded engine at " + e.listen, stop: stop}, nil
}

// Close ends the connections, and the engine if it is ours.
func (c *clickHouse) Close() error { return errors.Join(c.DB.Close(), c.stop()) }

// prepare brings the schema to this binary's version and the rows' lifetime to the configured one. Every command that writes
// calls it first; it changes nothing where all is as it should be.
func (c *clickHouse) prepare(ctx context.Context, kept config.Retention) error {
	ran, err := c.Migrate(ctx)
	for _, name := range ran {
		c.log.Info("schema migrated", "migration", name)
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
