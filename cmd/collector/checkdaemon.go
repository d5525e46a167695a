package main

import (
	"errors"
	"fmt"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/internal/config"
	"alpemix-collector/web"
)

// daemonAccounts prints what the running daemon has seen of each account. It sends no request: the
// daemon could not count it.
func (k *checkRun) daemonAccounts(all []collector.Capacity) {
	quiet := web.QuietFor
	for _, c := range all {
		quiet = max(quiet, web.QuietFor+c.Every)
	}
	seen := map[string]web.Account{}
	for _, a := range k.daemon.Accounts {
		seen[a.Name] = a
	}
	for i := range k.config.Alpemix.Accounts {
		a := &k.config.Alpemix.Accounts[i]
		facts, ok := seen[a.Name]
		if !ok {
			k.line("account "+a.Name, "", errors.New("the running daemon does not know this account; restart the daemon"))
			continue
		}
		k.daemonAccount(a, facts, quiet)
	}
}

// daemonAccount prints what the daemon reports of an account, which it has to read every quiet.
func (k *checkRun) daemonAccount(a *config.AlpemixAccount, facts web.Account, quiet time.Duration) {
	subject := "account " + a.Name
	var doubts []collector.DayDoubt
	for _, d := range facts.Doubts {
		doubts = append(doubts, collector.DayDoubt(d))
	}
	doubtful := k.doubts(subject, doubts, facts.Today, "the running daemon asks again")
	read := facts.LastSuccess.Today
	var well string
	var err error
	switch {
	case facts.LastError != nil:
		err = fmt.Errorf("the running daemon reports: %s", facts.LastError.Message)
	case read == nil:
		err = errors.New("the running daemon has not read this account yet; run check again in a minute, or see the daemon's log")
	default:
		well = "last read by the running daemon at " + read.In(a.Location()).Format("2006-01-02 15:04:05 MST")
		if k.daemon.At.Sub(*read) > quiet {
			err = errors.New(well + "; its log says what it is waiting for")
		}
	}
	if err != nil || !doubtful {
		k.line(subject, well, err)
	}
}

// daemonQueue prints whether ClickHouse accepts what the running daemon writes.
func (k *checkRun) daemonQueue() {
	if k.daemon == nil {
		return
	}
	well := "the running daemon has no rows waiting for ClickHouse"
	var err error
	if oldest := k.daemon.Queue.Oldest; oldest != nil {
		well = fmt.Sprintf("%d rows of the running daemon have been waiting for ClickHouse since %s", k.daemon.Queue.Rows, oldest.Format(time.RFC3339))
		if k.daemon.At.Sub(*oldest) > web.QueuedFor {
			err = errors.New(well + "; none is dropped; the daemon's log has the reason")
		}
	}
	k.line("queue", well, err)
}

// daemonResellers prints the reseller accounts that the running daemon could not read. They fail the
// check even if a request of check succeeds.
func (k *checkRun) daemonResellers() {
	if k.daemon == nil {
		return
	}
	for _, r := range k.daemon.Resellers {
		subject := r.Vendor + " account " + r.Name
		switch {
		case r.LastError == nil:
		case r.State == web.SnapshotPartial:
			k.line(subject, "", fmt.Errorf("the running daemon reports: %d of its customers are not up to date: %s", r.MissingCustomers, r.LastError.Message))
		default:
			k.line(subject, "", fmt.Errorf("the running daemon reports: %s", r.LastError.Message))
		}
	}
}
