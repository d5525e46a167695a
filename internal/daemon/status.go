package daemon

import (
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/internal/version"
	"alpemix-collector/pacing"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/web"
)

// status returns the present facts in the form of /api/v1/status.
func (d *Daemon) status(startedAt time.Time) web.Status {
	s := alpemixStatus(d.collector.Facts(), startedAt)
	limits := d.Config.Alpemix.Limits
	s.Budget.ReportLimit, s.Budget.TokenLimit, s.Budget.WindowSeconds = limits.Reports, limits.Tokens, int(limits.Window.Std().Seconds())
	s.Listen.HTTP = d.Config.HTTP.Listen
	if d.Config.ClickHouse.DSN.Embedded() {
		s.Listen.ClickHouse = d.Config.ClickHouse.Embedded.Listen
	}
	f := d.Jobs.Facts()
	s.Resellers = []web.Reseller{}
	for _, a := range f.Accounts {
		s.Resellers = append(s.Resellers, resellerStatus(a))
	}
	s.CustomersFile = web.CustomersFile{File: d.Config.CustomersFile, Valid: f.CustomersErr == nil, Lines: f.CustomerLines, Warnings: append([]string{}, f.CustomersWarnings...)}
	if f.CustomersErr != nil {
		s.CustomersFile.Error = report.OneLine(f.CustomersErr)
	}
	s.Events = web.Events{Webhook: d.Config.Reseller.Webhook.URL.Reveal() != "", Waiting: f.EventsWaiting}
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

// alpemixStatus returns the collector's part.
func alpemixStatus(f collector.Facts, startedAt time.Time) web.Status {
	name, _ := version.Build()
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
