package sink

import (
	"testing"

	"alpemix-collector/report"
)

// TestMove: whatever way the names go, each row is in every view once, under the name that its login has now.
func TestMove(t *testing.T) {
	d := open(t)
	w := d.Writer()
	var b report.Batch
	for i, account := range []string{"a", "a", "b", "it's"} {
		c := connection(i * 400_000) // over several months
		c.Account = account
		b.Connections = append(b.Connections, c)
		b.Days = append(b.Days, report.DayStatus{Account: account, Day: c.LocalDay, State: report.DayOpen, Version: c.Version})
		r := rejected(`{"uid":"q","dur":-1}`, c.Version)
		r.Account = account
		b.Rejects = append(b.Rejects, r)
		p := report.AllotmentPeriod{At: at, ValidFrom: at, Version: 7, Allotment: report.Allotment{Vendor: "remotepc", Account: account, Customer: "c of " + account, Resource: "computers"}}
		p.Allotted.V, p.Allotted.Valid = 5, true
		b.Allotments = append(b.Allotments, p)
		b.Snapshots = append(b.Snapshots, report.SnapshotMark{Vendor: "remotepc", Account: account, At: at, Version: 7})
	}
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	check := func(step, want string) {
		t.Helper()
		got := ask(t, d, `SELECT arraySort(groupArray(account)), (SELECT arraySort(groupArray(account)) FROM days),
			(SELECT arraySort(groupArray(account)) FROM quarantine), (SELECT arraySort(groupArray(account)) FROM allotments),
			(SELECT sum(connections) FROM daily_usage), uniqExact(uid), (SELECT sum(rows) FROM days), countIf(raw = '') FROM connections`)
		if got != want {
			t.Errorf("%s\n%q, want\n%q", step, got, want)
		}
	}
	all := func(connections, others string) string {
		return connections + "\t" + connections + "\t" + others + "\t" + others + "\t4\t4\t4\t0"
	}
	check("before", all(`['a','a','b','it\'s']`, `['a','b','it\'s']`))
	for _, step := range []struct {
		moves               []report.Move
		connections, others string
	}{
		{[]report.Move{{From: "a", To: "merkez"}}, `['b','it\'s','merkez','merkez']`, `['b','it\'s','merkez']`},
		{[]report.Move{{From: "a", To: "merkez"}}, `['b','it\'s','merkez','merkez']`, `['b','it\'s','merkez']`},
		{[]report.Move{{From: "merkez", To: "a"}}, `['a','a','b','it\'s']`, `['a','b','it\'s']`},
		{[]report.Move{{From: "a", To: "merkez"}, {From: "merkez", To: "a"}}, `['a','a','b','it\'s']`, `['a','b','it\'s']`},
		{[]report.Move{{From: "a", To: "x"}, {From: "b", To: "a"}, {From: "x", To: "b"}}, `['a','b','b','it\'s']`, `['a','b','it\'s']`},
		{[]report.Move{{From: "it's", To: "ö x"}}, `['a','b','b','ö x']`, `['a','b','ö x']`},
	} {
		for _, m := range step.moves {
			for _, vendor := range []string{"alpemix", "remotepc"} {
				m.Vendor = vendor
				if err := w.move(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
		}
		check(step.moves[0].From, all(step.connections, step.others))
	}
	// The same rows written late under the new name, as a queue would, are one row each.
	for i := range b.Connections {
		c := b.Connections[i]
		c.Account = map[string]string{"a": "b", "b": "a", "it's": "ö x"}[c.Account]
		c.Version += 10
		if err := w.Write(t.Context(), report.Batch{Connections: []report.Connection{c}}); err != nil {
			t.Fatal(err)
		}
	}
	check("written again", all(`['a','b','b','ö x']`, `['a','b','ö x']`))
}
