package simulator

import (
	"slices"
	"strings"
	"testing"

	"alpemix-collector/report"
)

func TestCustomersAreThoseOfTheSessions(t *testing.T) {
	w := &World{Seed: 3}
	numbers, ids := map[string]bool{}, map[string]bool{}
	named, devices := 0, 0
	all := w.Customers("acme")
	for _, c := range all {
		numbers[c.SupportNumber] = true
		devices += len(c.Devices)
		if c.Company != "" {
			named++
			if !slices.ContainsFunc(c.Devices, func(d report.Party) bool { return strings.HasPrefix(d.Name, c.Company+" - ") }) {
				t.Errorf("%s is the name of none of %v", c.Company, c.Devices)
			}
		}
		for _, d := range c.Devices {
			ids[d.AlpemixID] = true
		}
	}
	if devices != 400 || len(all) < 80 || named < len(all)*8/10 {
		t.Errorf("%d customers, %d named, with %d devices", len(all), named, devices)
	}
	day, err := report.ParseDay("2026-07-06")
	if err != nil {
		t.Fatal(err)
	}
	rows := w.Connections("acme", day, (day + 2).Start(Istanbul))
	for _, c := range rows {
		if !ids[c.Target.AlpemixID] || c.SupportNumber != "" && !numbers[c.SupportNumber] {
			t.Errorf("%s is of none of the customers: %+v", c.UID, c)
		}
	}
	if len(rows) < 200 {
		t.Errorf("only %d sessions", len(rows))
	}
}
