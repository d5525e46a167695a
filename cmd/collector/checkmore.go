package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/internal/database"
	"alpemix-collector/migrations"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/vendors"
	"alpemix-collector/web"
)

// ports tries whether a daemon could listen at the configured addresses. A running daemon does.
func (k *checkRun) ports(ctx context.Context) {
	http, engine := k.config.HTTP.Listen, k.config.ClickHouse.Embedded.Listen
	var running web.Listen
	if k.daemon != nil {
		running = k.daemon.Listen
	}
	well, err := k.port(http, running.HTTP)
	if hosts := k.config.HTTP.Hosts; len(hosts) > 0 {
		well += "; offered as " + strings.Join(hosts, ", ")
	}
	k.line("http.listen", well, err)
	if k.config.ClickHouse.DSN.Embedded() {
		well, err = k.port(engine, running.ClickHouse)
		if engine == running.ClickHouse {
			err = reachable(ctx, engine)
		}
		k.line("clickhouse.embedded.listen", well, err)
	}
}

// reachable returns why readers cannot reach the engine of the running daemon, which also runs if it
// cannot listen.
func reachable(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{Timeout: daemon.StatusTimeout}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("the running daemon should listen at %s, but nothing answers there: %w; see its log", address, err)
	}
	return conn.Close()
}

// port tries to listen at an address, unless the running daemon does.
func (k *checkRun) port(address, running string) (well string, err error) {
	if address == running {
		return address + " is in use by the daemon of this state folder", nil
	}
	well = address + " is free"
	if running != "" {
		well += "; the running daemon listens at " + running + " until it is restarted"
	}
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && !k.fresh && k.state == nil && k.daemon == nil:
		return "", fmt.Errorf("%s is in use, perhaps by the process that uses the state folder", address)
	case errors.Is(err, syscall.EADDRINUSE):
		return "", fmt.Errorf("%s is in use by another program; choose another port", address)
	case err != nil:
		return "", err
	}
	return well, l.Close()
}

// writes checks that the user of a server may store rows. The embedded engine's files are our own.
func (k *checkRun) writes(ctx context.Context, c *database.DB, status *migrations.Status) {
	if !c.Embedded {
		k.line("writes", "the user may store rows in database "+status.Database, c.CheckWrites(ctx, status))
	}
}

// customers reads customers_file as the daemon does, and prints whether a running daemon uses it.
func (k *checkRun) customers() {
	file := k.config.CustomersFile
	read, exists, err := reseller.CheckCustomersFile(file, vendors.All, k.knownCustomers)
	if err == nil && k.daemon != nil && !k.daemon.CustomersFile.Valid {
		err = fmt.Errorf("the running daemon reports: %s", k.daemon.CustomersFile.Error)
	}
	well := fmt.Sprintf("%s has %d lines", file, len(read.Lines)) + doubtful(append(read.Warnings, read.Unknown(k.accountNames())...))
	switch {
	case file == "":
		well = "no customers_file is configured: all connections are (unmapped)"
	case !exists:
		well = "no file " + file + ": all connections are (unmapped)"
	}
	k.line("customers", well, err)
}

// knownCustomers returns the lines in use. Of a daemon only their number is known.
func (k *checkRun) knownCustomers() ([]report.CustomerLine, error) {
	switch {
	case k.daemon != nil:
		return make([]report.CustomerLine, k.daemon.CustomersFile.Lines), nil
	case k.state != nil:
		return k.state.Customers()
	}
	return nil, nil
}
