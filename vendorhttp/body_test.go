package vendorhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/vendorhttp"
)

// open is a body whose connection stays open at the end.
type open struct {
	io.Reader
	ctx context.Context
}

func (o *open) Read(p []byte) (int, error) {
	n, err := o.Reader.Read(p)
	if err == io.EOF {
		<-o.ctx.Done()
		err = o.ctx.Err()
	}
	return n, err
}

func (o *open) Close() error { return nil }

type opening string

func (text opening) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{}, Body: &open{strings.NewReader(string(text)), req.Context()}}, nil
}

func TestAnswersOnOpenConnections(t *testing.T) {
	for _, tt := range []struct{ sent, body string }{
		{`{"a":[1,{"b":"}"}]}`, `{"a":[1,{"b":"}"}]}`},
		{"\xef\xbb\xbf [1,2] \r\n", "\xef\xbb\xbf [1,2]"},
		{"{}\x00\x00\x00", "{}"},
		{"[] // 3 ms", "[]"},
		{`<?xml version="1.0" encoding="iso-8859-9"?><!-- x --><response><a>1</a><b/></response>` + "\n", `<?xml version="1.0" encoding="iso-8859-9"?><!-- x --><response><a>1</a><b/></response>`},
		{`{"a":1`, ""}, {`{} {}`, ""}, {`{}x`, ""}, {`<response><a>`, ""}, {"ok", ""}, {"", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			a, err := newClient(t, "https://h/", opening(tt.sent)).Exchange(t.Context(), vendorhttp.Request{Job: "a call"})
			if err != nil {
				t.Fatal(err)
			}
			switch took := time.Since(began); {
			case tt.body == "" && (a.Cut == nil || took != vendorhttp.DefaultTimeout):
				t.Errorf("%q: %q after %v, cut %v", tt.sent, a.Body, took, a.Cut)
			case tt.body != "" && (string(a.Body) != tt.body || took > 2*time.Second || a.Cut != nil || a.Imperfect == nil):
				t.Errorf("%q: %q after %v, cut %v, imperfect %v", tt.sent, a.Body, took, a.Cut, a.Imperfect)
			}
		})
	}
}

// TestAnswerCannotBeStored: an answer that exceeds memory and cannot be stored is an error of ours,
// with what came before.
func TestAnswerCannotBeStored(t *testing.T) {
	text := strings.Repeat("x", 9<<20)
	rt := answering(func(*http.Request) *http.Response {
		return &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}
	})
	for folder, kept := range map[string]int{"": len(text), t.TempDir(): len(text), filepath.Join(t.TempDir(), "missing"): 8 << 20} {
		c, err := vendorhttp.New(vendor, vendorhttp.Account{Name: "main", Endpoint: "https://h/", Spill: folder}, rt)
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Exchange(t.Context(), vendorhttp.Request{Job: "a call"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != text[:len(got)] || len(got) < kept-32<<10 || a.Size() != int64(len(got)) {
			t.Errorf("%q: %d bytes, size %d, %v", folder, len(got), a.Size(), err)
		}
		if _, failed := errors.AsType[*vendorhttp.SpillError](a.Cut); failed != (kept < len(text)) {
			t.Errorf("%q: %v", folder, a.Cut)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

type answering func(*http.Request) *http.Response

func (f answering) RoundTrip(req *http.Request) (*http.Response, error) { return f(req), nil }
