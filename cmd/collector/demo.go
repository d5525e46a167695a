package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
	"alpemix-collector/internal/demo"
)

func (a *app) demoCommand() *cobra.Command {
	var dir, dsn string
	command := &cobra.Command{
		Use:   "demo",
		Short: "Collect from built-in simulators of a support desk and its resellers",
		Long: `Runs the daemon on a simulated Alpemix, four simulated reseller vendors and the
embedded ClickHouse engine, with 90 days of history. Nothing leaves this machine.
With --state the data stays, and the next start picks up where this one left off.

With --dsn the rows go to a ClickHouse server, into a database that is created
for them: an existing one is refused. COLLECTOR_CLICKHOUSE_PASSWORD_FILE
may name a file with the password.`,
		Example: `  collector demo
  collector demo --state ./state
  collector demo --state ./state --dsn clickhouse://user@host:9000/alpemix_demo`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{longRunning: ""},
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if dir == "" {
				if dir, err = os.MkdirTemp("", "collector-demo-"); err != nil {
					return err
				}
				defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			}
			if err := a.markDemo(dir); err != nil {
				return err
			}
			a.invents = true
			return ended(command.Context(), a.demo(command.Context(), dir, dsn))
		},
	}
	command.Flags().StringVar(&dsn, "dsn", "embedded", "ClickHouse server, instead of the embedded engine")
	command.Flags().StringVar(&dir, "state", "", "folder for state and data (default: a temporary one, removed at the end)")
	return command
}

func (a *app) demo(ctx context.Context, dir, dsn string) (err error) {
	vendors := demo.NewVendors()
	if err := vendors.WriteCustomers(dir); err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var g errgroup.Group
	defer func() {
		stop()
		err = errors.Join(err, g.Wait())
	}()
	if err := vendors.Serve(serving, &g); err != nil {
		return err
	}
	c, err := vendors.Config(dir, dsn, a.environ)
	if err != nil {
		return err
	}
	d, err := daemon.New(a.opener(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Run(ctx, func(ctx context.Context, page string) error {
		if err := vendors.History(ctx, d, a.showDays); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if err := d.Jobs.Once(ctx); err != nil && ctx.Err() == nil { // a warning must not come between the addresses
			return err
		}
		vendors.Announce(a.stdout, filepath.Join(dir, demo.ConfigFile))
		return d.Collect(ctx,
			func(ctx context.Context) { a.announce(ctx, d, page) },
			func(ctx context.Context) {
				d.NewReloading(func() (*config.Config, error) { return c, nil }).Run(ctx, a.hangups)
			})
	})
}

// showDays draws how many days are done. A failure to draw does not stop the command.
func (a *app) showDays(days int) (done, end func()) {
	bar := a.progress(int64(days), "90 days of history")
	return func() { _ = bar.Add(1) }, func() { _ = bar.Finish() }
}
