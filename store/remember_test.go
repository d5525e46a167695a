package store

import (
	"testing"
	"time"

	"alpemix-collector/report"
)

// TestRepeat: what ClickHouse has lost of customers and allotments is queued again, and nothing
// else.
func TestRepeat(t *testing.T) {
	line := func(customer string) report.CustomerLine {
		return report.CustomerLine{Customer: customer, Vendor: "remotepc", Field: "customer", Value: customer}
	}
	key := func(customer string) report.AllotmentKey {
		return report.AllotmentKey{Vendor: "remotepc", Account: "eu", Customer: customer, Resource: "computers"}
	}
	for _, tt := range []struct {
		name                  string
		lines                 []report.CustomerLine // of customers.csv
		held                  report.Held
		customers, allotments int
		removed               int // of the customers
	}{
		{"all is held", []report.CustomerLine{line("A")}, report.Held{
			Customers:  map[report.CustomerLine]bool{line("A"): true},
			Allotments: map[report.AllotmentKey]time.Time{key("X"): noon, key("Y"): noon},
		}, 0, 0, 0},
		{"nothing is held", []report.CustomerLine{line("A"), line("B")}, report.Held{}, 2, 2, 0},
		{"an older copy", []report.CustomerLine{line("A")}, report.Held{
			Customers:  map[report.CustomerLine]bool{line("A"): true, line("gone"): true},
			Allotments: map[report.AllotmentKey]time.Time{key("X"): noon.Add(-time.Hour), key("Y"): noon},
		}, 1, 1, 1},
		{"a newer copy", []report.CustomerLine{line("A")}, report.Held{
			Customers:  map[report.CustomerLine]bool{line("A"): true},
			Allotments: map[report.AllotmentKey]time.Time{key("X"): noon.Add(time.Hour), key("Y"): noon, key("Z"): noon},
		}, 0, 0, 0},
		{"customers.csv was never read", nil, report.Held{Customers: map[report.CustomerLine]bool{line("A"): true}}, 0, 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := openTest(t, t.TempDir())
			if _, err := s.SetCustomers(tt.lines); err != nil {
				t.Fatal(err)
			}
			snapshot := report.Snapshot{Vendor: "remotepc", Account: "eu", At: noon}
			for _, customer := range []string{"X", "Y"} {
				snapshot.Allotments = append(snapshot.Allotments, report.Allotment{Customer: customer, Resource: "computers"})
			}
			if _, err := s.Snapshot(snapshot); err != nil {
				t.Fatal(err)
			}
			drainAll(t, s)
			for range 2 { // the second time as after a crash
				customers, allotments, err := s.Repeat(tt.held)
				if err != nil || customers != tt.customers || allotments != tt.allotments {
					t.Fatalf("%d customers and %d allotments, %v", customers, allotments, err)
				}
				queued := report.QueuedBatch{}
				if customers+allotments > 0 {
					queued = drainAll(t, s)
				}
				removed := 0
				for _, c := range queued.Customers {
					if c.Removed {
						removed++
					}
				}
				if len(queued.Customers) != tt.customers || len(queued.Allotments) != tt.allotments || removed != tt.removed {
					t.Errorf("queued %+v", queued)
				}
			}
		})
	}
}

// TestRememberedConnections: what ClickHouse holds is known, keeps the time at which it was first
// seen, and is queued again when the vendor lists it. Its old start is withdrawn if the vendor
// moved it.
func TestRememberedConnections(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "A")
	held := report.Identity{Hash: item.Hash, StartedAt: item.StartedAt.Add(-time.Hour), Duration: time.Minute, FirstSeenAt: noon.Add(-2 * time.Hour), LocalDay: item.LocalDay}
	for range 2 {
		if err := s.Remember("main", map[string]report.Identity{"u1": held}); err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s)
		if got, ok := s.Lookup("main", "u1"); !ok || got != held || s.Totals("main", item.LocalDay).Rows != 1 || s.Seen("main", item.Hash) {
			t.Errorf("%+v, %v, %+v", got, ok, s.Totals("main", item.LocalDay))
		}
	}
	commitTest(t, s, observation(item))
	entries := drainAll(t, s).Entries
	if len(entries) != 1 || !entries[0].FirstSeenAt.Equal(held.FirstSeenAt) || !entries[0].MovedFrom.Equal(held.StartedAt) {
		t.Errorf("%+v", entries)
	}
	if known, err := s.Remembered("main", item.LocalDay+1); len(known) != 0 || err != nil {
		t.Errorf("of later days %v, %v", known, err)
	}
}
