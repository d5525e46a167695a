package vendorhttp

import (
	"context"
	"errors"
	"time"

	"alpemix-collector/report"
)

// OutcomeUnknown is the reason of a changing call that the vendor may or may not have carried out.
const OutcomeUnknown = "outcome_unknown"

// Do sends r once and calls read with a complete answer, whatever its status. If read returns an
// error that is not a *report.Failure, the answer is not in the vendor's form. Do returns a
// *report.Failure or, from DryRun, the *Preview.
func (c *Client) Do(ctx context.Context, r Request, read func(*Answer) error) error {
	start := time.Now()
	a, err := c.do(ctx, r, read)
	if _, dry := errors.AsType[*Preview](err); dry || c.observe == nil {
		return err
	}
	f := report.Fetch{At: start.UTC(), Vendor: c.vendor.Name, Account: c.account.Name, Job: r.Job, Outcome: "ok"}
	f.Seconds = time.Since(start).Seconds()
	if a != nil {
		f.Bytes = uint64(len(a.Body))
	}
	if err != nil {
		fail := report.AsFailure(err)
		f.Outcome, f.Code = fail.Reason, fail.Code
	} else {
		f.Rows = a.Rows
	}
	c.observe(f)
	return err
}

func (c *Client) do(ctx context.Context, r Request, read func(*Answer) error) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, c.Fail(r, report.Transient, "canceled", "not sent: %w", err)
	}
	a, err := c.Exchange(ctx, r)
	if trouble, ok := errors.AsType[*Trouble](err); ok {
		fail := c.Fail(r, trouble.Class, trouble.Reason, "%w", trouble)
		fail.Unsent = trouble.Unsent
		if r.Changes && !trouble.Unsent {
			return nil, c.unknown(r, fail)
		}
		return nil, fail
	}
	if err != nil {
		return nil, err
	}
	if a.Cut == nil {
		if err = read(a); err == nil {
			return a, nil
		}
	}
	fail, refused := a.settle(err)
	if r.Changes && !refused {
		return a, c.unknown(r, fail)
	}
	return a, fail
}

// settle returns the failure of an answer that read could not use, because of err. A changing call
// counts as refused only if the vendor, or a server in between, clearly refused it.
//
// It may have been carried out before a redirect, a server error or an answer that contradicts
// itself. The vendor's own errors are transient if they don't judge the request.
func (a *Answer) settle(err error) (fail *report.Failure, refused bool) {
	fail, inWords := errors.AsType[*report.Failure](err)
	if inWords {
		return fail, fail.Class != report.Transient && fail.Class != report.Unknown
	}
	return a.unreadable(err), !isUnclear(err) && a.Status >= 400 && !a.serverSide()
}

// unknown turns fail into one for a call that may have been carried out.
func (c *Client) unknown(r Request, fail *report.Failure) *report.Failure {
	u := *fail
	u.Class, u.Reason = report.Unknown, OutcomeUnknown
	u.Err = &unknownError{fail}
	return &u
}

type unknownError struct{ cause *report.Failure }

func (e *unknownError) Error() string {
	return e.cause.Error() + "; the vendor may have carried it out: check before you send it again"
}
func (e *unknownError) Unwrap() error { return e.cause }
