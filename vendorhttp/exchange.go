package vendorhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"alpemix-collector/report"
)

// Answer is an HTTP answer whose head came. Close it if its Account has a Spill.
type Answer struct {
	Status int
	Header http.Header
	// Body is what came, without what follows a document of JSON or XML. Of an answer that did not fit
	// into memory it is the beginning; Open has it all.
	Body []byte
	Cut  error // why the body ended before its end; nil if it is complete
	// Imperfect is why the transport did not end behind the document, though that is complete; nil if
	// it did.
	Imperfect error
	Length    int64     // Content-Length; -1 for none
	At        time.Time // UTC: when its last byte had arrived
	Via       string    // host of the proxy that it came through; empty for none
	Rows      uint64    // how many rows it told, for report.Fetch; set by who reads it

	*body
	client  *Client
	request Request
}

// Format shows no more of an answer than its size: it may hold a new secret.
func (a Answer) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "HTTP %d, %d bytes", a.Status, a.Size())
}

// Exchange sends r. Without an answer's head the error is a *Trouble, or, from DryRun, the *Preview.
func (c *Client) Exchange(ctx context.Context, r Request) (*Answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.account.Timeout)
	defer cancel()
	limited, stop := context.WithCancelCause(limited)
	defer stop(nil)
	var h handshake
	var via string
	req, err := c.build(httptrace.WithClientTrace(withVia(limited, &via), h.trace()), &r)
	if err != nil {
		return nil, &Trouble{Class: report.Permanent, Reason: "bad_request", What: "not sent", Err: err, Unsent: true}
	}
	resp, err := c.rt.RoundTrip(req)
	switch {
	case errors.Is(err, errDryRun):
		return nil, preview(req, r)
	case err != nil:
		return nil, c.trouble(ctx, err, h.heldBack(), via)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &Answer{
		Status: resp.StatusCode, Header: resp.Header, Length: resp.ContentLength, Via: via, client: c, request: r,
		body: &body{folder: c.account.Spill, most: c.account.MaxBody},
	}
	complete := func() bool { return isDocument(a.head) }
	if r.Complete != nil {
		complete = func() bool { return r.Complete(a.Open) }
	}
	a.Cut = a.receive(resp, complete, stop)
	if a.Cut != nil && complete() {
		a.Cut, a.Imperfect = nil, a.Cut
	}
	a.Body = a.head
	if n := document(a.head); r.Complete == nil && n > 0 && blank(a.head[n:]) {
		a.Body = a.head[:n]
	}
	a.At = time.Now().UTC()
	return a, nil
}

// TooLarge tells apart the answer that we cut ourselves.
func (a *Answer) TooLarge() bool { return errors.Is(a.Cut, errBodyTooLarge) }

// handshake notes whether a request was held back because no TLS connection came about.
type handshake struct{ failed, wrote atomic.Bool }

func (h *handshake) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err != nil {
				h.failed.Store(true)
			}
		},
		WroteHeaders: func() { h.wrote.Store(true) },
	}
}

func (h *handshake) heldBack() bool { return h.failed.Load() && !h.wrote.Load() }
