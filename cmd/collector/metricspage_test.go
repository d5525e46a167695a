package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/collector"
	"alpemix-collector/internal/daemon"
	"alpemix-collector/reseller"
	"alpemix-collector/sink"
)

var update = flag.Bool("update", false, "write docs/metrics.md")

// metric is what is known of a metric that may have no value yet.
type metric struct {
	help   string
	labels []string
}

// described are metrics by name. As a Registerer it takes down what is registered.
type described map[string]metric

var (
	asDescribed = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: ("(?:[^"\\]|\\.)*"), unit: "[^"]*", constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)
	constLabel  = regexp.MustCompile(`(\w+)="`)
)

func (d described) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() { c.Describe(descs); close(descs) }()
	for desc := range descs {
		m := asDescribed.FindStringSubmatch(desc.String())
		if m == nil {
			return fmt.Errorf("%s is in another form", desc)
		}
		help, err := strconv.Unquote(m[2])
		if err != nil {
			return err
		}
		all := strings.FieldsFunc(m[4], func(r rune) bool { return r == ',' })
		for _, label := range constLabel.FindAllStringSubmatch(m[3], -1) {
			all = append(all, label[1])
		}
		d[m[1]] = metric{help, all}
	}
	return nil
}

func (d described) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := d.Register(c); err != nil {
			panic(err)
		}
	}
}

func (d described) Unregister(prometheus.Collector) bool { return false }

// everyMetric is what a daemon can show that has an Alpemix account, a reseller's account and a webhook.
func everyMetric(t *testing.T) described {
	t.Helper()
	d := described{}
	var err error
	if _, err = collector.New(collector.Config{
		Accounts: []collector.Account{{Name: "main", Today: "@hourly", Yesterday: "@hourly"}}, Reasons: sink.Reasons(), Metrics: d,
	}); err == nil {
		_, err = reseller.New(reseller.Config{
			Accounts: []reseller.Account{{Vendor: "remotepc", Name: "eu", Schedule: "@hourly"}}, Webhook: struct{ reseller.Webhook }{}, Metrics: d,
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	d.MustRegister(daemon.OwnMetrics("", nil)...)
	return d
}

const metricsHead = `# Metrics

This page is generated from the metrics' own descriptions (` + "`go test ./cmd/collector -run TestMetricsPage -update`" + `).
The collector serves them at ` + "`/metrics`" + `, with those of the process and the Go runtime. Names and labels stay.

Times are Unix times in seconds; ` + "`time() - x`" + ` is an age. Names of counters end in _total. Counters start at 0 with
the process, except alpemix_gaps_total, which the state file remembers. alpemix_request_failures_total has a series at 0
for each account, report and reason from the start, so that rate() and increase() see the first failure, too. No label
names a person or a customer.

| metric | labels | |
|---|---|---|
`

func TestMetricsPageIsUpToDate(t *testing.T) {
	page := metricsHead
	all := everyMetric(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		labels := ""
		for _, label := range all[name].labels {
			labels += " `" + label + "`"
		}
		page += fmt.Sprintf("| `%s` |%s | %s |\n", name, labels, all[name].help)
	}
	const file = "../../docs/metrics.md"
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), page); diff != "" {
		t.Errorf("%s is out of date; go test ./cmd/collector -run TestMetricsPage -update writes it\n%s", file, diff)
	}
}
