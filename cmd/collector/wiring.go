package main

import (
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/internal/config"
	"alpemix-collector/pacing"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/web"
)

// newClient makes the client of one account; ledger outlives the process.
func newClient(c *config.Config, account *config.AlpemixAccount, ledger alpemix.Ledger) (*alpemix.Client, error) {
	name, _ := build()
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
func (d *daemon) accounts(c *config.Config, ledger alpemix.Ledger) ([]collector.Account, error) {
	var list []collector.Account
	d.fetchers = map[string]*renewableFetcher{}
	for i := range c.Alpemix.Accounts {
		a := &c.Alpemix.Accounts[i]
		client, err := newClient(c, a, ledger)
		if err != nil {
			return nil, err
		}
		d.fetchers[a.Name] = newRenewableFetcher(client, a.SecretKey.Reveal())
		scheduled := scheduledAccount(c, a)
		scheduled.Fetcher = d.fetchers[a.Name]
		list = append(list, scheduled)
	}
	return list, nil
}

// scheduledAccount is an account with its schedule and limits, without what asks the vendor.
func scheduledAccount(c *config.Config, a *config.AlpemixAccount) collector.Account {
	return collector.Account{
		Name: a.Name, Location: a.Location(), Scope: limitScope(c, a),
		Rate:  collector.Rate{Reports: c.Alpemix.Limits.Reports, Window: c.Alpemix.Limits.Window.Std()},
		Today: c.Alpemix.Schedule.Today, Yesterday: c.Alpemix.Schedule.Yesterday,
	}
}

// status tells the facts of this moment in the words of /api/v1/status.
func (d *daemon) status(startedAt time.Time) web.Status {
	s := alpemixStatus(d.collector.Facts(), startedAt)
	limits := d.config.Alpemix.Limits
	s.Budget.ReportLimit, s.Budget.TokenLimit, s.Budget.WindowSeconds = limits.Reports, limits.Tokens, int(limits.Window.Std().Seconds())
	s.Listen.HTTP = d.config.HTTP.Listen
	if d.config.ClickHouse.DSN.Embedded() {
		s.Listen.ClickHouse = d.config.ClickHouse.Embedded.Listen
	}
	f := d.jobs.Facts()
	s.Resellers = []web.Reseller{}
	for _, a := range f.Accounts {
		s.Resellers = append(s.Resellers, resellerStatus(a))
	}
	s.CustomersFile = web.CustomersFile{File: d.config.CustomersFile, Valid: f.CustomersErr == nil, Lines: f.CustomerLines, Warnings: append([]string{}, f.CustomersWarnings...)}
	if f.CustomersErr != nil {
		s.CustomersFile.Error = oneLine(f.CustomersErr)
	}
	s.Events = web.Events{Webhook: d.config.Reseller.Webhook.URL.Reveal() != "", Waiting: f.EventsWaiting}
	return s
}

func resellerStatus(a reseller.AccountFacts) web.Reseller {
	s := web.Reseller{
		Vendor: a.Vendor, Name: a.Name, State: web.SnapshotDue, LastSnapshot: moment(a.LastSuccess), NextSnapshot: moment(a.NextTry),
		Customers: a.Customers, Allotments: a.Allotments, PendingCustomers: a.Pending, MissingCustomers: a.Missing,
	}
	switch f := a.Failure; {
	case f != nil:
		s.State = web.SnapshotFailing
		if a.Partly {
			s.State = web.SnapshotPartial
		}
		s.LastError = &web.SnapshotError{Reason: f.Reason, Code: f.Code, Message: f.Error(), At: a.FailedAt.UTC()}
	case a.NotOffered:
		s.State = web.SnapshotNotOffered
	case !a.LastSuccess.IsZero():
		s.State = web.SnapshotOK
	}
	return s
}

// alpemixStatus tells the collector's.
func alpemixStatus(f collector.Facts, startedAt time.Time) web.Status {
	name, _ := build()
	s := web.Status{
		Version:   name,
		StartedAt: startedAt.UTC(),
		At:        time.Now().UTC(),
		Accounts:  []web.Account{},
		Queue:     web.Queue{Rows: f.QueueRows, Oldest: moment(f.QueueOldest)},
		Budget:    web.Budget{Reports: f.Budget[report.Today], Tokens: f.Budget[report.Token]},
	}
	for _, a := range f.Accounts {
		s.Accounts = append(s.Accounts, accountStatus(a))
	}
	return s
}

func accountStatus(a collector.AccountFacts) web.Account {
	s := web.Account{
		Name:     a.Name,
		Timezone: a.Timezone,
		LastSuccess: web.LastSuccess{
			Today:     moment(pacing.Later(a.LastSuccess[report.Today], a.LastSuccess[report.Latest])),
			Yesterday: moment(a.LastSuccess[report.Yesterday]),
		},
		TokenExpiresAt:         moment(a.TokenExpiry),
		Today:                  a.Day,
		ConnectionsToday:       a.Today.Rows,
		ConnectionSecondsToday: a.Today.Seconds,
		UnsealedDays:           []report.Day{},
	}
	for _, d := range a.Doubts {
		s.Doubts = append(s.Doubts, web.DayDoubt(d))
	}
	s.UnsealedDays = append(s.UnsealedDays, a.Unsealed...)
	if a.PausedUntil.After(time.Now()) {
		s.BackoffUntil = moment(a.PausedUntil)
	}
	if f := a.Failure; f != nil {
		s.LastError = &web.LastError{Report: f.Kind, Reason: f.Reason, Code: f.Code, Message: f.Error()}
	}
	for _, d := range a.Days {
		switch d.State {
		case report.DaySealed:
			day := d.Day
			s.SealedUntil = &day
		case report.DayGap:
			s.GapDays++
		}
	}
	return s
}

// moment is t in UTC, null in JSON if it has not come.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}
