package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/report"
	"alpemix-collector/sink"
	"alpemix-collector/store"
	"alpemix-collector/web"
)

// checkRun is one run of the check command. It prints a line for each thing that has to work, and
// remembers whether all do. Nothing is ok that was not tried.
type checkRun struct {
	*app
	config  *config.Config
	scratch string       // a temporary folder, because check creates nothing in the state folder
	daemon  *web.Status  // what the daemon of the state folder reports; nil without a daemon
	fresh   bool         // the state folder has no state yet
	state   *store.Store // nil if the folder is fresh, in use by a daemon, or unusable
	broken  bool
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Try configuration, web server, ClickHouse, schema and the vendors' credentials",
		Long: `Checks the configuration, the state folder, the ports and who may read the page,
ClickHouse and its schema, whether rows can be written to a ClickHouse server,
customers.csv, and the credentials of each vendor account, and prints one line
for each. It creates nothing in the state folder.

It sends at most one token request and one report request for each Alpemix
account, counted with those of the daemon. If the vendor's limits allow none yet,
it waits for up to a minute for each account and says so. While a daemon is
running on the same state folder, it reports what the daemon has seen instead.
Each reseller account gets a request that lists customers.

Exit status: 0 everything works, 1 something does not or could not be tried,
2 the configuration is wrong. Warnings do not change it.`,
		Example: "  collector check -c collector.yaml",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			a.brief = true
			c, err := a.load()
			if err != nil {
				return err
			}
			if err := a.refuseOtherDemo(c); err != nil {
				return err
			}
			scratch, err := os.MkdirTemp("", "collector-check-*")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
			k := &checkRun{app: a, config: c, scratch: scratch}
			k.line("configuration", "read; state_dir is "+c.StateDir, nil)
			k.stateFolder(command.Context())
			k.ports(command.Context())
			k.http()
			k.clickHouse(command.Context())
			k.customers()
			k.accounts(command.Context())
			k.closeState()
			k.limits()
			k.daemonQueue()
			k.daemonResellers()
			k.resellers(command.Context())
			if k.broken {
				return errFailed
			}
			return nil
		},
	}
}

// line prints that subject works, or err if it does not.
func (k *checkRun) line(subject, well string, err error) {
	if err != nil {
		k.broken = true
		_, _ = fmt.Fprintf(k.stdout, "FAIL  %s: %s\n", subject, report.OneLine(err))
		return
	}
	_, _ = fmt.Fprintf(k.stdout, "ok    %s: %s\n", subject, well)
}

func (k *checkRun) clickHouse(ctx context.Context) {
	embedded := k.config.ClickHouse.DSN.Embedded()
	c, err := k.opener(k.config).Open(ctx, database.Access(!embedded)) // on a server, check that the rights suffice to write
	if fresh, ok := errors.AsType[*database.NoDataError](err); ok {
		k.line("clickhouse", "embedded engine starts; no data in "+fresh.StateDir+" yet, the first run or import creates it", k.tryEngine(ctx))
		return
	}
	if err != nil {
		k.line("clickhouse", "", err)
		return
	}
	defer func() {
		if err := c.Close(); err != nil {
			k.line("clickhouse", "", err)
		}
	}()
	if err = c.Ping(ctx); err == nil {
		err = c.KeepApart(ctx)
	}
	k.line("clickhouse", c.Name+" answers", err)
	if err != nil {
		return
	}
	status, err := c.Status(ctx)
	if err != nil {
		k.line("schema", "", err)
		return
	}
	well := fmt.Sprintf("database %s is at version %d", status.Database, status.Version)
	if status.Version < status.Latest {
		// This is no failure: every command that writes upgrades the schema first.
		k.line("schema", fmt.Sprintf("%s of %d; the next run, import or migrate up upgrades it", well, status.Latest), nil)
		k.writes(ctx, c, status)
		return
	}
	err = status.Check()
	if err == nil {
		err = readable(ctx, c)
	}
	k.line("schema", well, err)
	if err == nil {
		k.writes(ctx, c, status)
		k.renamed(ctx, c)
	}
}

// tryEngine starts the embedded engine in an empty folder.
func (k *checkRun) tryEngine(ctx context.Context) error {
	c, err := k.opener(k.elsewhere()).Open(ctx, database.Writes)
	if err != nil {
		return err
	}
	return errors.Join(c.Ping(ctx), c.Close())
}

// elsewhere returns the configuration with scratch as its state folder.
func (k *checkRun) elsewhere() *config.Config {
	c := *k.config
	c.StateDir = k.scratch
	return &c
}

// views are those that the documentation promises.
var views = []string{
	"connections", "daily_usage", "days", "fetches", "quarantine",
	"allotments", "allotment_history", "customers", "usage_vs_allotment", "provisioning_log",
}

// readable reads no rows of every view: that works only if the view and its tables exist and the
// user may read them.
func readable(ctx context.Context, c *database.DB) error {
	for _, view := range views {
		err := c.Query(ctx, "SELECT * FROM "+view+" LIMIT 0", "TSV", io.Discard)
		if err != nil && sink.Reason(err) == sink.ReasonMissingTable {
			return fmt.Errorf("view %s cannot be read: %w; a table or view was dropped: restore it from a backup, or run collector migrate up, which creates it empty", view, err)
		}
		if err != nil {
			return fmt.Errorf("view %s cannot be read: %w", view, err)
		}
	}
	return nil
}
