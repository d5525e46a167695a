// Package vendortest plays a vendor by script in the clients' tests, and puts every call of a
// client through the same trouble.
package vendortest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Sent is a request as the vendor received it.
type Sent struct {
	Method, URL, Body string
	Header            http.Header
}

// Vendor is a RoundTripper that answers by script and records the requests.
type Vendor struct {
	t       testing.TB
	mu      sync.Mutex
	answers []any
	got     []Sent
}

// New returns a Vendor that gives answers in order and repeats the last one. A string is sent as
// JSON with HTTP 200, an *http.Response or an error as it is; a func(Sent) any returns one of
// these.
func New(t testing.TB, answers ...any) *Vendor { return &Vendor{t: t, answers: answers} }

// Got returns the requests so far.
func (v *Vendor) Got() []Sent {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]Sent(nil), v.got...)
}

// RoundTrip returns the next answer.
func (v *Vendor) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := Sent{Method: req.Method, URL: req.URL.String(), Header: req.Header}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil || req.ContentLength != int64(len(body)) {
			v.t.Errorf("Content-Length %d for %d bytes, error %v", req.ContentLength, len(body), err)
		}
		sent.Body = string(body)
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return v.answer(sent)
}

func (v *Vendor) answer(sent Sent) (*http.Response, error) {
	v.mu.Lock()
	v.got = append(v.got, sent)
	if len(v.answers) == 0 {
		v.mu.Unlock()
		v.t.Errorf("unexpected request: %+v", sent)
		return nil, io.EOF
	}
	answer := v.answers[0]
	if len(v.answers) > 1 {
		v.answers = v.answers[1:]
	}
	v.mu.Unlock()
	if f, ok := answer.(func(Sent) any); ok {
		answer = f(sent)
	}
	switch a := answer.(type) {
	case error:
		return nil, a
	case *http.Response:
		return a, nil
	case string:
		return Reply(http.StatusOK, "application/json", a), nil
	}
	return nil, fmt.Errorf("an answer of type %T", answer)
}

// Reply returns an HTTP answer.
func Reply(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {contentType}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))),
	}
}

// Cut returns an HTTP answer whose body stops early.
func Cut(status int, contentType, body string) *http.Response {
	resp := Reply(status, contentType, "")
	resp.ContentLength = int64(len(body)) + 100
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), brokenReader{}))
	return resp
}

// Odd returns variants of a good answer whose transport does not end after the document.
func Odd(body string) map[string]*http.Response {
	longer := Cut(http.StatusOK, "application/json", body)
	zeros := Reply(http.StatusOK, "application/json", body+"\x00\x00\x00")
	comment := Reply(http.StatusOK, "application/json", body+"\n/* 12 ms */\n")
	both := Cut(http.StatusOK, "application/json", body+"\x00")
	return map[string]*http.Response{"cut behind it": longer, "zeros": zeros, "a comment": comment, "zeros and cut": both}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
