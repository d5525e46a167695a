package alpemix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

const (
	secret = `S3cr"et<Key>/+1`
	first  = "tok-first-7f3a"
)

var today = report.Window{Kind: report.Today}

// vendor is a RoundTripper that answers by script and notes what it was sent.
type vendor struct {
	t       testing.TB
	mu      sync.Mutex
	answers []any // in order; the last one is repeated. string: HTTP 200 with it; *http.Response; error; func(request) any
	got     []sent
}

// sent is a request as the vendor saw it.
type sent struct {
	at   time.Time
	body string
	req  *http.Request
}

func (v *vendor) RoundTrip(req *http.Request) (*http.Response, error) {
	content, err := io.ReadAll(req.Body)
	if err != nil {
		v.t.Error(err)
	}
	if int64(len(content)) != req.ContentLength {
		v.t.Errorf("Content-Length %d for %d bytes", req.ContentLength, len(content))
	}
	v.mu.Lock()
	v.got = append(v.got, sent{time.Now(), string(content), req})
	if len(v.answers) == 0 {
		v.mu.Unlock()
		v.t.Errorf("unexpected request %s", content)
		return nil, io.EOF
	}
	answer := v.answers[0]
	if len(v.answers) > 1 {
		v.answers = v.answers[1:]
	}
	v.mu.Unlock()
	if f, ok := answer.(func(sent) any); ok {
		answer = f(sent{time.Now(), string(content), req})
	}
	switch a := answer.(type) {
	case error:
		return nil, a
	case *http.Response:
		return a, nil
	case string:
		return reply(200, "application/json", a), nil
	}
	return nil, fmt.Errorf("answer %T", answer)
}

func (v *vendor) bodies() (bodies []string) {
	for _, s := range v.got {
		bodies = append(bodies, s.body)
	}
	return bodies
}

func reply(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {contentType}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))),
	}
}

func tokenAnswer(token string) string {
	b, _ := json.Marshal(map[string]any{"errornumber": 0, "accesstoken": token})
	return string(b)
}

func number(n int) string { return fmt.Sprintf(`{ "errornumber": %d }`, n) }

func openState(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.OpenSimulated(dir, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func config() alpemix.Config {
	return alpemix.Config{
		Account: "main", Endpoint: "https://www.alpemix.com:5900/api", MainUsername: "acme", SecretKey: secret, Version: "1.2",
		Limits: alpemix.Limits{Scope: "ip"},
	}
}

// newClient is a client on a fresh state, with the vendor's answers.
func newClient(t testing.TB, answers ...any) (*alpemix.Client, *vendor, *store.Store) {
	t.Helper()
	s := openState(t, filepath.Join(t.TempDir(), "state"))
	t.Cleanup(func() { _ = s.Close() })
	v := &vendor{t: t, answers: answers}
	return clientOn(t, s, v), v, s
}

func clientOn(t testing.TB, s *store.Store, rt http.RoundTripper) *alpemix.Client {
	t.Helper()
	c, err := alpemix.New(config(), s, rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// failed fetches w and returns the failure there must be.
func failed(t testing.TB, c *alpemix.Client, w report.Window) (*report.Failure, report.Body) {
	t.Helper()
	body, err := c.Fetch(t.Context(), w)
	f, ok := err.(*report.Failure)
	if !ok {
		t.Fatalf("error is %T %v, want a *report.Failure", err, err)
	}
	return f, body
}

// kinds are the requests that were spent on b.
func kinds(b report.Body) (sent []report.Kind) {
	for _, r := range b.Requests {
		sent = append(sent, report.Kind(r.Job))
	}
	return sent
}

func fetched(t testing.TB, c *alpemix.Client, w report.Window) report.Body {
	t.Helper()
	body, err := c.Fetch(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// textOf is the answer that b holds, "" for none.
func textOf(t testing.TB, b report.Body) string {
	t.Helper()
	if b.Content == nil {
		return ""
	}
	r, err := b.Content.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil || int64(len(text)) != b.Content.Size() {
		t.Fatalf("%d bytes of %d, %v", len(text), b.Content.Size(), err)
	}
	return string(text)
}
