package alpemix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"alpemix-collector/report"
)

// answer is an HTTP answer that came and that the vendor does not call an error.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    error // why the body ended before its end; nil if it is whole
}

// send makes one request, if limits and blocks allow, and sorts what comes back.
func (f *fetch) send(ctx context.Context, kind report.Kind, payload any) (*answer, *report.Failure) {
	if err := ctx.Err(); err != nil {
		return nil, f.fail(kind, report.Transient, "canceled", "not sent: %w", err)
	}
	if fail := f.blocked(kind); fail != nil {
		return nil, fail
	}
	content, err := encode(payload)
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
		fail := f.fail(kind, report.Throttle, "limit", "the vendor allows %d %s requests in %s", limit, counted, f.cfg.Limits.Window)
		fail.NotBefore = notBefore
		return nil, fail
	}
	f.begin(kind)
	a, err := f.exchange(ctx, content)
	f.body.FetchedAt = time.Now().UTC()
	f.ledger.Settle(scope, id, a != nil || neverSent(err), time.Now())
	if a == nil {
		return nil, f.end(f.connectionFailure(ctx, kind, err))
	}
	f.body.Status, f.body.ContentType = a.status, a.header.Get("Content-Type")
	f.body.Requests[len(f.body.Requests)-1].Bytes = uint64(len(a.body))
	if fail := f.end(f.judge(kind, a)); fail != nil {
		return nil, fail
	}
	if err := f.unblock(); err != nil {
		return nil, f.local(kind, err)
	}
	return a, nil
}

// begin notes that a request of kind is sent.
func (f *fetch) begin(kind report.Kind) {
	f.body.AskedAt = time.Now().UTC()
	f.body.Requests = append(f.body.Requests, report.Fetch{
		At: f.body.AskedAt, Vendor: "alpemix", Account: f.cfg.Account, Job: string(kind), Outcome: "ok",
	})
}

// end notes what came of the request that was begun.
func (f *fetch) end(fail *report.Failure) *report.Failure {
	r := &f.body.Requests[len(f.body.Requests)-1]
	r.Seconds = f.body.FetchedAt.Sub(f.body.AskedAt).Seconds()
	if fail != nil {
		r.Outcome, r.Code = fail.Reason, fail.Code
	}
	return fail
}

// encode writes JSON as the document shows it: json.Marshal would turn <, > and & of a secret key into escapes, which not
// every reader undoes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// exchange is the request on the wire. Without an answer's head it returns no answer.
func (f *fetch) exchange(ctx context.Context, content []byte) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, f.cfg.Method, f.endpoint.String(), bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", f.cfg.ContentType)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "alpemix-collector/"+f.cfg.Version)
	resp, err := f.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	a.body, a.cut = readAll(resp, f.cfg.MaxBody)
	return a, nil
}

// readAll reads a body of at most most bytes into one piece of memory.
func readAll(resp *http.Response, most int64) ([]byte, error) {
	const readAhead = 64 << 20 // believe no Content-Length beyond this
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 {
		b.Grow(int(min(n, most, readAhead)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(resp.Body, most+1))
	if int64(b.Len()) > most {
		return b.Bytes()[:most], errBodyTooLarge
	}
	return b.Bytes(), err
}

// tooLarge tells apart the answer that we cut ourselves.
func (a *answer) tooLarge() bool { return errors.Is(a.cut, errBodyTooLarge) }
