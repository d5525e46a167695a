package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestSQLReadsOnly: a slip of the pen must not cost data.
func TestSQLReadsOnly(t *testing.T) {
	c := embeddedConfig(t)
	_, stop := started(t, c)
	defer stop()
	environ := []string{"COLLECTOR_STATE_DIR=" + c.StateDir, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + c.ClickHouse.Embedded.Listen}
	if got := command(t, environ, "", "migrate"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	for _, statement := range []string{"TRUNCATE TABLE day_rows", "DROP VIEW days", "INSERT INTO day_rows (account) VALUES ('x')"} {
		got := command(t, environ, "", "sql", statement)
		if got.code != exitFailure || !strings.Contains(got.stderr, "--write") {
			t.Errorf("%s: %+v", statement, got)
		}
	}
	if got := command(t, environ, "", "sql", "--format", "TSV", "SELECT count() FROM days SETTINGS max_threads = 1"); got.code != exitOK || got.stdout != "0\n" {
		t.Errorf("%+v", got)
	}
	if got := command(t, environ, "", "sql", "--write", "TRUNCATE TABLE day_rows"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
}

// TestSQLAsksAServerToReadOnly: there it is a setting of every query.
func TestSQLAsksAServerToReadOnly(t *testing.T) {
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Query().Get("readonly") + "," + r.URL.Query().Get("max_threads")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	environ := []string{"COLLECTOR_CLICKHOUSE_DSN=" + server.URL + "/alpemix"}
	for _, c := range []struct{ settings, flag, want string }{
		{"", "--write=false", "2,"}, {"?max_threads=1", "--write=false", "2,1"}, {"?max_threads=1", "--write", ",1"},
	} {
		environ[0] = "COLLECTOR_CLICKHOUSE_DSN=" + server.URL + "/alpemix" + c.settings
		if got := command(t, environ, "", "sql", c.flag, "SELECT 1"); got.code != exitFailure {
			t.Errorf("%+v", got)
		}
		if len(asked) == 0 {
			t.Error("nothing was asked")
		}
		for n := len(asked); n > 0; n-- {
			if got := <-asked; got != c.want {
				t.Errorf("%+v: asked with %q", c, got)
			}
		}
	}
}

func TestSQLInterrupted(t *testing.T) {
	c := embeddedConfig(t)
	_, stop := started(t, c)
	defer stop()
	environ := []string{"COLLECTOR_STATE_DIR=" + c.StateDir, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + c.ClickHouse.Embedded.Listen}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan outcome, 1)
	go func() {
		ended <- commandIn(ctx, environ, "", "sql", "SELECT count() FROM numbers(1e12) WHERE cityHash64(number) = 7")
	}()
	running := func() bool {
		answer, err := http.Get("http://" + c.ClickHouse.Embedded.Listen + "/?query=SELECT+count()+FROM+system.processes+WHERE+query+LIKE+'%25numbers(1e12)%25'")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text := make([]byte, 1)
		_, _ = answer.Body.Read(text)
		return text[0] == '2' // this question is the other one
	}
	for deadline := time.Now().Add(30 * time.Second); !running() && time.Now().Before(deadline); {
		pause(t.Context(), 20*time.Millisecond)
	}
	cancel()
	if got := <-ended; got.code != exitFailure || got.stderr != "collector: interrupted\n" {
		t.Errorf("%+v", got)
	}
}
