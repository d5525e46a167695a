package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/reseller/action"
	"alpemix-collector/spool"
	"alpemix-collector/vendorhttp"
)

// change sends a change, or prints its request in a dry run.
func (e *errand) change(ctx context.Context, call *action.Call) error {
	c, err := e.Change(call)
	if err != nil {
		return err
	}
	if e.dryRun {
		_, err := c.Send(ctx)
		return err
	}
	return e.carryOut(ctx, spool.New(call.StateDir), report.Provisioning{
		At: time.Now().UTC(), Vendor: e.vendor.Name, Account: call.Account, Action: c.Name, Subject: c.Subject,
		Outcome: vendorhttp.OutcomeUnknown, Detail: c.Asked,
	}, c)
}

// carryOut sends a change, records it before and after, and prints its outcome.
func (a *app) carryOut(ctx context.Context, notes *spool.Spool, call report.Provisioning, c *action.Change) error {
	note, err := notes.Begin(call)
	if err != nil {
		return err
	}
	result, err := c.Send(ctx)
	if isUnsent(err) {
		return fmt.Errorf("nothing was changed: %w", errors.Join(err, note.Withdraw(), result.Trouble))
	}
	effect := spool.Effect{Allotments: result.Allotments, Ended: result.Ended}
	outcome, details := "ok", []string{call.Detail, result.Detail}
	if err != nil {
		ofCall := fmt.Sprintf("%s account %s, request for %s: ", call.Vendor, call.Account, call.Action) // the log has columns for these
		outcome, details = report.AsFailure(err).Reason, []string{call.Detail, result.Partly, strings.TrimPrefix(report.OneLine(err), ofCall)}
		effect = spool.Effect{}
	}
	noted := note.End(outcome, joined(details), effect)
	if noted != nil {
		noted = fmt.Errorf("%w; provisioning_log may show the call as %s%s", noted, vendorhttp.OutcomeUnknown, unrecorded(effect))
	}
	done := result.Done
	if err != nil {
		done = result.Partly
	}
	if done != "" {
		if _, err := fmt.Fprintf(a.stdout, "done: %s\n", done); err != nil {
			return errors.Join(err, noted, result.Trouble)
		}
	}
	switch {
	case err == nil:
	case report.AsFailure(err).Class == report.Unknown:
		a.complain(fmt.Errorf("unknown: %w: %s", err, c.Look))
	default:
		a.complain(fmt.Errorf("refused: %w", err))
	}
	for _, trouble := range []error{result.Trouble, noted} {
		if trouble != nil {
			a.complain(trouble)
		}
	}
	if errors.Join(err, noted, result.Trouble) != nil {
		return errFailed // the errors are printed
	}
	return nil
}

// badRequest is the reason of a call that was not sent because a value of it is wrong.
const badRequest = "bad_request"

// isUnsent reports whether err means that nothing has left this machine.
func isUnsent(err error) bool {
	if err == nil {
		return false
	}
	f := report.AsFailure(err)
	_, noAnswer := errors.AsType[*vendorhttp.Trouble](err)
	return f.Class == report.Local || f.Reason == badRequest || f.Reason == "canceled" || noAnswer && f.Class != report.Unknown
}

// joined returns the details that are not empty, in one line.
func joined(details []string) string {
	var present []string
	for _, d := range details {
		if d != "" {
			present = append(present, d)
		}
	}
	return strings.Join(present, "; ")
}

// unrecorded returns what the tables lack if the effect of a change was not recorded.
func unrecorded(e spool.Effect) string {
	switch {
	case e.Ended != "":
		return ", and the view allotments shows the customer until the vendor's list is read again"
	case len(e.Allotments) > 0:
		return ", and the view allotments does not show the change; if repeating it is harmless, send it again"
	}
	return ""
}
