package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// The demonstration's account. Its credentials open nothing but the simulator of the same process.
const (
	demoAccount = "demo"
	demoSecret  = "simulated"
	demoDays    = 90
	// demoHourly keeps the desk awake at night, so that whoever looks then sees rows arrive.
	demoHourly = 6
)

func (a *app) demoCommand() *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:   "demo",
		Short: "Collect from a built-in simulator of a support desk",
		Long: `Runs the daemon on a simulated Alpemix and the embedded ClickHouse engine, with
90 days of history. Nothing leaves this machine. With --state the data stay, and
the next start goes on where this one was.`,
		Example: "  collector demo\n  collector demo --state ./state",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if dir == "" {
				if dir, err = os.MkdirTemp("", "collector-demo-"); err != nil {
					return err
				}
				defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			}
			if err := markDemo(dir); err != nil {
				return err
			}
			return a.demo(command.Context(), dir)
		},
	}
	command.Flags().StringVar(&dir, "state", "", "folder for state and data (default: a temporary one, removed at the end)")
	return command
}

func (a *app) demo(ctx context.Context, dir string) (err error) {
	vendor := simulator.New(simulator.Options{
		World:    &simulator.World{Seed: 1, HourlyMinimum: demoHourly},
		Accounts: []simulator.Account{{Name: demoAccount, SecretKey: demoSecret}},
	})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the simulator: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var g errgroup.Group
	g.Go(func() error { return vendor.Serve(serving, listener) })
	defer func() {
		stop()
		err = errors.Join(err, g.Wait())
	}()
	c, err := a.demoConfig(dir, listener.Addr().String())
	if err != nil {
		return err
	}
	d, err := a.newDaemon(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	return d.run(ctx, func(ctx context.Context, page string) error {
		if err := a.history(ctx, d, vendor); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "This collects from a simulated support desk; nothing of it is real. Ctrl-C ends it.\n")
		return d.collect(ctx, func(ctx context.Context) { a.announce(ctx, d, page) })
	})
}

// demoConfig is the default configuration with the simulator for a vendor. What the environment says of the rest holds.
func (a *app) demoConfig(dir, vendor string) (*config.Config, error) {
	c, err := config.Load("", append(a.environ[:len(a.environ):len(a.environ)],
		"COLLECTOR_STATE_DIR="+dir,
		"COLLECTOR_CLICKHOUSE_DSN=embedded",
		"COLLECTOR_ALPEMIX_ENDPOINT=http://"+vendor+"/api",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME="+demoAccount,
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME="+demoAccount,
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY="+demoSecret,
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_TIMEZONE=Europe/Istanbul",
	))
	if err != nil {
		return nil, err
	}
	c.Warnings = nil
	return c, nil
}

// history stores the days that a live collector would have read in the past, once: as saved reports, like an import.
func (a *app) history(ctx context.Context, d *daemon, vendor *simulator.Vendor) error {
	db, err := d.target.connect(ctx)
	if err != nil {
		return err
	}
	var known bytes.Buffer
	if err := db.Query(ctx, "SELECT count() FROM days", "TSV", &known); err != nil {
		return err
	}
	if strings.TrimSpace(known.String()) != "0" {
		return nil
	}
	zone := simulator.Istanbul
	today := report.DayOf(time.Now().In(zone))
	bar := a.progress(demoDays, "90 days of history")
	stream := db.Writer().Import(ctx)
	var days []report.DayStatus
	for day := today - demoDays; day < today-1; day++ {
		gone := (day + 2).Start(zone) // when Alpemix tells the day no more
		body := vendor.Report(demoAccount, day, gone)
		in := &ingest{
			source:     parser.Source{Account: demoAccount, Location: zone, FetchedAt: gone},
			add:        stream.Add,
			quarantine: func(rejects []report.Reject) error { return db.Writer().Write(ctx, report.Batch{Rejects: rejects}) },
		}
		n, err := in.run(ctx, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil })
		if err != nil {
			stream.Abort()
			return err
		}
		sealed := (day + 1).Start(zone).Add(5 * time.Minute).UTC()
		days = append(days, report.DayStatus{
			Account: demoAccount, Day: day, State: report.DaySealed, Rows: uint64(n.records - n.quarantined()), SealedAt: sealed, Version: uint64(sealed.UnixMicro()),
		})
		_ = bar.Add(1) // a bar that cannot be drawn is no reason to stop
	}
	if err := stream.Close(); err != nil {
		return err
	}
	_ = bar.Finish()
	// Last, because it marks the history as complete.
	return db.Writer().Write(ctx, report.Batch{Days: days})
}
