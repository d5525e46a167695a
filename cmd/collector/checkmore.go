package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"alpemix-collector/internal/durable"
	"alpemix-collector/migrations"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/vendors"
)

// ports tries whether a daemon could listen where it is to. One that is at work on the state folder does.
func (k *checking) ports() {
	type port struct{ key, address, lock string }
	all := []port{{"http.listen", k.config.HTTP.Listen, "state.db"}}
	if k.config.ClickHouse.DSN.Embedded() {
		all = append(all, port{"clickhouse.embedded.listen", k.config.ClickHouse.Embedded.Listen, filepath.Join(engineFolder, "lock")})
	}
	for _, p := range all {
		key, address := p.key, p.address
		well := address + " is free"
		if durable.Locked(filepath.Join(k.config.StateDir, p.lock)) {
			k.line(key, address+" is in use by the collector that runs on this state folder", nil)
			continue
		}
		l, err := net.Listen("tcp", address)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			err = fmt.Errorf("%s is in use by another program; choose another port", address)
		case err == nil:
			err = l.Close()
		}
		if hosts := k.config.HTTP.Hosts; key == "http.listen" && len(hosts) > 0 {
			well += "; offered as " + strings.Join(hosts, ", ")
		}
		k.line(key, well, err)
	}
}

// writes finds out whether rows can be stored on a server. The embedded engine's files are our own.
func (k *checking) writes(ctx context.Context, c *clickHouse, status *migrations.Status) {
	if !c.embedded {
		k.line("writes", "the user may store rows in database "+status.Database, c.CheckWrites(ctx, status))
	}
}

// customers reads customers_file as the daemon does.
func (k *checking) customers() {
	file := k.config.CustomersFile
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		k.line("customers", "there is no "+file+": all connections are (unmapped)", nil)
		return
	}
	if err != nil {
		k.line("customers", "", fmt.Errorf("cannot read %s: %w", file, bare(err)))
		return
	}
	read, err := reseller.ParseCustomers(file, text, vendors.All)
	k.line("customers", fmt.Sprintf("%s has %d lines", file, len(read.Lines))+doubtful(append(read.Warnings, read.Unknown(k.accountNames())...)), err)
}
