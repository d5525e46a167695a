package sink

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

// A proxy lets inserts through and cuts the answers: the rows are in, and the writer cannot know.
func TestUnknownOutcomeThenRetry(t *testing.T) {
	engine := enginetest.Shared(t)
	direct := open(t)
	var cut atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: engine.Addr})
	proxy.ModifyResponse = func(r *http.Response) error {
		if cut.Load() && strings.HasPrefix(r.Request.URL.Query().Get("query"), "INSERT") {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	defer server.Close()
	d, err := Open(Config{DSN: server.URL + "/" + direct.Database(), Username: engine.User, Password: engine.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b := report.Batch{Connections: connections(100), Fetches: []report.Fetch{{At: at, Job: "today"}}}
	cut.Store(true)
	err = d.Writer().Write(t.Context(), b)
	if Reason(err) != ReasonUnreachable {
		t.Fatalf("%s: %v", Reason(err), err)
	}
	if got := ask(t, direct, "SELECT count() FROM connection_rows"); got != "100" {
		t.Fatalf("%s rows after the answer was cut, want 100", got)
	}
	cut.Store(false)
	if err := d.Writer().Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, direct, "SELECT (SELECT count() FROM connection_rows), (SELECT count() FROM connections), (SELECT count() FROM fetches)"); got != "100\t100\t1" {
		t.Error(got)
	}
}

// The engine dies under a writer and comes back; what was acknowledged is there, and the batch that failed goes in once.
func TestEngineKilled(t *testing.T) {
	engine := enginetest.Start(t)
	d := openAt(t, engine.DSN("alpemix"))
	all := connections(400)
	if err := d.Writer().Write(t.Context(), report.Batch{Connections: all[:200]}); err != nil {
		t.Fatal(err)
	}
	engine.Kill()
	rest := report.Batch{Connections: all[200:]}
	if err := d.Writer().Write(t.Context(), rest); Reason(err) != ReasonUnreachable {
		t.Fatalf("%s: %v", Reason(err), err)
	}
	engine.Restart(t)
	if err := d.Writer().Write(t.Context(), rest); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "SELECT count(), uniqExact(uid) FROM connections"); got != "400\t400" {
		t.Error(got)
	}
}

func TestCompressedConnections(t *testing.T) {
	engine := enginetest.Shared(t)
	for _, method := range []string{"lz4", "zstd", "gzip", "br"} {
		d := openAt(t, engine.DSN(database(t)+"_"+method)+"?compress="+method)
		if err := d.Writer().Write(t.Context(), report.Batch{Connections: connections(100)}); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		if stored, err := d.Writer().ReadBack(t.Context(), "main", connection(0).LocalDay); err != nil || len(stored) != 100 {
			t.Errorf("%s: read back %d, %v", method, len(stored), err)
		}
		if got := ask(t, d, "SELECT count() FROM connections"); got != "100" {
			t.Errorf("%s: %s", method, got)
		}
	}
}
