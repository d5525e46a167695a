package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/internal/config"
	"alpemix-collector/report"
	"alpemix-collector/rules/prometheustest"
	"alpemix-collector/sink"
)

const rulesFolder = "../../rules"

var (
	metricName = regexp.MustCompile(`\b(?:alpemix|reseller|sink|collector)_[a-z0-9_]+\b`)
	recorded   = regexp.MustCompile(`\b[a-z_]+:[a-z_]+:[a-z0-9]+\b`)
	selection  = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
)

// TestRulesNameMetricsThatExist: rules, their annotations and the runbooks, with the labels that they select by.
func TestRulesNameMetricsThatExist(t *testing.T) {
	metrics := everyMetric(t)
	texts, records := map[string]string{}, map[string]bool{}
	for _, r := range prometheustest.Rules(t, rulesFolder) {
		texts[r.Name()] = r.Expr + "\n" + strings.Join(slices.Collect(maps.Values(r.Annotations)), "\n")
		records[r.Record] = true
	}
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../docs/alerts.md", "../../docs/resellers.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(page)] = string(text)
	}
	for where, text := range texts {
		for _, name := range metricName.FindAllString(recorded.ReplaceAllString(text, ""), -1) {
			if _, ok := metrics[name]; !ok {
				t.Errorf("%s: there is no metric %s", where, name)
			}
		}
		for _, name := range recorded.FindAllString(text, -1) {
			if !records[name] {
				t.Errorf("%s: nothing records %s", where, name)
			}
		}
		for _, s := range selection.FindAllStringSubmatch(text, -1) {
			metric, ours := metrics[s[1]]
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				if ours && !slices.Contains(metric.labels, m[1]) && m[1] != "instance" && m[1] != "job" {
					t.Errorf("%s: %s has no label %s", where, s[1], m[1])
				}
			}
		}
	}
}

// TestRulesNameValuesThatExist: what a rule selects by a label's value is a value that the code can give it.
func TestRulesNameValuesThatExist(t *testing.T) {
	vendors := []string{"../../collector/alpemix", "../../vendorhttp"}
	resellers := []string{"../../vendorhttp"}
	for _, vendor := range []string{"remotepc", "ccportal", "serwersms", "limacity"} {
		resellers = append(resellers, "../../reseller/"+vendor)
	}
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	var percents []string
	for _, percent := range c.Reseller.Thresholds {
		percents = append(percents, strconv.Itoa(percent))
	}
	counted := gatheredValues(t)
	can := map[string][]string{
		"alpemix_failing reason":                              literals(t, vendors...),
		"reseller_failing reason":                             append(literals(t, resellers...), "http_401", "http_403"), // vendorhttp makes these two of the status
		"alpemix_rows_total outcome":                          counted["alpemix_rows_total outcome"],
		"account_finding:alpemix_findings:increase1h finding": counted["alpemix_findings_total finding"],
		"quirk:alpemix_quirks:increase1h quirk":               counted["alpemix_quirks_total quirk"],
		"sink_insert_failures_total reason":                   counted["sink_insert_failures_total reason"],
		"alpemix_last_success_timestamp_seconds report":       {string(report.Today), string(report.Latest), string(report.Yesterday)},
		"reseller_allotment_reached_customers percent":        percents,
	}
	for _, r := range prometheustest.Rules(t, rulesFolder) {
		for _, s := range selection.FindAllStringSubmatch(r.Expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				if m[1] == "job" {
					continue
				}
				values, known := can[s[1]+" "+m[1]]
				if !known {
					t.Errorf("%s selects by %s of %s: what values can it have?", r.Name(), m[1], s[1])
				}
				for value := range strings.SplitSeq(m[3], "|") {
					if !slices.Contains(values, value) {
						t.Errorf("%s: %s of %s is never %q", r.Name(), m[1], s[1], value)
					}
				}
			}
		}
	}
}

// gatheredValues are the values that a fresh daemon's series have, by metric and label: these counters start at 0 with all of them.
func gatheredValues(t *testing.T) map[string][]string {
	t.Helper()
	registry := prometheus.NewRegistry()
	if _, err := collector.New(collector.Config{
		Accounts: []collector.Account{{Name: "main", Today: "@hourly", Yesterday: "@hourly"}}, Reasons: sink.Reasons(), FetchReasons: alpemix.Reasons(), Metrics: countersOnly{registry},
	}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				key := f.GetName() + " " + l.GetName()
				values[key] = append(values[key], l.GetValue())
			}
		}
	}
	return values
}

// countersOnly leaves out what reads a store: there is none.
type countersOnly struct{ prometheus.Registerer }

func (r countersOnly) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if _, counts := c.(*prometheus.CounterVec); counts {
			r.Registerer.MustRegister(c)
		}
	}
}

// literals are the texts in the source of packages.
func literals(t *testing.T, folders ...string) []string {
	t.Helper()
	var all []string
	inspectSource(t, folders, func(n ast.Node) {
		if e, ok := n.(ast.Expr); ok {
			all = append(all, literal(e)...)
		}
	})
	return all
}

// literal is the text that e is, if it is one.
func literal(e ast.Expr) []string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return []string{text}
		}
	}
	return nil
}

// inspectSource calls visit with everything in the source of packages, save their tests.
func inspectSource(t *testing.T, folders []string, visit func(ast.Node)) {
	t.Helper()
	for _, folder := range folders {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(folder, err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				visit(n)
				return true
			})
		}
	}
}
