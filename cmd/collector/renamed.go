package main

import (
	"context"
	"fmt"
	"path/filepath"

	"alpemix-collector/internal/database"
	"alpemix-collector/internal/durable"
	"alpemix-collector/internal/statedir"
	"alpemix-collector/sink"
)

// follow moves the rows of renamed accounts before an import. A running daemon moves them when it
// starts with the new names; until then it writes under the old ones.
func (i *importRun) follow(ctx context.Context, writer *sink.Writer) error {
	if !durable.Locked(filepath.Join(i.config.StateDir, statedir.StateFile)) {
		moves, err := writer.Follow(ctx, i.config.Logins())
		for _, m := range moves {
			i.logger(i.config).Warn(m.Reason()+": its rows in ClickHouse have moved to the new name", "vendor", m.Vendor, "before", m.From, "now", m.To)
		}
		return err
	}
	moves, _, err := writer.Renamed(ctx, i.config.Logins())
	for _, m := range moves {
		if m.Vendor == "alpemix" && (m.From == i.account || m.To == i.account) {
			return fmt.Errorf("account %q was called %q when the running daemon started; restart the daemon, which moves the rows to the new name, then import again", m.To, m.From)
		}
	}
	return err
}

// renamed prints the accounts whose rows have another name than in the configuration, or are of
// another login.
func (k *checkRun) renamed(ctx context.Context, c *database.DB) {
	moves, changed, err := c.Writer().Renamed(ctx, k.config.Logins())
	if err != nil {
		k.line("account names", "", err)
	}
	for _, m := range moves {
		if m.Displaced {
			k.line("account names", fmt.Sprintf("%s account %q is not in the configuration, and another login now has its name; the next start moves its rows to %q", m.Vendor, m.From, m.To), nil)
			continue
		}
		k.line("account names", fmt.Sprintf("ClickHouse knows the login of %s account %q as %q; the next start moves the rows to the new name", m.Vendor, m.To, m.From), nil)
	}
	for _, l := range changed {
		k.line("account names", fmt.Sprintf("%s account %q has another login than its rows; the next start stores the rows of both under this name: if the login belongs to another customer, give it a new account name first", l.Vendor, l.Account), nil)
	}
}
