package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// limitPatience is how long check waits for the vendor's limits on each account: a window of a
// minute and a margin.
const limitPatience = 65 * time.Second

// accounts tries the credentials of each account, or prints what the daemon has seen of it.
func (k *checkRun) accounts(ctx context.Context) {
	if len(k.config.Alpemix.Accounts) == 0 {
		if k.config.Reseller.Accounts() == 0 {
			k.line("accounts", "", errors.New("alpemix.accounts "+nothingToCollect))
		}
		return
	}
	switch {
	case k.daemon != nil:
		k.daemonAccounts(k.capacity())
	case k.state != nil:
		for i := range k.config.Alpemix.Accounts {
			a := &k.config.Alpemix.Accounts[i]
			today := report.DayOf(time.Now().In(a.Location()))
			k.doubts("account "+a.Name, collector.Doubts(k.state.Days(a.Name), today), today, "start the collector, which asks again")
			k.account(ctx, a, k.state)
		}
	case k.fresh:
		k.freshAccounts(ctx)
	default:
		k.line("accounts", "", errors.New("not tried: without the state folder the requests sent so far are unknown; correct the state_dir error above"))
	}
}

// freshAccounts tries the credentials before the state folder has a state.
func (k *checkRun) freshAccounts(ctx context.Context) {
	l, err := k.openLedger()
	if err != nil {
		k.line("accounts", "", fmt.Errorf("not tried: requests are not sent unless they can be recorded: %w", err))
		return
	}
	for i := range k.config.Alpemix.Accounts {
		k.account(ctx, &k.config.Alpemix.Accounts[i], l)
	}
	if err := l.Close(); err != nil {
		k.line("accounts", "", err)
	}
	k.warn("limits", "the first run does not count these requests: start it a minute from now, or Alpemix may refuse one of its requests (error 205)")
}

func (k *checkRun) account(ctx context.Context, a *config.AlpemixAccount, ledger alpemix.Ledger) {
	subject := "account " + a.Name
	note := ""
	client, err := daemon.NewClient(k.elsewhere(), a, ledger) // long answers must not be kept in the state folder
	if err == nil {
		note, err = client.Check(ctx, func(until time.Time) bool { return k.wait(ctx, subject, until.In(a.Location())) })
	}
	next := config.Next(k.config.Alpemix.Schedule.Yesterday, time.Now().In(a.Location()))
	well := "alpemix accepts the credentials; yesterday is due " + next.Format("2006-01-02 15:04 MST")
	if note != "" {
		well += "; " + note
	}
	if f, ok := errors.AsType[*report.Failure](err); ok && f.Reason == report.OwnLimit {
		err = fmt.Errorf("not tried: the vendor's limit allows the next request at %s; run check again then", f.NotBefore.In(a.Location()).Format("15:04:05 MST"))
	}
	k.line(subject, well, err)
}

// wait waits for the vendor's limits and reports whether they allow a request now.
func (k *checkRun) wait(ctx context.Context, subject string, until time.Time) bool {
	if time.Until(until) > limitPatience {
		return false
	}
	_, _ = fmt.Fprintf(k.stderr, "%s: waiting until %s, when the vendor's limit allows the next request\n", subject, until.Format("15:04:05 MST"))
	pacing.Sleep(ctx, nil, until)
	return ctx.Err() == nil
}

// doubts prints the days whose answers are in doubt. It reports whether one of them fails the check:
// a day that is not sealed, or that Alpemix still serves. Only an import can complete the others.
func (k *checkRun) doubts(subject string, doubts []collector.DayDoubt, today report.Day, then string) (failed bool) {
	for _, d := range doubts {
		doubt := fmt.Sprintf("the answer for %s is in doubt: %s", d.Day, d.Why)
		if d.Sealed && d.Day < today-1 {
			k.warn(subject, doubt+"; if you have saved reports of it, run collector import")
			continue
		}
		failed = true
		k.line(subject, "", fmt.Errorf("%s; %s", doubt, then))
	}
	return failed
}

// capacity returns how often each account can be read within the limits that it shares with others.
func (k *checkRun) capacity() []collector.Capacity {
	var list []collector.Account
	for i := range k.config.Alpemix.Accounts {
		list = append(list, daemon.ScheduledAccount(k.config, &k.config.Alpemix.Accounts[i]))
	}
	all, err := collector.CapacityOf(list, time.Now())
	if err != nil {
		k.line("limits", "", err)
	}
	return all
}

// limits prints how often the vendor's limits let each account be read.
func (k *checkRun) limits() {
	for _, c := range k.capacity() {
		switch {
		case c.Loses():
			k.line("limits", "", errors.New(c.String()))
		case c.Accounts > 1:
			k.line("limits", c.String(), nil)
		}
	}
}
