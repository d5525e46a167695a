package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
)

func (a *app) runCommand() *cobra.Command {
	var once bool
	command := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon that collects",
		Long: `Reads the reports of all Alpemix accounts within the vendor's limits, and writes
each connection exactly once to ClickHouse. It also records what the customers
of all reseller accounts are allotted.

SIGINT or SIGTERM stops it: it first writes the queue; what cannot be written
waits on disk for the next start. SIGHUP rereads all secrets and customers.csv;
if one of them is wrong, none is changed. The log says what changed.

With --once it reads yesterday and today of every Alpemix account, and every
reseller account, once. The exit status is 0 only if everything worked. If
Alpemix refuses requests because of its limits although the collector keeps
them, it gives up after at most three minutes more than its own requests need,
or one more minute for each account if only one of the two days is refused.`,
		Example: `  collector run -c /etc/collector.yaml
  collector run --once`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{longRunning: ""},
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if !once {
				defer func() { err = ended(command.Context(), err) }()
			}
			c, err := a.load()
			if err != nil {
				return err
			}
			if len(c.Alpemix.Accounts) == 0 && c.Reseller.Accounts() == 0 {
				return &config.Error{Source: a.configSource(), Key: "alpemix.accounts", Problem: nothingToCollect}
			}
			if err := a.refuseDemo(c); err != nil {
				return err
			}
			d, err := daemon.New(a.opener(c))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.Close()) }()
			if once {
				return d.Once(command.Context())
			}
			return d.Run(command.Context(), func(ctx context.Context, page string) error {
				return d.Collect(ctx,
					func(ctx context.Context) { a.announce(ctx, d, page) },
					func(ctx context.Context) { d.NewReloading(a.load).Run(ctx, a.hangups) })
			})
		},
	}
	command.Flags().BoolVar(&once, "once", false, "read everything once, then exit")
	return command
}

// nothingToCollect is the problem if neither Alpemix nor the resellers have an account.
const nothingToCollect = "is empty, and no reseller account is configured, so there is nothing to collect; add an account as in collector.example.yaml"

// configSource names the source of the configuration, for errors about missing keys.
func (a *app) configSource() string {
	if a.configFile != "" {
		return a.configFile
	}
	if file := a.getenv(config.EnvFile); file != "" {
		return file
	}
	if _, err := os.Lstat(defaultFile); errors.Is(err, fs.ErrNotExist) {
		return "no " + defaultFile + " here"
	}
	return defaultFile
}

// exampleQuery is the query that run shows to newcomers.
const exampleQuery = "SELECT staff_name, count() AS connections, sum(duration_seconds) AS seconds FROM connections GROUP BY staff_name ORDER BY connections DESC LIMIT 5"

// announce prints the addresses, after a try to reach ClickHouse. If it is unreachable, announce logs
// that, and the loop keeps trying.
func (a *app) announce(ctx context.Context, d *daemon.Daemon, page string) {
	if _, err := d.Target.Connect(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error("ClickHouse cannot be used yet; reports are read and queued meanwhile", "err", err)
	}
	sql, try := d.Config.ClickHouse.DSN.String(), fmt.Sprintf("%s sql '%s'", os.Args[0], exampleQuery)
	if d.Config.ClickHouse.DSN.Embedded() {
		sql = "http://" + d.Config.ClickHouse.Embedded.Listen + "/"
		try = fmt.Sprintf("curl '%s?default_format=PrettyCompact' --data \"%s\"", sql, exampleQuery)
	}
	_, _ = fmt.Fprintf(a.stdout, "page     %s/\nmetrics  %s/metrics\nSQL      %s\ntry      %s\n", page, page, sql, try)
}
