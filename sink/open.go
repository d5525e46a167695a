// Package sink writes batches to ClickHouse so that each row counts once, and runs queries.
package sink

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"alpemix-collector/migrations"
)

// Config describes how to connect to ClickHouse.
type Config struct {
	// DSN is clickhouse://user@host:9000/database (native protocol) or
	// http(s)://user@host:8123/database. Its query may have options of clickhouse-go (compress,
	// dial_timeout, secure, skip_verify …); everything else there is a server setting.
	DSN      string
	Username string // replaces the DSN's
	Password string // replaces the DSN's
	Database string // used if the DSN names none
	Cluster  string // see migrations.Target
	// Transport carries the requests of http and https; nil means the network.
	Transport http.RoundTripper
}

// connLifetime is short because nothing else closes an idle connection. A firewall would forget it
// first, and the next insert, minutes later, would get no answer.
const connLifetime = time.Minute

// DB is a ClickHouse server or the embedded engine. It connects on first use, and reconnects if it
// has to.
type DB struct {
	conn    driver.Conn
	bare    *sql.DB // connected to no database: the schema may not exist yet
	schema  *migrations.Schema
	target  migrations.Target
	address string
	native  bool
}

// Open checks cfg. It does not connect.
func Open(cfg Config) (*DB, error) {
	options, err := parseDSN(cfg.DSN)
	if err != nil {
		return nil, err
	}
	if cfg.Username != "" {
		options.Auth.Username = cfg.Username
	}
	if cfg.Password != "" {
		options.Auth.Password = cfg.Password
	}
	target := migrations.Target{Database: options.Auth.Database, Cluster: cfg.Cluster}
	if target.Database == "" {
		target.Database = cfg.Database
	}
	schema, err := migrations.New(target)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	options.ConnMaxLifetime = connLifetime
	if cfg.Transport != nil {
		options.TransportFunc = func(*http.Transport) (http.RoundTripper, error) { return cfg.Transport, nil }
	}
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{"alpemix-collector", ""})
	if options.Compression == nil && !isLoopback(options.Addr) {
		options.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	bare := *options
	bare.Auth.Database = ""
	options.Auth.Database = target.Database
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("clickhouse.dsn: %w", err)
	}
	return &DB{
		conn: conn, bare: clickhouse.OpenDB(&bare), schema: schema, target: target,
		address: strings.Join(options.Addr, ","), native: options.Protocol == clickhouse.Native,
	}, nil
}

// parseDSN is clickhouse.ParseDSN with TLS for https. It rejects schemes that ParseDSN would take
// for the native protocol. Its errors do not show the DSN, which may hold a password.
func parseDSN(dsn string) (*clickhouse.Options, error) {
	scheme, _, _ := strings.Cut(dsn, "://")
	switch scheme {
	case "clickhouse", "http", "https":
	default:
		return nil, fmt.Errorf("clickhouse.dsn: must be embedded, or begin with clickhouse://, http:// or https://")
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil && scheme == "https" {
		if u, urlErr := url.Parse(dsn); urlErr == nil && !u.Query().Has("secure") {
			q := u.Query()
			q.Set("secure", "true")
			u.RawQuery = q.Encode()
			options, err = clickhouse.ParseDSN(u.String())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("clickhouse.dsn: %w", err)
	}
	if options.TLS != nil {
		options.TLS.MinVersion = tls.VersionTLS12
	}
	return options, nil
}

// isLoopback reports whether all addresses are on this machine, where compression costs more than
// it saves.
func isLoopback(addresses []string) bool {
	for _, a := range addresses {
		host, _, err := net.SplitHostPort(a)
		if err != nil {
			host = a
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// closeFor limits how long Close waits.
const closeFor = 5 * time.Second

// Close closes the connections.
func (d *DB) Close() error {
	return errors.Join(closeWithin(closeFor, d.conn.Close), closeWithin(closeFor, d.bare.Close))
}

// closeWithin calls close and gives up after limit. clickhouse-go (seen in 2.50.0) deadlocks if its
// pool is closed during the sweep that runs every minute. Nothing is lost, because everything that
// was sent was answered.
func closeWithin(limit time.Duration, close func() error) error {
	closed := make(chan error, 1)
	go func() { closed <- close() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-closed:
		return err
	case <-timer.C:
		return nil
	}
}

// Address returns the address of ClickHouse, without credentials.
func (d *DB) Address() string { return d.address }

// Database returns the name of the database that holds the tables.
func (d *DB) Database() string { return d.target.Database }

// Ping checks that ClickHouse answers and accepts the credentials.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.bare.PingContext(ctx); err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	return nil
}

// Create creates the database with a comment. An existing database keeps its own comment.
func (d *DB) Create(ctx context.Context, comment string) error {
	return d.schema.Create(ctx, d.bare, comment)
}

// Comment returns the database's comment, or "" if there is no database.
func (d *DB) Comment(ctx context.Context) (string, error) { return d.schema.Comment(ctx, d.bare) }

// Status compares the schema with this binary's.
func (d *DB) Status(ctx context.Context) (*migrations.Status, error) {
	return d.schema.Status(ctx, d.bare)
}

// Plan returns the SQL that Migrate would run.
func (d *DB) Plan(ctx context.Context) ([]migrations.Step, error) { return d.schema.Plan(ctx, d.bare) }

// Migrate updates the schema to this binary's version and returns the files that it ran.
func (d *DB) Migrate(ctx context.Context) ([]string, error) { return d.schema.Up(ctx, d.bare) }

// CreateMissing creates dropped tables and views again, empty, and returns their names.
func (d *DB) CreateMissing(ctx context.Context) ([]string, error) {
	return d.schema.CreateMissing(ctx, d.bare)
}

// ApplyRetention sets when rows expire and returns the statements that it ran.
func (d *DB) ApplyRetention(ctx context.Context, r migrations.Retention) ([]string, error) {
	return d.schema.ApplyRetention(ctx, d.bare, r)
}
