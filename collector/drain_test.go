package collector_test

import (
	"database/sql"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestAllotmentsTravelWithTheRest: also through an outage of ClickHouse and a restart.
func TestAllotmentsTravelWithTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday, simulator.Options{})
		d.accounts = nil
		_, state := d.open()
		at := time.Now().UTC()
		allotment := report.Allotment{Vendor: "remotepc", Account: "eu", Customer: "a", Resource: "computers", Allotted: sql.Null[float64]{V: 5, Valid: true}}
		line := report.CustomerLine{Customer: "Acme", Vendor: "remotepc", Field: "customer", Value: "a"}
		call := report.Provisioning{At: at, Vendor: "remotepc", Account: "eu", Action: "user/add", Subject: "a", Outcome: "ok"}
		if n, err := state.Snapshot(report.Snapshot{Vendor: "remotepc", Account: "eu", At: at, Allotments: []report.Allotment{allotment}}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if err := state.Provisioned(call); err != nil {
			t.Fatal(err)
		}
		if n, err := state.SetCustomers([]report.CustomerLine{line}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if err := state.Close(); err != nil {
			t.Fatal(err)
		}
		d.ch.setAway(true)
		d.run(time.Minute)
		d.ch.setAway(false)
		d.run(time.Minute)
		version := uint64(at.UnixMicro())
		want := report.Batch{
			Allotments:    []report.AllotmentPeriod{{Allotment: allotment, At: at, ValidFrom: at, Version: version}},
			Snapshots:     []report.SnapshotMark{{Vendor: "remotepc", Account: "eu", At: at, Since: at, Customers: 1, Version: version}},
			Provisionings: []report.Provisioning{call},
			Customers:     []report.CustomerChange{{CustomerLine: line, Version: version + 2}},
		}
		if diff := cmp.Diff(want, d.ch.resold); diff != "" {
			t.Error(diff)
		}
		if got := d.sums(""); got["sink_queue_rows"] != 0 || got["sink_inserts_total"] != 1 {
			t.Errorf("%v", got)
		}
	})
}
