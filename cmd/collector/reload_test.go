package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
	world "alpemix-collector/simulator/reseller"
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
	tg := testTarget(io.Discard, c)
	defer func() { _ = tg.Close() }() // the server is the test's
	for _, password := range []string{"old", "old", "new"} {
		renewed, _, _ := c.Renew(load(password))
		commit, err := tg.Renew(renewed)
		if err == nil {
			_, err = commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tg.Connect(t.Context()); err == nil {
			t.Fatal("it is refused")
		}
		if mu.Lock(); sent != password {
			t.Errorf("%q was sent instead of %q", sent, password)
		}
		mu.Unlock()
	}
}

// TestReloadReplacesLoginsOfResellers and the lists of customers; what needs a new process is named and left as it is.
func TestReloadReplacesLoginsOfResellers(t *testing.T) {
	s := newStand(t)
	dir := t.TempDir()
	files := map[string]string{}
	for vendor, key := range map[string]string{world.RemotePC: "API_KEY", world.SerwerSMS: "TOKEN", world.LimaCity: "API_KEY"} {
		files[vendor] = filepath.Join(dir, vendor)
		place(t, files[vendor], "wrong\n")
		s.set(vendor, key, "")
		s.set(vendor, key+"_FILE", files[vendor])
	}
	list := filepath.Join(dir, "customers.txt")
	place(t, list, "1\n")
	s.set(world.CCPortal, "CUSTOMERS_FILE", list)
	s.environ = append(s.environ, "COLLECTOR_CLICKHOUSE_DSN=http://"+freeAddress(t)+"/alpemix")
	load := func() (*config.Config, error) { return config.Load("", s.environ) }
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	d, err := daemon.New((&app{stderr: &log}).opener(c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := d.NewReloading(load)
	reading := func() (fails []string) {
		for _, a := range d.Resellers {
			var customers []string
			if a.Customers != nil {
				customers = a.Customers()
			}
			if _, err := a.Source.Snapshot(t.Context(), customers); err != nil {
				fails = append(fails, a.Vendor)
			}
		}
		return fails
	}
	if got := reading(); len(got) < 3 {
		t.Fatalf("with wrong keys only %q fail", got)
	}
	for vendor, file := range files {
		place(t, file, s.vendors[vendor].Accounts()[0].Key+"\n")
	}
	place(t, files[world.LimaCity], "\u00a0"+s.vendors[world.LimaCity].Accounts()[0].Key)
	r.Reload()
	if got := reading(); len(got) < 3 || !strings.Contains(log.String(), "nothing was reloaded") {
		t.Errorf("one is wrong, and only %q fail: %s", got, log.String())
	}
	place(t, files[world.LimaCity], s.vendors[world.LimaCity].Accounts()[0].Key)
	place(t, list, s.vendors[world.CCPortal].Customers("kommitt", standMoment)[0].Name+"\n")
	s.environ = append(s.environ, "COLLECTOR_LOG_LEVEL=debug", "COLLECTOR_RESELLER_WEBHOOK_URL=http://127.0.0.1:9/hook")
	log.Reset()
	r.Reload()
	if got := reading(); slices.Contains(got, world.RemotePC) || slices.Contains(got, world.SerwerSMS) || slices.Contains(got, world.CCPortal) {
		t.Errorf("%q fail: %s", got, log.String())
	}
	for _, want := range []string{
		`keys="log.level, reseller.webhook"`, "reseller.remotepc.accounts[eu].api_key_file", "reseller.serwersms.accounts[pl].token_file",
		"reseller.limacity.accounts[de].api_key_file", "reseller.ccportal.accounts[kommitt].customers_file",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
	for vendor := range files {
		if strings.Contains(log.String(), s.vendors[vendor].Accounts()[0].Key) {
			t.Errorf("the log has the key of %s", vendor)
		}
	}
}
