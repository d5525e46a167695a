package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
)

func example(ready error) Config {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "example_total", Help: "Example."})
	counter.Inc()
	registry.MustRegister(counter)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return Config{
		Listen:   "127.0.0.1:0",
		Gatherer: registry,
		Ready:    func() error { return ready },
		Log:      slog.New(slog.DiscardHandler),
		Usage:    func(context.Context) (*Usage, error) { return &Usage{}, nil },
		Status: func() Status {
			return Status{Version: "v1", StartedAt: at, At: at, Accounts: []Account{{
				Name: "main <script>", Timezone: "Europe/Istanbul", LastSuccess: LastSuccess{Today: &at}, ConnectionsToday: 7,
				UnsealedDays: []report.Day{report.DayOf(at)}, LastError: &LastError{Message: "credentials & more"},
			}}, Queue: Queue{Rows: 3, Oldest: &at}}
		},
	}
}

func get(t *testing.T, c Config, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(New(c).handler, method, path, header...)
}

func ask(handler http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "localhost"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		method, path string
		ready        error
		code         int
		kind         string
		holds        []string
	}{
		{"GET", "/", nil, 200, "text/html; charset=utf-8", []string{"main &lt;script&gt;", "credentials &amp; more", `href="metrics"`, `href="api/v1/status"`, "1 Mar 2026", "not since the start", "<dd>3 <small>oldest"}},
		{"GET", "/live", nil, 200, "text/html; charset=utf-8", []string{`<main id="live"`, "main &lt;script&gt;"}},
		{"GET", "/assets/" + builtIn().hash + "/page.css", nil, 200, "text/css; charset=utf-8", []string{"body {"}},
		{"GET", "/assets/" + builtIn().hash + "/page.js", nil, 200, "text/javascript; charset=utf-8", []string{"'use strict'"}},
		{"GET", "/assets/another/page.css", nil, 404, "text/plain; charset=utf-8", nil},
		{"GET", "/assets/" + builtIn().hash + "/.uplot", nil, 404, "text/plain; charset=utf-8", nil},
		{"GET", "/api/v1/usage", nil, 200, "application/json", []string{`"usage": {`, `"error": null`}},
		{"GET", "/metrics", nil, 200, "text/plain; version=0.0.4; charset=utf-8", []string{"example_total 1"}},
		{"GET", "/-/healthy", errors.New("late"), 200, "text/plain; charset=utf-8", []string{"healthy\n"}},
		{"GET", "/-/ready", nil, 200, "text/plain; charset=utf-8", []string{"ready\n"}},
		{"GET", "/-/ready", errors.New("late"), 503, "text/plain; charset=utf-8", []string{"late\n"}},
		{"GET", "/api/v1/status", nil, 200, "application/json", []string{`"connections_today": 7`, `"yesterday": null`, `"2026-03-01"`}},
		{"HEAD", "/api/v1/status", nil, 200, "application/json", nil},
		{"POST", "/", nil, 405, "text/plain; charset=utf-8", nil},
		{"DELETE", "/metrics", nil, 405, "text/plain; charset=utf-8", nil},
		{"GET", "/debug/pprof/", nil, 404, "text/plain; charset=utf-8", nil},
		{"GET", "/absent", nil, 404, "text/plain; charset=utf-8", nil},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			w := get(t, example(c.ready), c.method, c.path)
			if w.Code != c.code || !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) {
				t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
			}
			for _, s := range c.holds {
				if !strings.Contains(w.Body.String(), s) {
					t.Errorf("%q is not in\n%s", s, w.Body)
				}
			}
			if w.Header().Get("Content-Security-Policy") != contentPolicy || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

func TestOpenMetrics(t *testing.T) {
	w := get(t, example(nil), "GET", "/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(w.Body.String(), "# EOF\n") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestStatusIsReadBack(t *testing.T) {
	var got Status
	if err := json.Unmarshal(get(t, example(nil), "GET", "/api/v1/status").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Accounts[0].Name != "main <script>" || got.Accounts[0].UnsealedDays[0].String() != "2026-03-01" || got.Queue.Rows != 3 {
		t.Errorf("%+v", got)
	}
}

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := New(example(nil))
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	addr, err := s.Addr(ctx)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get("http://" + addr.String() + "/-/healthy")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.Body.Close() != nil || string(body) != "healthy\n" {
		t.Errorf("%q %v", body, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRunNamesTheAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	c := example(nil)
	c.Listen = taken.Addr().String()
	s := New(c)
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "http.listen "+c.Listen) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Addr(ended); err == nil {
		t.Error("an address without a listener")
	}
}
