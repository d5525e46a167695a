package dashboards_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"alpemix-collector/rules/prometheustest"
	"alpemix-collector/sink/engine"
	"alpemix-collector/sink/enginetest"
)

// TestEveryPanelShowsTheDemonstration opens each dashboard on a running `collector demo`, like a
// new user: no panel is empty. A real Prometheus scrapes it; rates, which take minutes to exceed
// zero, are checked by their series.
func TestEveryPanelShowsTheDemonstration(t *testing.T) {
	prometheustest.Tool(t, "prometheus")
	server, metrics := demonstration(t)
	prometheus := prometheustest.Start(t, fmt.Sprintf("scrape_configs: [{job_name: alpemix, scrape_interval: 250ms, scrape_timeout: 250ms, static_configs: [{targets: [%q]}]}]", metrics), t.TempDir())
	prometheus.Wait(t, "the first metrics", func() (bool, any) {
		return prometheus.Query(t, `sink_queue_rows == 0 and on () alpemix_last_success_timestamp_seconds > 0 and on () reseller_last_success_timestamp_seconds > 0`), nil
	})
	now := time.Now()
	for _, d := range read(t) {
		v := lookedAt(t, server, &d, now.Add(-since(t, d.Time.From)), now)
		for _, p := range d.drawn() {
			for _, q := range p.Targets {
				if q.RawSQL == "" {
					if expr := v.promql(q.Expr); !prometheus.Query(t, expr) {
						t.Errorf("%s: %s: no series answers %s", d.Title, p.Title, expr)
					}
				} else if sql := v.of(&p).expand(t, q.RawSQL); !ask(t, server, sql).shows() && !nobody(t, server, p.Title) {
					t.Errorf("%s: %s: nothing to show for %s", d.Title, p.Title, sql)
				}
			}
		}
	}
}

// Panels that are empty on some dates, because the demo has nobody of that kind.
var whom = map[string]string{
	"Unused":                  "utilized < allotted / 10",
	"Over and nearly used up": "utilized >= allotted * 0.8",
}

// nobody reports whether a panel may be empty.
func nobody(t *testing.T, server *enginetest.Server, panel string) bool {
	condition, ok := whom[panel]
	return ok && ask(t, server, "SELECT 1 FROM allotments WHERE allotted > 0 AND "+condition+" LIMIT 1").Data == nil
}

// shows reports whether there is anything but rows of NULL.
func (a answer) shows() bool {
	for _, row := range a.Data {
		for _, cell := range row {
			if cell != nil {
				return true
			}
		}
	}
	return false
}

var overTime = regexp.MustCompile(`(?:rate|increase)\((\w+)\[[^\]]*\]\)`)

// promql returns an expression with all values of the variables, and with counters for their rates.
func (v *view) promql(expr string) string {
	for name := range v.options {
		expr = strings.ReplaceAll(expr, "$"+name+`"`, `.+"`)
	}
	return strings.ReplaceAll(overTime.ReplaceAllString(expr, "$1"), ") > 0)", ") >= 0)")
}

// since returns how long ago a time like now-29d/d is.
func since(t testing.TB, from string) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(strings.Trim(strings.TrimSuffix(from, "/d"), "now-dh"))
	if err != nil {
		t.Fatalf("%s: %v", from, err)
	}
	if strings.HasSuffix(strings.TrimSuffix(from, "/d"), "h") {
		return time.Duration(n) * time.Hour
	}
	return time.Duration(n) * 24 * time.Hour
}

// demonstration is a running collector demo: its engine and the address of its metrics.
func demonstration(t *testing.T) (*enginetest.Server, string) {
	t.Helper()
	library, err := engine.FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"))
	if err != nil {
		t.Fatal(err)
	}
	// The go command caches a result unless a file changes that the test opened.
	if _, err := os.ReadDir("../cmd/collector"); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "collector")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cmd/collector").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	http, sql := prometheustest.FreeAddress(t), prometheustest.FreeAddress(t)
	var log bytes.Buffer
	process := exec.Command(binary, "demo", "--state", t.TempDir())
	process.Env = append(os.Environ(), "COLLECTOR_HTTP_LISTEN="+http, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN="+sql, "COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY="+library)
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(os.Interrupt)
		if err := process.Wait(); err != nil || t.Failed() {
			t.Errorf("the demonstration ended: %v\n%s", err, &log)
		}
	})
	return &enginetest.Server{Addr: sql}, http
}
