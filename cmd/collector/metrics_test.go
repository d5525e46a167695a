package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

// TestMetricsAreOfTheContractAndWellFormed lints, as promtool check metrics does, what a daemon shows that has read its resellers
// once and Alpemix not yet.
func TestMetricsAreOfTheContractAndWellFormed(t *testing.T) {
	s, hook := newStand(t), newReceiver(t)
	s.set(world.CCPortal, "CUSTOMERS", s.vendors[world.CCPortal].Customers("kommitt", standMoment)[0].Name)
	s.vendors[world.LimaCity].SetFault(func(simulator.Request) simulator.Fault { return simulator.Fault{Page: simulator.MaintenancePage} })
	c, err := config.Load("", append(s.environ,
		"COLLECTOR_CLICKHOUSE_DSN=http://"+freeAddress(t)+"/alpemix", "COLLECTOR_RESELLER_WEBHOOK_URL="+hook.URL,
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k",
	))
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.New((&app{stderr: t.Output()}).opener(c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Jobs.Once(t.Context()); err == nil || !strings.Contains(err.Error(), "limacity account de") {
		t.Errorf("the page of lima-city is no failure: %v", err)
	}
	problems, err := testutil.GatherAndLint(d.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := d.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	// Those that start without a label value are not shown before their first event.
	for _, want := range []string{
		"alpemix_requests_total", "alpemix_rows_total", "alpemix_unsealed_reports", "alpemix_gaps_total", "alpemix_connections_today",
		"alpemix_connection_seconds_today", "alpemix_token_expiry_timestamp_seconds", "alpemix_request_budget_remaining",
		"sink_queue_rows", "sink_queue_oldest_timestamp_seconds", "sink_inserts_total", "sink_insert_failures_total", "collector_build_info",
		"reseller_last_success_timestamp_seconds", "reseller_allotted", "reseller_utilized", "reseller_allotment_exhausted_customers",
		"reseller_requests_total", "reseller_request_failures_total", "reseller_threshold_events_total", "reseller_pending_customers",
		"reseller_customers_file_valid", "reseller_customers_file_lines", "reseller_webhook_deliveries_total", "reseller_webhook_dropped_total",
		"reseller_webhook_queue_events",
		"collector_time_seconds", "collector_state_filesystem_size_bytes", "collector_state_filesystem_avail_bytes", "alpemix_day_end_timestamp_seconds",
		"alpemix_last_gap_timestamp_seconds", "alpemix_findings_total",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing among %s", want, strings.Join(names, " "))
		}
	}
}
