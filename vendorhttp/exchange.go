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

// Answer is an HTTP answer of which at least the head arrived. Close it if its Account has a Spill.
type Answer struct {
	Status int
	Header http.Header
	// Body is what arrived, without anything after a JSON or XML document. If an answer exceeds
	// memory, Body is its start and Open returns all of it.
	Body []byte
	Cut  error // why the body stopped early; nil if it is complete
	// Imperfect is why the transport did not finish after a complete document; nil if it did.
	Imperfect error
	Length    int64     // Content-Length; -1 for none
	At        time.Time // UTC: when the last byte arrived
	Via       string    // host of the proxy that was used; empty for none
	Rows      uint64    // number of rows in it, for report.Fetch; set by the reader

	*body
	client  *Client
	request Request
}

// Format prints only status and size, because an answer may hold a new secret.
func (a Answer) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "HTTP %d, %d bytes", a.Status, a.Size())
}

// Exchange sends r. If no answer arrives, the error is a *Trouble or, from DryRun, the *Preview.
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

// TooLarge reports whether we cut the answer at MaxBody.
func (a *Answer) TooLarge() bool { return errors.Is(a.Cut, errBodyTooLarge) }

// handshake records whether the TLS handshake failed before the request was sent.
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
