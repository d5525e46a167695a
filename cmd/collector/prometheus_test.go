package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"alpemix-collector/rules/prometheustest"
	"alpemix-collector/simulator"
)

// healthy are the alerts that fire on a collector without trouble. A full disk is this machine's.
var healthy = []string{"Watchdog info", "CollectorDiskNearlyFull warning", "CollectorDiskNearlyFull critical"}

// TestPrometheusSeesTheVendorRefuse: a real Prometheus with the rules asks a real collector. It has nothing to say as long as all is
// well, fires when Alpemix refuses the credentials, and is silent again after they were corrected and the collector was restarted. In
// the copy of the rules "for" is 0; nothing else differs.
func TestPrometheusSeesTheVendorRefuse(t *testing.T) {
	prometheustest.Tool(t, "prometheus")
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 3, HourlyMinimum: 10}, Accounts: []simulator.Account{{Name: "main", Zone: noon(t)}}, Limits: simulator.Limits{Window: 2 * time.Second},
	}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=2s", "COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s")
	binary := built(t)
	p := c.startBinary(t, binary, "run")
	s := prometheustest.Start(t, fmt.Sprintf(`
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}
rule_files: [%q]
scrape_configs: [{job_name: alpemix, static_configs: [{targets: [%q]}]}]
`, prometheustest.Hurried(t, rulesFolder), c.setting("COLLECTOR_HTTP_LISTEN")), t.TempDir())
	well := func() (bool, any) {
		firing := s.Firing(t)
		strange := slices.DeleteFunc(slices.Clone(firing), func(a prometheustest.Alert) bool { return slices.Contains(healthy, a.Name()) })
		seen := s.Query(t, `alpemix_connections_today{account="main"} > 0 and on () alpemix_unsealed_reports == 0`)
		return len(firing) > 0 && len(strange) == 0 && seen, fmt.Sprint(firing, "\n", p.stderr)
	}
	s.Wait(t, "a collector without trouble", well)

	c.vendor.SetFault(func(simulator.Request) simulator.Fault { return simulator.Fault{ErrorNumber: 200} })
	s.Wait(t, "the alert", func() (bool, any) {
		firing := s.Firing(t)
		return slices.ContainsFunc(firing, func(a prometheustest.Alert) bool {
			return a.Name() == "AlpemixCredentialsRefused critical" && a.Labels["account"] == "main" && a.Labels["instance"] == c.setting("COLLECTOR_HTTP_LISTEN")
		}), firing
	})

	c.vendor.SetFault(nil)
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("interrupted: exit status %d\n%s", code, p.stderr)
	}
	p = c.startBinary(t, binary, "run")
	s.Wait(t, "the end of all alerts", well)

	c.askAsTheRunbooksDo(t, s)
}

var block = regexp.MustCompile("(?s)\n```(promql|sql)\n(.+?)\n```")

// askAsTheRunbooksDo sends every query of the runbooks to where it belongs.
func (c *playground) askAsTheRunbooksDo(t *testing.T, s *prometheustest.Server) {
	t.Helper()
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range block.FindAllStringSubmatch(string(text), -1) {
			asked[query[1]]++
			if query[1] == "promql" {
				s.Query(t, query[2])
			} else if got := command(t, c.environ, "", "sql", query[2]); got.code != exitOK {
				t.Errorf("%s: %s\n%+v", filepath.Base(page), query[2], got)
			}
		}
	}
	if asked["sql"] < 10 || asked["promql"] < 10 {
		t.Errorf("only %v queries were found", asked)
	}
}
