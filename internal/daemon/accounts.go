package daemon

import (
	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/internal/config"
	"alpemix-collector/internal/version"
)

// NewClient returns the client of one account; ledger outlives the process.
func NewClient(c *config.Config, account *config.AlpemixAccount, ledger alpemix.Ledger) (*alpemix.Client, error) {
	name, _ := version.Build()
	return alpemix.New(alpemix.Config{
		Account:      account.Name,
		Endpoint:     c.Alpemix.Endpoint,
		MainUsername: account.MainUsername,
		SecretKey:    account.SecretKey.Reveal(),
		Method:       c.Alpemix.Request.Method,
		ContentType:  c.Alpemix.Request.ContentType,
		Limits: alpemix.Limits{
			Reports: c.Alpemix.Limits.Reports,
			Tokens:  c.Alpemix.Limits.Tokens,
			Window:  c.Alpemix.Limits.Window.Std(),
			Scope:   limitScope(c, account),
		},
		MaxBody: int64(c.Alpemix.MaxAnswerMiB) << 20,
		Spill:   c.StateDir,
		TLS:     c.Alpemix.TLS,
		Version: name,
	}, ledger, nil)
}

// limitScope is the key under which the vendor counts the requests of an account.
func limitScope(c *config.Config, account *config.AlpemixAccount) string {
	if c.Alpemix.Limits.Scope == "account" {
		return "account " + account.Name
	}
	return "ip"
}

// accounts wires the configured accounts for the collector.
func (d *Daemon) accounts(c *config.Config, ledger alpemix.Ledger) ([]collector.Account, error) {
	var list []collector.Account
	d.fetchers = map[string]*renewableFetcher{}
	for i := range c.Alpemix.Accounts {
		a := &c.Alpemix.Accounts[i]
		client, err := NewClient(c, a, ledger)
		if err != nil {
			return nil, err
		}
		d.fetchers[a.Name] = newRenewableFetcher(client, a.SecretKey.Reveal())
		scheduled := ScheduledAccount(c, a)
		scheduled.Fetcher = d.fetchers[a.Name]
		list = append(list, scheduled)
	}
	return list, nil
}

// ScheduledAccount is an account with its schedule and limits, without what asks the vendor.
func ScheduledAccount(c *config.Config, a *config.AlpemixAccount) collector.Account {
	return collector.Account{
		Name: a.Name, Location: a.Location(), Scope: limitScope(c, a),
		Rate:  collector.Rate{Reports: c.Alpemix.Limits.Reports, Window: c.Alpemix.Limits.Window.Std()},
		Today: c.Alpemix.Schedule.Today, Yesterday: c.Alpemix.Schedule.Yesterday,
	}
}
