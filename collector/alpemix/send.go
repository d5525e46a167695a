package alpemix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// answer is an HTTP answer with the envelope around its records.
type answer struct {
	*vendorhttp.Answer
	envelope parser.Envelope
}

// send sends one request, if limits and blocks allow it, and classifies the answer. If an answer
// arrives, it is returned even with a failure, and the caller closes it.
func (f *fetch) send(ctx context.Context, kind report.Kind, payload any) (*answer, *report.Failure) {
	if err := ctx.Err(); err != nil {
		return nil, f.fail(kind, report.Transient, "canceled", "not sent: %w", err)
	}
	before, _ := f.ledger.Block(f.cfg.Limits.Scope)
	if fail := f.blocked(kind); fail != nil {
		return nil, fail
	}
	content, err := vendorhttp.JSON(payload)
	if err != nil {
		return nil, f.fail(kind, report.Permanent, "bad_request", "%w", err)
	}
	scope := f.cfg.Limits.Scope
	counted, limit := f.counted(kind)
	id, notBefore, err := f.ledger.Reserve(scope, counted, limit, f.window(), time.Now())
	switch {
	case err != nil:
		return nil, f.local(kind, err)
	case id == 0:
		fail := f.fail(kind, report.Throttle, report.OwnLimit, "the vendor allows %d %s requests in %s", limit, counted, f.cfg.Limits.Window)
		fail.NotBefore = notBefore
		return nil, fail
	}
	f.begin(kind)
	ctx, cancel := f.limited(ctx)
	defer cancel()
	exchanged, err := f.http.Exchange(ctx, vendorhttp.Request{
		Job: string(kind), Method: f.cfg.Method, Header: http.Header{"Content-Type": {f.cfg.ContentType}}, Body: content, Secrets: f.secrets, Complete: complete,
	})
	f.body.FetchedAt = time.Now().UTC()
	trouble, _ := errors.AsType[*vendorhttp.Trouble](err)
	f.ledger.Settle(scope, id, trouble == nil || trouble.Unsent, time.Now())
	if trouble != nil {
		return nil, f.end(f.connectionFailure(kind, trouble))
	}
	a := &answer{Answer: exchanged}
	if a.envelope, err = parser.ReadEnvelope(a.Open, a.Header.Get("Content-Type")); err != nil {
		return nil, f.end(f.local(kind, errors.Join(err, a.Close())))
	}
	if a.Imperfect != nil {
		f.body.Quirks = map[string]int{parser.QuirkTransport: 1}
	}
	f.body.Status, f.body.ContentType = a.Status, a.Header.Get("Content-Type")
	f.body.Requests[len(f.body.Requests)-1].Bytes = uint64(a.Size())
	fail := f.judge(kind, a)
	if fail != nil && fail.Code == 0 && a.Via != "" && !strings.Contains(fail.Error(), a.Via) {
		fail.Err = fmt.Errorf("%w (through the proxy %s)", fail.Err, a.Via)
	}
	if f.end(fail) != nil {
		return a, fail
	}
	if err := f.unblock(before); err != nil {
		return a, f.local(kind, err)
	}
	return a, nil
}

// complete reports whether the object of an answer is closed.
func complete(open func() (io.ReadCloser, error)) bool {
	env, err := parser.ReadEnvelope(open, "")
	return err == nil && env.Closed
}

// limited limits a request to half of the time before the deadline, so that another try remains
// possible.
func (f *fetch) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	left := time.Until(f.deadline)
	if f.deadline.IsZero() || left <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, max(left/2, leastTimeout))
}

// begin records that a request of kind is sent.
func (f *fetch) begin(kind report.Kind) {
	f.body.AskedAt = time.Now().UTC()
	f.body.Requests = append(f.body.Requests, report.Fetch{
		At: f.body.AskedAt, Vendor: "alpemix", Account: f.cfg.Account, Job: string(kind), Outcome: "ok",
	})
}

// end records the outcome of the request.
func (f *fetch) end(fail *report.Failure) *report.Failure {
	r := &f.body.Requests[len(f.body.Requests)-1]
	r.Seconds = f.body.FetchedAt.Sub(f.body.AskedAt).Seconds()
	if fail != nil {
		r.Outcome, r.Code = fail.Reason, fail.Code
	}
	return fail
}
