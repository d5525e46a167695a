package main

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
	"alpemix-collector/rules/prometheustest"
	"alpemix-collector/vendorhttp"
)

// TestCountersOfAlertsStartAtZero: increase() does not see the first event of a series that did not exist.
func TestCountersOfAlertsStartAtZero(t *testing.T) {
	c, err := config.Load("", []string{
		"COLLECTOR_STATE_DIR=" + t.TempDir(), "COLLECTOR_CLICKHOUSE_DSN=http://127.0.0.1:1/alpemix",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k",
		"COLLECTOR_ALPEMIX_ACCOUNTS_1_NAME=other", "COLLECTOR_ALPEMIX_ACCOUNTS_1_MAIN_USERNAME=v", "COLLECTOR_ALPEMIX_ACCOUNTS_1_SECRET_KEY=k",
	})
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
	families, err := d.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{} // in families
	for i, f := range families {
		at[f.GetName()] = i
	}
	read := map[string]bool{"alpemix_request_failures_total": true}
	for _, r := range prometheustest.Rules(t, rulesFolder) {
		for _, name := range metricName.FindAllString(recorded.ReplaceAllString(r.Expr, ""), -1) {
			read[name] = read[name] || strings.HasSuffix(name, "_total")
		}
	}
	for name, counter := range read {
		if !counter {
			continue
		}
		i, ok := at[name]
		if !ok {
			t.Errorf("%s has no series before its first event", name)
			continue
		}
		for _, m := range families[i].GetMetric() {
			if m.GetCounter().GetValue() != 0 {
				t.Errorf("%s starts at %v", name, m)
			}
		}
	}
	seen := map[string]bool{}
	for _, m := range families[at["alpemix_request_failures_total"]].GetMetric() {
		of := map[string]string{}
		for _, l := range m.GetLabel() {
			of[l.GetName()] = l.GetValue()
		}
		seen[of["account"]+" "+of["report"]+" "+of["reason"]] = true
	}
	for _, account := range []string{"main", "other"} {
		for _, kind := range []string{"token", "today", "latest", "yesterday"} {
			for _, reason := range append(reasons(t, "../../collector/alpemix", "../../collector", "../../vendorhttp"), "http_401", "http_403") {
				if !seen[account+" "+kind+" "+reason] {
					t.Errorf("alpemix_request_failures_total has no series at the start for %s %s %s", account, kind, reason)
				}
			}
		}
	}
}

// TestReasonsOfRequests: vendorhttp.Reasons lists what its source can give, no less and no more.
func TestReasonsOfRequests(t *testing.T) {
	want := append(reasons(t, "../../vendorhttp"), "http_401", "http_403") // the status is put behind "http_"
	slices.Sort(want)
	if got := vendorhttp.Reasons(); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("vendorhttp.Reasons returns\n%q, its source has\n%q", got, slices.Compact(want))
	}
}

// reasons are the texts in the source of packages that follow a class of failures, as an argument, a result or a field, and
// those that are given to a field Reason.
func reasons(t *testing.T, folders ...string) []string {
	t.Helper()
	var all []string
	inspectSource(t, folders, func(n ast.Node) {
		var list []ast.Expr
		switch n := n.(type) {
		case *ast.CallExpr:
			list = n.Args
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.SelectorExpr); !ok || name.Sel.Name != "Reject" {
				list = n.Elts
			}
		case *ast.ReturnStmt:
			list = n.Results
		}
		for i, e := range list {
			if field, ok := e.(*ast.KeyValueExpr); ok {
				if key, ok := field.Key.(*ast.Ident); ok && key.Name == "Reason" {
					all = append(all, literal(field.Value)...)
				}
			}
			if isClass(e) && i+1 < len(list) {
				all = append(all, literal(list[i+1])...)
			}
		}
	})
	return all
}

// isClass reports whether e names a class of failures.
func isClass(e ast.Expr) bool {
	name, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := name.X.(*ast.Ident)
	return ok && of.Name == "report" &&
		slices.Contains([]string{"Transient", "Permanent", "Renew", "Throttle", "Blocked", "Local", "Unknown"}, name.Sel.Name)
}
