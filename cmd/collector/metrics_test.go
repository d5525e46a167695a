package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"alpemix-collector/cmd/collector/config"
)

// TestMetricsAreOfTheContractAndWellFormed lints what a fresh daemon shows as promtool check metrics does.
func TestMetricsAreOfTheContractAndWellFormed(t *testing.T) {
	c, err := config.Load("", []string{
		"COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_CLICKHOUSE_DSN=http://" + freeAddress(t) + "/alpemix",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k",
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := (&app{stderr: t.Output()}).newDaemon(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	problems, err := testutil.GatherAndLint(d.metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		// These two count days; the linter takes the word for a unit of time. Their names are promised.
		if p.Metric != "alpemix_unsealed_days" && p.Metric != "alpemix_gap_days_total" {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	families, err := d.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	// Those that start without a label value are not shown before their first event.
	for _, want := range []string{
		"alpemix_requests_total", "alpemix_rows_total", "alpemix_unsealed_days", "alpemix_gap_days_total", "alpemix_connections_today",
		"alpemix_connection_seconds_today", "alpemix_token_expiry_timestamp_seconds", "alpemix_request_budget_remaining",
		"sink_queue_rows", "sink_queue_oldest_timestamp_seconds", "sink_inserts_total", "sink_insert_failures_total", "collector_build_info",
		"collector_time_seconds", "collector_state_filesystem_size_bytes", "collector_state_filesystem_avail_bytes", "alpemix_day_end_timestamp_seconds",
		"alpemix_last_gap_timestamp_seconds", "alpemix_findings_total",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing among %s", want, strings.Join(names, " "))
		}
	}
}
