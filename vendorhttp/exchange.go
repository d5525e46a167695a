package vendorhttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"alpemix-collector/report"
)

// Answer is an HTTP answer whose head came.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Cut    error     // why the body ended before its end; nil if it is whole
	At     time.Time // UTC: when its last byte had arrived
	Rows   uint64    // how many rows it told, for report.Fetch; set by who reads it

	client  *Client
	request Request
}

// Format shows no more of an answer than its size: it may hold a new secret.
func (a Answer) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "HTTP %d, %d bytes", a.Status, len(a.Body))
}

// Exchange sends r. Without an answer's head the error is a *Trouble, or, from DryRun, the *Preview.
func (c *Client) Exchange(ctx context.Context, r Request) (*Answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.account.Timeout)
	defer cancel()
	var h handshake
	req, err := c.build(httptrace.WithClientTrace(limited, h.trace()), &r)
	if err != nil {
		return nil, &Trouble{Class: report.Permanent, Reason: "bad_request", What: "not sent", Err: err, Unsent: true}
	}
	resp, err := c.rt.RoundTrip(req)
	switch {
	case errors.Is(err, errDryRun):
		return nil, preview(req, r)
	case err != nil:
		return nil, c.trouble(ctx, err, h.heldBack())
	}
	defer func() { _ = resp.Body.Close() }()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, client: c, request: r}
	a.Body, a.Cut = readAll(resp, c.account.MaxBody)
	a.At = time.Now().UTC()
	return a, nil
}

var errBodyTooLarge = errors.New("longer than the limit")

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
