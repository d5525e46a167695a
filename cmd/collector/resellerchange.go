package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"alpemix-collector/report"
	"alpemix-collector/spool"
	"alpemix-collector/vendorhttp"
)

// change is a call that changes something at a vendor.
type change struct {
	action  string // the vendor's name of the call
	subject string // whom it is about: the vendor's name or id of the customer
	asked   string // what is asked for, for provisioning_log; no secret
	look    string // what shows afterwards whether it was done
	send    func(context.Context) (changed, error)
}

// changed is what a change has brought when the vendor has made it.
type changed struct {
	said    string // for people
	told    string // by the vendor, for provisioning_log
	effect  spool.Effect
	partly  string // what was done beside a failure, for people and for provisioning_log
	trouble error  // what else there is to say, also beside a failure
}

// changes makes command one that sends a change, which plan makes of the command line.
func (d *dialect[C]) changes(command *cobra.Command, plan func(context.Context, *errand[C], []string) (*change, error)) *cobra.Command {
	return d.asks(command, func(ctx context.Context, e *errand[C], args []string) error {
		if err := e.refuseOtherDemo(e.config); err != nil {
			return err
		}
		if err := e.refuseOthers(e.config.StateDir); err != nil {
			return err
		}
		c, err := plan(ctx, e, args)
		if err != nil {
			return err
		}
		if e.dryRun {
			_, err := c.send(ctx)
			return err
		}
		return e.carryOut(ctx, spool.New(e.config.StateDir), report.Provisioning{
			At: time.Now().UTC(), Vendor: d.vendor, Account: e.account, Action: c.action, Subject: c.subject,
			Outcome: vendorhttp.OutcomeUnknown, Detail: c.asked,
		}, c)
	})
}

// carryOut sends a change, notes it before and after, and says what came of it.
func (a *app) carryOut(ctx context.Context, notes *spool.Spool, call report.Provisioning, c *change) error {
	note, err := notes.Begin(call)
	if err != nil {
		return err
	}
	result, err := c.send(ctx)
	if isUnsent(err) {
		return fmt.Errorf("nothing was changed: %w", errors.Join(err, note.Withdraw(), result.trouble))
	}
	outcome, details := "ok", []string{call.Detail, result.told}
	if err != nil {
		ofCall := fmt.Sprintf("%s account %s, request for %s: ", call.Vendor, call.Account, call.Action) // the log has columns for these
		outcome, details = report.AsFailure(err).Reason, []string{call.Detail, result.partly, strings.TrimPrefix(oneLine(err), ofCall)}
		result.effect = spool.Effect{}
	}
	noted := note.End(outcome, joined(details), result.effect)
	if noted != nil {
		noted = fmt.Errorf("%w; provisioning_log may say %s of it%s", noted, vendorhttp.OutcomeUnknown, unrecorded(result.effect))
	}
	done := result.said
	if err != nil {
		done = result.partly
	}
	if done != "" {
		if _, err := fmt.Fprintf(a.stdout, "done: %s\n", done); err != nil {
			return errors.Join(err, noted, result.trouble)
		}
	}
	switch {
	case err == nil:
	case report.AsFailure(err).Class == report.Unknown:
		a.complain(fmt.Errorf("unknown: %w: %s", err, c.look))
	default:
		a.complain(fmt.Errorf("refused: %w", err))
	}
	for _, trouble := range []error{result.trouble, noted} {
		if trouble != nil {
			a.complain(trouble)
		}
	}
	if errors.Join(err, noted, result.trouble) != nil {
		return errFailed // all is said
	}
	return nil
}

// badRequest is the reason of a call that was not sent because it cannot be meant.
const badRequest = "bad_request"

// isUnsent tells of an error that nothing has left this machine.
func isUnsent(err error) bool {
	if err == nil {
		return false
	}
	f := report.AsFailure(err)
	_, noAnswer := errors.AsType[*vendorhttp.Trouble](err)
	return f.Class == report.Local || f.Reason == badRequest || f.Reason == "canceled" || noAnswer && f.Class != report.Unknown
}

// joined is what details tell in one line.
func joined(details []string) string {
	var told []string
	for _, d := range details {
		if d != "" {
			told = append(told, d)
		}
	}
	return strings.Join(told, "; ")
}

// unrecorded says that the effect of a change is not in the tables.
func unrecorded(e spool.Effect) string {
	switch {
	case e.Ended != "":
		return ", and allotments still has the customer until the vendor's list is read again"
	case len(e.Allotments) > 0:
		return ", and allotments does not have it; where that is harmless, send it again"
	}
	return ""
}
