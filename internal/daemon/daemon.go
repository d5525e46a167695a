// Package daemon wires one collecting process from a configuration, and runs it. It also asks one that
// is running already.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/reseller"
	"alpemix-collector/sink"
	"alpemix-collector/sink/engine"
	"alpemix-collector/spool"
	"alpemix-collector/store"
	"alpemix-collector/web"
)

// Daemon is one collecting process, wired: state file, ClickHouse, vendor accounts and what reads them.
type Daemon struct {
	Config    *config.Config
	Log       *slog.Logger
	State     *store.Store
	Target    *database.Target
	Metrics   *prometheus.Registry
	Jobs      *reseller.Jobs
	collector *collector.Collector
	notes     *spool.Spool
	probing   *probing

	// What SIGHUP replaces.
	fetchers  map[string]*renewableFetcher // by the account's name
	Resellers []reseller.Account           // each Source is a *renewableSource
	webhook   *renewableWebhook            // nil without one
}

// New takes the state folder and wires the rest. It sends nothing. The caller closes it.
func New(opener *database.Opener) (*Daemon, error) {
	c, log := opener.Config, opener.Log
	if c.ClickHouse.DSN.Embedded() { // a missing library does not come by waiting
		if _, err := engine.FindLibrary(c.ClickHouse.Embedded.Library); err != nil {
			return nil, err
		}
	}
	if err := opener.Folder.RefuseOthers(); err != nil {
		return nil, err
	}
	state, err := store.Open(c.StateDir, log)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		Config: c, Log: log, State: state, Target: &database.Target{Opener: *opener}, Metrics: prometheus.NewRegistry(),
		notes: spool.New(c.StateDir), probing: newProbing(c.StateDir),
	}
	d.Metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d.Metrics.MustRegister(OwnMetrics(c.StateDir, log)...)
	if err := d.rename(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	accounts, err := d.accounts(c, state)
	if err == nil {
		d.collector, err = collector.New(collector.Config{
			Accounts: accounts, Store: state, Writer: d.Target, Database: d.Target, Logins: c.Logins(), Kept: c.Retention.Connections.Std(), Reason: sink.Reason, Reasons: sink.Reasons(), FetchReasons: alpemix.Reasons(),
			Metrics: d.Metrics, Log: log,
		})
	}
	if err == nil {
		d.Jobs, err = d.newJobs()
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// daemonGC is how much of the heap may be garbage, in percent. The daemon idles most of the time, on a small machine: memory
// is worth more to it than processor time.
const daemonGC = 50

// Run serves the page at http.listen and runs work, with the page's address, at the same time until ctx ends. Nothing starts
// while another process has the address.
func (d *Daemon) Run(ctx context.Context, work func(ctx context.Context, page string) error) error {
	started := time.Now()
	protection, err := web.ProtectionOf(d.Config.HTTP.WebConfigFile)
	if problem := Exposed(&d.Config.HTTP, protection); err == nil && problem != "" { // else the server has the error
		d.Log.Warn(problem)
	}
	server := web.New(web.Config{
		Listen: d.Config.HTTP.Listen, Hosts: d.Config.HTTP.Hosts, WebConfigFile: d.Config.HTTP.WebConfigFile,
		Socket: SocketOf(d.Config.StateDir), Gatherer: d.Metrics, Log: d.Log,
		Status: func() web.Status { return d.status(started) },
		Usage:  d.usage,
		Ready:  d.ready,
	})
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(daemonGC))
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return server.Run(ctx) })
	if address, err := server.Addr(ctx); err == nil { // else Run has the error
		page := PageURL(address.String())
		if protection.TLS {
			page = "https" + strings.TrimPrefix(page, "http")
		}
		g.Go(func() error { return work(ctx, page) })
	}
	return g.Wait()
}

// Collect collects until ctx ends; then it writes what is queued. Meanwhile it runs what is given.
func (d *Daemon) Collect(ctx context.Context, beside ...func(context.Context)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.collector.Run(ctx) })
	g.Go(func() error { return d.Jobs.Run(ctx) })
	g.Go(func() error { d.watchNotes(ctx); return nil })
	for _, run := range beside {
		g.Go(func() error { run(ctx); return nil })
	}
	return g.Wait()
}

// Once does everything once. Resellers come first: the collector ends with writing what is queued.
func (d *Daemon) Once(ctx context.Context) error {
	return errors.Join(d.takeNotes(), d.Jobs.Once(ctx), d.collector.Once(ctx))
}

// PageURL is how a program on this machine reaches what listens at the address.
func PageURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil { // the form was checked when the configuration was read
		return "http://" + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Close ends ClickHouse's connections, with the embedded engine, and releases the state folder.
func (d *Daemon) Close() error {
	return errors.Join(d.Target.Close(), d.State.Close())
}

// Exposed says what strangers on the network can do with a page at an address, "" for nothing.
func Exposed(h *config.HTTP, p web.Protection) string {
	host, _, _ := net.SplitHostPort(h.Listen) // its form was checked when the configuration was read
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	switch {
	case p.Logins == 0 && !p.Clients:
		return h.Listen + " is open to other machines without a login: anyone who can reach it can read names and addresses of staff and customers; " +
			"listen on 127.0.0.1, or set http.web_config_file"
	case !p.TLS:
		return h.Listen + " is open to other machines without TLS: logins can be read in transit; add tls_server_config to http.web_config_file"
	}
	return ""
}

// rename recognises accounts that have got another name in the configuration, and moves what the state folder knows of them there.
func (d *Daemon) rename() error {
	renamed, changed, err := d.State.Rename(d.Config.Logins())
	if err != nil {
		return fmt.Errorf("recognising renamed accounts: %w", err)
	}
	for _, m := range renamed {
		d.Log.Warn(m.Reason()+": its rows move to the new name",
			"vendor", m.Vendor, "before", m.From, "now", m.To)
	}
	for _, l := range changed {
		d.Log.Warn("an account has another login than before: the rows of both stand under its name; give the login of another customer a new account name before a start",
			"vendor", l.Vendor, "account", l.Account)
	}
	d.Target.Renamed = renamed
	d.Target.MoveKeys(renamed)
	return nil
}
