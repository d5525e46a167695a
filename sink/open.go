// Package sink brings batches to ClickHouse so that each row counts once, and asks it questions.
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

// Config says where ClickHouse is.
type Config struct {
	// DSN is clickhouse://user@host:9000/database (native protocol) or http(s)://user@host:8123/database. Its query part may
	// hold what clickhouse-go knows (compress, dial_timeout, secure, skip_verify …); what it does not know is a server setting.
	DSN      string
	Username string // replaces the DSN's
	Password string // replaces the DSN's
	Database string // where the DSN names none
	Cluster  string // see migrations.Target
	// Transport carries the requests of http and https; nil means the network.
	Transport http.RoundTripper
}

// connLifetime is short because nothing else closes an idle connection: a firewall on the way would forget it first, and the
// next insert, minutes later, would run into nowhere.
const connLifetime = time.Minute

// DB is a ClickHouse server, or the embedded engine. It connects when it is first used, and again when it has to.
type DB struct {
	conn    driver.Conn
	bare    *sql.DB // connected to no database: the schema may not be there yet
	schema  *migrations.Schema
	target  migrations.Target
	address string
	native  bool
}

// Open reads cfg and connects to nothing.
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
	if options.Compression == nil && !loopback(options.Addr) {
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

// parseDSN is clickhouse.ParseDSN with what a user means by https, and without schemes that it would take for the native
// protocol. Its errors do not show the DSN, which may hold a password.
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

// loopback tells whether no address leaves this machine; compressing for it costs more than it saves.
func loopback(addresses []string) bool {
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

// closeFor bounds Close.
const closeFor = 5 * time.Second

// Close ends the connections.
func (d *DB) Close() error {
	return errors.Join(closeWithin(closeFor, d.conn.Close), closeWithin(closeFor, d.bare.Close))
}

// closeWithin gives up what does not end: clickhouse-go (seen in 2.50.0) waits for itself for ever when its pool is closed at the
// moment of its sweep, which comes every minute. Nothing is lost with it, for all that was sent was answered.
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

// Address is where ClickHouse is, without credentials.
func (d *DB) Address() string { return d.address }

// Database is the name of the database that holds the tables.
func (d *DB) Database() string { return d.target.Database }

// Ping tells whether ClickHouse answers and takes the credentials.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.bare.PingContext(ctx); err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	return nil
}

// Create makes the database, with a comment. One that is there keeps its own.
func (d *DB) Create(ctx context.Context, comment string) error {
	return d.schema.Create(ctx, d.bare, comment)
}

// Comment is the database's, empty if there is no database.
func (d *DB) Comment(ctx context.Context) (string, error) { return d.schema.Comment(ctx, d.bare) }

// Status reads how the schema stands to this binary.
func (d *DB) Status(ctx context.Context) (*migrations.Status, error) {
	return d.schema.Status(ctx, d.bare)
}

// Plan is the SQL that Migrate would run.
func (d *DB) Plan(ctx context.Context) ([]migrations.Step, error) { return d.schema.Plan(ctx, d.bare) }

// Migrate brings the schema to this binary's version and returns the files that it ran.
func (d *DB) Migrate(ctx context.Context) ([]string, error) { return d.schema.Up(ctx, d.bare) }

// CreateMissing creates tables and views again that were dropped, empty, and returns their names.
func (d *DB) CreateMissing(ctx context.Context) ([]string, error) {
	return d.schema.CreateMissing(ctx, d.bare)
}

// ApplyRetention makes rows expire by r and returns the statements that it ran.
func (d *DB) ApplyRetention(ctx context.Context, r migrations.Retention) ([]string, error) {
	return d.schema.ApplyRetention(ctx, d.bare, r)
}
