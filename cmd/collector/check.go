package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/collector"
	"alpemix-collector/internal/durable"
	"alpemix-collector/report"
	"alpemix-collector/sink"
	"alpemix-collector/sink/engine"
	"alpemix-collector/store"
	"alpemix-collector/web"
)

// checking prints one line for each thing that has to work, and remembers whether all do.
type checking struct {
	*app
	config *config.Config
	broken bool
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Try configuration, web server, ClickHouse, schema and the vendors' credentials",
		Long: `Checks the configuration, the ports and who may read the page, ClickHouse and its
schema, whether rows can be written to a ClickHouse server, customers.csv, and
the credentials of each vendor account, and prints one line for each.

It sends at most one token request and one report request for each Alpemix
account, counted with those of the daemon. While a daemon is running on the same
state folder, it reports what the daemon has seen instead. Each reseller account
gets a request that lists customers.

Exit status: 0 everything works, 1 something does not, 2 the configuration is
wrong. Warnings do not change it.`,
		Example: "  collector check -c collector.yaml",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			a.brief = true
			c, err := a.load()
			if err != nil {
				return err
			}
			if err := a.refuseOtherDemo(c); err != nil {
				return err
			}
			k := &checking{app: a, config: c}
			k.line("configuration", "read; state_dir is "+c.StateDir, nil)
			k.ports()
			k.http()
			k.clickHouse(command.Context())
			k.customers()
			k.accounts(command.Context())
			k.limits()
			k.resellers(command.Context())
			if k.broken {
				return errFailed
			}
			return nil
		},
	}
}

// line prints what is well, or what is not and why.
func (k *checking) line(subject, well string, err error) {
	if err != nil {
		k.broken = true
		_, _ = fmt.Fprintf(k.stdout, "FAIL  %s: %s\n", subject, oneLine(err))
		return
	}
	_, _ = fmt.Fprintf(k.stdout, "ok    %s: %s\n", subject, well)
}

func (k *checking) clickHouse(ctx context.Context) {
	embedded := k.config.ClickHouse.DSN.Embedded()
	c, err := k.openClickHouse(ctx, k.config, access(!embedded)) // of a server the rights of the daemon matter
	if fresh, ok := errors.AsType[*noDataError](err); ok {
		_, err = engine.FindLibrary(k.config.ClickHouse.Embedded.Library)
		k.line("clickhouse", "embedded engine; no data in "+fresh.stateDir+" yet, the first run or import creates it", err)
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
		err = c.keepApart(ctx)
	}
	k.line("clickhouse", c.name+" answers", err)
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
		// Not a fault: every command that writes brings the schema up first.
		k.line("schema", fmt.Sprintf("%s of %d; the next run, import or migrate up brings it there", well, status.Latest), nil)
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

// views are those of the contract.
var views = []string{
	"connections", "daily_usage", "days", "fetches", "quarantine",
	"allotments", "allotment_history", "customers", "usage_vs_allotment", "provisioning_log",
}

// readable asks every view for nothing: that needs it, and the tables beneath, and the right to read them.
func readable(ctx context.Context, c *clickHouse) error {
	for _, view := range views {
		err := c.Query(ctx, "SELECT * FROM "+view+" LIMIT 0", "TSV", io.Discard)
		if err != nil && sink.Reason(err) == sink.ReasonMissingTable {
			return fmt.Errorf("view %s cannot be read: %w; something was dropped: restore it from a backup, or run collector migrate up, which creates it empty", view, err)
		}
		if err != nil {
			return fmt.Errorf("view %s cannot be read: %w", view, err)
		}
	}
	return nil
}

// limits prints how often the vendor's limits let accounts be read that share them.
func (k *checking) limits() {
	var list []collector.Account
	for i := range k.config.Alpemix.Accounts {
		list = append(list, scheduledAccount(k.config, &k.config.Alpemix.Accounts[i]))
	}
	all, err := collector.CapacityOf(list, time.Now())
	if err != nil {
		k.line("limits", "", err)
	}
	for _, c := range all {
		switch {
		case c.Loses():
			k.line("limits", "", errors.New(c.String()))
		case c.Accounts > 1:
			k.line("limits", c.String(), nil)
		}
	}
}

func (k *checking) accounts(ctx context.Context) {
	if len(k.config.Alpemix.Accounts) == 0 {
		if k.config.Reseller.Accounts() == 0 {
			k.line("accounts", "", errors.New("alpemix.accounts "+nothingToCollect))
		}
		return
	}
	if err := k.refuseOthers(k.config.StateDir); err != nil {
		if durable.Locked(filepath.Join(k.config.StateDir, "state.db")) {
			k.askDaemon(ctx) // to ask leaves no files behind
		} else {
			k.line("state", "", err)
		}
		return
	}
	state, err := store.Open(k.config.StateDir, k.logger(k.config))
	switch {
	case errors.Is(err, store.ErrLocked):
		k.askDaemon(ctx)
		return
	case err != nil:
		k.line("state", "", err)
		return
	}
	for i := range k.config.Alpemix.Accounts {
		a := &k.config.Alpemix.Accounts[i]
		note := ""
		client, err := newClient(k.config, a, state)
		if err == nil {
			note, err = client.Check(ctx)
		}
		next := config.Next(k.config.Alpemix.Schedule.Yesterday, time.Now().In(a.Location()))
		well := "alpemix accepts the credentials; yesterday is due " + next.Format("2006-01-02 15:04 MST")
		if note != "" {
			well += "; " + note
		}
		if f, ok := errors.AsType[*report.Failure](err); ok && f.Reason == report.OwnLimit {
			well, err = "not tried: the vendor's limit allows the next request at "+f.NotBefore.In(a.Location()).Format("15:04:05 MST"), nil
		}
		k.line("account "+a.Name, well, err)
	}
	if err := state.Close(); err != nil {
		k.line("state", "", err)
	}
}

// askDaemon takes the accounts' state from the daemon that has the state folder: requests of ours would not be counted.
func (k *checking) askDaemon(ctx context.Context) {
	client, url := localDaemon(ctx, k.config, statusTimeout)
	s, err := daemonStatus(ctx, client, url)
	if err != nil {
		k.line("accounts", "", fmt.Errorf("another process has state_dir %s, and the status of a daemon cannot be read: %w", k.config.StateDir, err))
		return
	}
	seen := map[string]web.Account{}
	for _, a := range s.Accounts {
		seen[a.Name] = a
	}
	for _, a := range k.config.Alpemix.Accounts {
		facts, ok := seen[a.Name]
		var err error
		well := "the running daemon has not read it yet"
		switch {
		case !ok:
			err = errors.New("the running daemon does not know it; restart the daemon")
		case facts.LastError != nil:
			err = fmt.Errorf("the running daemon says: %s", facts.LastError.Message)
		case inDoubt(facts) != "":
			err = fmt.Errorf("the running daemon says: %s", inDoubt(facts))
		case facts.LastSuccess.Today != nil:
			well = "the running daemon has read it at " + facts.LastSuccess.Today.In(a.Location()).Format("2006-01-02 15:04:05 MST")
		}
		k.line("account "+a.Name, well, err)
	}
}

// inDoubt names the newest day whose answers are in doubt and can still be asked for, empty without one.
func inDoubt(a web.Account) (doubt string) {
	for _, d := range a.Doubts {
		if d.Day >= a.Today-1 {
			doubt = fmt.Sprintf("the answer for %s is in doubt: %s", d.Day, d.Why)
		}
	}
	return doubt
}
