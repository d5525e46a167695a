package daemon

import (
	"context"
	"net/http"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/version"
	"alpemix-collector/pacing"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/vendors"
	"alpemix-collector/reseller/webhook"
	"alpemix-collector/vendorhttp"
)

// newJobs wires what records the reseller accounts' allotments and the customers file.
func (d *Daemon) newJobs() (*reseller.Jobs, error) {
	c := d.Config
	accounts, err := ResellerAccounts(c, func(string) http.RoundTripper { return nil })
	if err != nil {
		return nil, err
	}
	receiver, err := newWebhook(&c.Reseller.Webhook)
	if err != nil {
		return nil, err
	}
	d.Resellers = accounts
	if receiver != nil {
		d.webhook = newRenewableWebhook(receiver)
		receiver = d.webhook
	}
	var alpemix []string
	for _, a := range c.Alpemix.Accounts {
		alpemix = append(alpemix, a.Name)
	}
	return reseller.New(reseller.Config{
		Vendors: vendors.All, AlpemixAccounts: alpemix,
		Accounts: accounts, Store: d.State, Location: c.Location(), CustomersFile: c.CustomersFile, Thresholds: c.Reseller.Thresholds,
		Webhook: receiver, Queued: d.collector.Queued, Metrics: d.Metrics, Log: d.Log,
	})
}

// ResellerAccounts wires the configured accounts of all reseller vendors; over is what the clients of a vendor send through, nil for
// the network.
func ResellerAccounts(c *config.Config, over func(vendor string) http.RoundTripper) (all []reseller.Account, err error) {
	version, _ := version.Build()
	for _, v := range c.Reseller.Vendors {
		for _, o := range v.Openers() {
			client, err := o.Open(version, over(v.Name))
			if err != nil {
				return nil, err
			}
			source := newRenewableSource(client)
			account := reseller.Account{Vendor: v.Name, Name: o.Login().Account, Schedule: v.Cron(), Source: source}
			if _, byCustomer := client.(reseller.ByCustomer); byCustomer {
				account.Customers = source.customers
			}
			all = append(all, account)
		}
	}
	return all, nil
}

// newWebhook returns the receiver of events, nil for none.
func newWebhook(c *config.Webhook) (reseller.Webhook, error) {
	if c.URL.Reveal() == "" {
		return nil, nil
	}
	version, _ := version.Build()
	return webhook.New(webhook.Config{
		URL: c.URL, Timeout: c.Timeout.Std(), TLS: c.TLS, Version: version,
	}, nil)
}

// takeNotes imports what commands have noted of their calls to vendors.
func (d *Daemon) takeNotes() error {
	taken, err := d.notes.TakeIn(d.State)
	for _, call := range taken {
		d.Log.Info("a command has called a vendor", "vendor", call.Vendor, "account", call.Account, "action", call.Action, "subject", call.Subject, "outcome", call.Outcome)
		if call.Outcome == "ok" || call.Outcome == vendorhttp.OutcomeUnknown {
			d.Jobs.Changed(call.Vendor, call.Account, call.Subject)
		}
	}
	if len(taken) > 0 {
		d.collector.Queued()
	}
	return err
}

// notesEvery is how often it is looked for calls of commands.
const notesEvery = 5 * time.Second

// watchNotes imports notes until ctx ends. It logs a problem once.
func (d *Daemon) watchNotes(ctx context.Context) {
	logged := ""
	for ctx.Err() == nil {
		problem := ""
		if err := d.takeNotes(); err != nil {
			problem = err.Error()
		}
		if problem != "" && problem != logged {
			d.Log.Error("calls of commands to vendors are not all in the log yet", "err", problem)
		}
		logged = problem
		pacing.Sleep(ctx, nil, time.Now().Add(notesEvery))
	}
}
