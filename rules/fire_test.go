package rules

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alpemix-collector/rules/prometheustest"
)

// trouble is a page of metrics with everything wrong at once.
func trouble(scrape int64) string {
	now := time.Now().Unix()
	ago := func(d time.Duration) int64 { return now - int64(d.Seconds()) }
	in := func(d time.Duration) int64 { return ago(-d) }
	var page strings.Builder
	line := func(series string, value int64) { _, _ = fmt.Fprintf(&page, "%s %d\n", series, value) }

	line(`process_start_time_seconds`, ago(time.Minute))
	line(`collector_time_seconds`, ago(time.Hour))
	line(`collector_state_filesystem_size_bytes`, 100<<30)
	line(`collector_state_filesystem_avail_bytes`, 100<<20)
	line(`sink_queue_rows`, 1000)
	line(`sink_queue_oldest_timestamp_seconds`, ago(7*time.Hour))
	line(`sink_insert_failures_total{reason="auth"}`, 10*scrape)
	line(`alpemix_findings_total{account="main",finding="rows_missing"}`, 1)
	line(`alpemix_findings_total{account="main",finding="other_database"}`, 1)
	line(`alpemix_findings_total{account="main",finding="starts_in_future"}`, 1)
	line(`alpemix_rows_total{account="main",outcome="quarantined"}`, 3)
	line(`alpemix_quirks_total{quirk="unknown_key"}`, 1)
	line(`alpemix_quirks_total{quirk="dt_separator"}`, 1)
	line(`alpemix_last_success_timestamp_seconds{account="main",report="today"}`, ago(time.Hour))
	line(`alpemix_unsealed_reports{account="main"}`, 1)
	line(`alpemix_unsealed_reports{account="never"}`, 1)
	line(`alpemix_day_end_timestamp_seconds{account="main"}`, in(5*time.Hour))
	line(`alpemix_gaps_total{account="main"}`, 1)
	line(`alpemix_last_gap_timestamp_seconds{account="main"}`, ago(time.Hour))
	line(`alpemix_failing{account="main",reason="token_limit_blocked"}`, 1)
	line(`alpemix_failing{account="never",reason="bad_credentials"}`, 1)
	for account, connections := range map[string]int64{"spike": 1000, "drop": 0} {
		line(`alpemix_connections_today{account="`+account+`"}`, connections)
		line(`alpemix_day_end_timestamp_seconds{account="`+account+`"}`, in(10*time.Hour))
		line(`alpemix_last_success_timestamp_seconds{account="`+account+`",report="today"}`, now)
	}
	line(`reseller_last_success_timestamp_seconds{vendor="remotepc",account="eu"}`, ago(4*time.Hour))
	line(`reseller_failing{vendor="serwersms",account="pl",reason="bad_credentials"}`, 1)
	line(`reseller_allotment_reached_customers{vendor="remotepc",account="eu",resource="computers",percent="80"}`, 3)
	line(`reseller_allotment_exhausted_customers{vendor="remotepc",account="eu",resource="computers"}`, 1)
	line(`reseller_missing_customers{vendor="ccportal",account="kommitt"}`, 2)
	line(`reseller_unread_values{vendor="ccportal",account="kommitt"}`, 1)
	line(`reseller_webhook_queue_events`, 2)
	line(`reseller_webhook_oldest_event_timestamp_seconds`, ago(2*time.Hour))
	line(`reseller_customers_file_valid`, 0)
	line(`reseller_customers_file_lines`, 12)
	return page.String()
}

// target has the labels that Prometheus adds to the metrics of trouble.
const target = `job="alpemix",instance="troubled"`

// history is the past in Prometheus: earlier usage on this weekday, and quirks that were counted
// yesterday.
func history() string {
	past := map[string]map[time.Duration]int{
		`alpemix_connections_today{` + target + `,account="spike"}`:            {7 * day: 20, 14 * day: 30},
		`alpemix_connections_today{` + target + `,account="drop"}`:             {7 * day: 200, 14 * day: 300},
		`quirk:alpemix_quirks:increase1h{` + target + `,quirk="dt_separator"}`: {day: 0},
	}
	var text strings.Builder
	for _, series := range slices.Sorted(maps.Keys(past)) {
		name, _, _ := strings.Cut(series, "{")
		if !strings.Contains(text.String(), "# TYPE "+name) {
			_, _ = fmt.Fprintf(&text, "# TYPE %s gauge\n", name)
		}
		for _, ago := range slices.Backward(slices.Sorted(maps.Keys(past[series]))) {
			for at := time.Now().Add(-ago - 5*time.Minute); at.Before(time.Now().Add(10*time.Minute - ago)); at = at.Add(time.Minute) {
				_, _ = fmt.Fprintf(&text, "%s %d %d\n", series, past[series][ago], at.Unix())
			}
		}
	}
	return text.String() + "# EOF\n"
}

const day = 24 * time.Hour

// TestEveryAlertFires in a real Prometheus, with a page that shows every trouble and a target that
// does not answer. "for" is 0, and the past is written before the start, so nothing waits.
func TestEveryAlertFires(t *testing.T) {
	prometheustest.Tool(t, "prometheus")
	var scrapes atomic.Int64
	troubled := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write([]byte(trouble(scrapes.Add(1))))
	}))
	defer troubled.Close()
	silent := httptest.NewServer(nil)
	silent.Close()

	data := t.TempDir()
	past := filepath.Join(t.TempDir(), "past.om")
	if err := os.WriteFile(past, []byte(history()), 0o600); err != nil {
		t.Fatal(err)
	}
	prometheustest.Run(t, "promtool", "tsdb", "create-blocks-from", "openmetrics", past, data)
	s := prometheustest.Start(t, fmt.Sprintf(`
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}
rule_files: [%q]
scrape_configs:
  - job_name: alpemix
    static_configs:
      - {targets: [%q], labels: {instance: troubled}}
      - {targets: [%q], labels: {instance: silent}}
`, prometheustest.Hurried(t, "."), strings.TrimPrefix(troubled.URL, "http://"), strings.TrimPrefix(silent.URL, "http://")), data)

	missing := map[string]bool{}
	for _, r := range prometheustest.Rules(t, ".") {
		if r.Alert != "" {
			missing[r.Name()] = true
		}
	}
	s.Wait(t, "every alert", func() (bool, any) {
		for _, alert := range s.Firing(t) {
			delete(missing, alert.Name())
		}
		return len(missing) == 0, slices.Sorted(maps.Keys(missing))
	})
	for _, alert := range s.Firing(t) {
		for name, text := range alert.Annotations {
			if text == "" || strings.Contains(text, "<no value>") || strings.Contains(text, "<error") {
				t.Errorf("%s: %s is %q", alert.Name(), name, text)
			}
		}
	}
}
