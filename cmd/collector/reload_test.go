package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"alpemix-collector/cmd/collector/config"
)

// TestRenewedPasswordOfClickHouse is what the next connection uses.
func TestRenewedPasswordOfClickHouse(t *testing.T) {
	var mu sync.Mutex
	sent := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if _, sent, _ = r.BasicAuth(); sent == "" {
			sent = r.Header.Get("X-ClickHouse-Key")
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	load := func(password string) *config.Config {
		c, err := config.Load("", []string{"COLLECTOR_CLICKHOUSE_DSN=" + server.URL + "/alpemix", "COLLECTOR_CLICKHOUSE_PASSWORD=" + password})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load("old")
	tg := &target{app: &app{stderr: io.Discard}, config: c, log: slog.New(slog.DiscardHandler)}
	defer func() { _ = tg.close() }() // the server is the test's
	for _, password := range []string{"old", "old", "new"} {
		renewed, _, _ := c.Renew(load(password))
		commit, err := tg.renew(renewed)
		if err == nil {
			_, err = commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tg.connect(t.Context()); err == nil {
			t.Fatal("it is refused")
		}
		if mu.Lock(); sent != password {
			t.Errorf("%q was sent instead of %q", sent, password)
		}
		mu.Unlock()
	}
}
