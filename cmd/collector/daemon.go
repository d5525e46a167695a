package main

import (
	"context"
	"errors"
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

// daemon is one collecting process, wired: state file, ClickHouse, vendor accounts and what reads them.
type daemon struct {
	config    *config.Config
	log       *slog.Logger
	state     *store.Store
	target    *database.Target
	metrics   *prometheus.Registry
	collector *collector.Collector
	jobs      *reseller.Jobs
	notes     *spool.Spool
	probing   *probing

	// What SIGHUP replaces.
	fetchers  map[string]*renewableFetcher // by the account's name
	resellers []reseller.Account           // each Source is a *renewableSource
	webhook   *renewableWebhook            // nil without one
}

// newDaemon takes the state folder and wires the rest. It reads no network. The caller closes it.
func (a *app) newDaemon(c *config.Config) (*daemon, error) {
	if c.ClickHouse.DSN.Embedded() { // a missing library does not come by waiting
		if _, err := engine.FindLibrary(c.ClickHouse.Embedded.Library); err != nil {
			return nil, err
		}
	}
	if err := a.folder(c.StateDir).RefuseOthers(); err != nil {
		return nil, err
	}
	log := a.logger(c)
	state, err := store.Open(c.StateDir, log)
	if err != nil {
		return nil, err
	}
	d := &daemon{
		config: c, log: log, state: state, target: &database.Target{Opener: *a.opener(c)}, metrics: prometheus.NewRegistry(), notes: spool.New(c.StateDir), probing: newProbing(c.StateDir),
	}
	d.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(), machine{c.StateDir, log})
	if err := d.rename(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	accounts, err := d.accounts(c, state)
	if err == nil {
		d.collector, err = collector.New(collector.Config{
			Accounts: accounts, Store: state, Writer: d.target, Database: d.target, Logins: c.Logins(), Kept: c.Retention.Connections.Std(), Reason: sink.Reason, Reasons: sink.Reasons(), FetchReasons: alpemix.Reasons(),
			Metrics: d.metrics, Log: log,
		})
	}
	if err == nil {
		d.jobs, err = d.newJobs()
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// daemonGC is how much of the heap may be garbage, in percent. The daemon idles most of the time, on a small machine: memory
// is worth more to it than processor time.
const daemonGC = 50

// run serves the page at http.listen and does work beside it, which is told the page's address, until ctx ends. Nothing is begun
// while the address is another's.
func (d *daemon) run(ctx context.Context, work func(ctx context.Context, page string) error) error {
	started := time.Now()
	protection, err := web.ProtectionOf(d.config.HTTP.WebConfigFile)
	if problem := exposed(&d.config.HTTP, protection); err == nil && problem != "" { // else the server has the error
		d.log.Warn(problem)
	}
	server := web.New(web.Config{
		Listen: d.config.HTTP.Listen, Hosts: d.config.HTTP.Hosts, WebConfigFile: d.config.HTTP.WebConfigFile,
		Socket: socketOf(d.config.StateDir), Gatherer: d.metrics, Log: d.log,
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
		page := pageURL(address.String())
		if protection.TLS {
			page = "https" + strings.TrimPrefix(page, "http")
		}
		g.Go(func() error { return work(ctx, page) })
	}
	return g.Wait()
}

// collect collects until ctx ends; then it writes what is queued. Meanwhile it runs what is given.
func (d *daemon) collect(ctx context.Context, beside ...func(context.Context)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.collector.Run(ctx) })
	g.Go(func() error { return d.jobs.Run(ctx) })
	g.Go(func() error { d.watchNotes(ctx); return nil })
	for _, run := range beside {
		g.Go(func() error { run(ctx); return nil })
	}
	return g.Wait()
}

// once does everything once. Resellers come first: the collector ends with writing what is queued.
func (d *daemon) once(ctx context.Context) error {
	return errors.Join(d.takeNotes(), d.jobs.Once(ctx), d.collector.Once(ctx))
}

// pageURL is how a program on this machine reaches what listens at the address.
func pageURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil { // the form was checked when the configuration was read
		return "http://" + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// close ends ClickHouse's connections, with the embedded engine, and releases the state folder.
func (d *daemon) close() error {
	return errors.Join(d.target.Close(), d.state.Close())
}

// buildInfo is the metric collector_build_info: always 1, the facts are its labels.
func buildInfo() prometheus.Collector {
	name, from := build()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "collector_build_info", Help: "Which collector this is; always 1.",
		ConstLabels: prometheus.Labels{"version": name, "commit": from, "engine": engine.Version},
	})
	info.Set(1)
	return info
}
