package engine

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestNodeClient runs @clickhouse/client with its defaults as a reader.
func TestNodeClient(t *testing.T) {
	_, err := os.Stat("testdata/clients/node_modules/@clickhouse/client")
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("node or its client is missing; sh sink/engine/testdata/clients/fetch.sh")
	} else if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", "testdata/clients/node.js", "http://"+fixture(t)).Output()
	const want = `[1,10,{"x":7,"s":"a\tb'\\"},1,200000,"164","452",499500]` + "\n"
	if err != nil || string(out) != want {
		t.Errorf("got %s, want %s: %v", out, want, err)
	}
}

// TestPythonClient sends the requests of clickhouse-connect 0.8 and later, as its httpclient.py
// writes them by default: one session for all, its settings, compressed answers in Native.
func TestPythonClient(t *testing.T) {
	addr := fixture(t)
	const session = "session_id=6d5a1a26-8d5e-4ac5-a9a5-6dc9f3a1b6f0"
	usual := session + "&wait_end_of_query=1&send_progress_in_http_headers=1&http_headers_progress_interval_ms=120000" +
		"&date_time_input_format=best_effort&cast_string_to_dynamic_use_inference=1&client_protocol_version=54405&database=alpemix"
	for _, c := range []struct{ name, params, body, encoding, want string }{
		{"hello", session, "SELECT version(), timezone()\n FORMAT TSV", "", "26."},
		{"settings", session + "&enable_http_compression=1", "SELECT name, value, readonly as readonly FROM system.settings LIMIT 10000\n FORMAT Native", "zstd,lz4,br,gzip,deflate", ""},
		{"protocol", session + "&client_protocol_version=54405", "SELECT 1 AS check\n FORMAT Native", "", "\x01\x01\x05check"},
		{"query", usual + "&enable_http_compression=1", "SELECT * FROM t\n FORMAT Native", "zstd,lz4,br,gzip,deflate", ""},
		{"columns", usual, "SELECT * FROM t LIMIT 0\n FORMAT JSON", "", `"name": "a"`},
		{"bound", usual + "&param_a=3", "SELECT s FROM t WHERE a = {a:UInt64}\n FORMAT Native", "", "3"},
		{"command", usual + "&session_timeout=30&query_id=abc", "SELECT count() FROM t", "", "10\n"},
	} {
		r := newRequest(t, http.MethodPost, addr, c.params, c.body)
		r.Header.Set("User-Agent", "clickhouse-connect/0.9.2 (lv:py/3.12.3; mode:sync; os:linux)")
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("default:")))
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		if c.encoding != "" {
			r.Header.Set("Accept-Encoding", c.encoding)
		}
		a := send(t, r)
		if a.status != http.StatusOK || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %.200q", c.name, a.status, a.body)
		}
		if c.encoding != "" && a.header.Get("Content-Encoding") == "" {
			t.Errorf("%s: not compressed", c.name)
		}
	}
}

// TestGoClient uses clickhouse-go as a reader, as Grafana's data source configures it: HTTP, gzip,
// a row limit.
func TestGoClient(t *testing.T) {
	addr := fixture(t)
	for _, c := range []*clickhouse.Compression{nil, {Method: clickhouse.CompressionGZIP}, {Method: clickhouse.CompressionLZ4}} {
		db, err := clickhouse.Open(&clickhouse.Options{
			Protocol: clickhouse.HTTP, Addr: []string{addr}, Auth: clickhouse.Auth{Database: "alpemix", Username: "default"},
			Compression: c, Settings: clickhouse.Settings{"limit": 5, "max_execution_time": 60},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		rows, err := db.Query(ctx, "SELECT a FROM t WHERE a >= {from:UInt64} ORDER BY a", clickhouse.Named("from", "2"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if err := rows.Err(); err != nil || n != 5 {
			t.Errorf("%v: %d rows: %v", c, n, err)
		}
		if err := db.Exec(ctx, "DROP TABLE t"); err == nil {
			t.Error("a reader can write")
		}
	}
	// Grafana's health check and curl send the query in the URL.
	if a := post(t, addr, url.Values{"query": {"SELECT 1"}}.Encode(), ""); a.body != "1\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
