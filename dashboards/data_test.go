package dashboards_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/simulator/reseller"
	"alpemix-collector/sink"
	"alpemix-collector/sink/enginetest"
)

// The time at which the tests look at the dashboards.
var today = time.Date(2025, 3, 12, 9, 30, 0, 0, time.UTC) // a Wednesday

const history = 45 // days

// awkward are people and things whose names have to be quoted.
var awkward = report.Connection{
	Account: "branch", Mode: report.ModePresentation, Explanation: `Yol düzeltildi: C:\new\"rapor" 100 %`, SupportNumber: "A'1 & 2",
	Staff:  report.Party{Name: `O'Brien "Bo", Jr.`, IP: "203.0.113.7"},
	Target: report.Party{Name: `Müller & Söhne's Büro (Nord)`, AlpemixID: "a+b=c%", LocalIP: "fe80::1"},
}

// filled returns an engine with what a collector would have stored until today.
func filled(t testing.TB) *enginetest.Server {
	t.Helper()
	server := enginetest.Shared(t)
	if ask(t, server, "SELECT count() FROM system.tables WHERE database = 'alpemix' AND name = 'connections'").Data[0][0] == 0.0 {
		fill(t, server)
	}
	return server
}

func fill(t testing.TB, server *enginetest.Server) {
	t.Helper()
	db, err := sink.Open(sink.Config{DSN: server.DSN("alpemix")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	desk := &simulator.World{Seed: 1}
	batch := report.Batch{Fetches: fetches(), Rejects: rejects(), Provisionings: provisionings()}
	stamp := uint64(today.UnixMicro())
	last := report.DayOf(today.In(simulator.Istanbul))
	for _, account := range []string{"main", "ankara"} {
		for day := last - history; day <= last; day++ {
			status := report.DayStatus{Account: account, Day: day, State: report.DaySealed, SealedAt: day.Start(simulator.Istanbul).Add(25 * time.Hour), Version: stamp}
			switch {
			case day == last:
				status.State, status.SealedAt = report.DayOpen, time.Time{}
			case day == last-5 && account == "ankara":
				status.State, status.SealedAt = report.DayGap, time.Time{}
			}
			for _, c := range desk.Connections(account, day, today) {
				batch.Connections = append(batch.Connections, stored(c))
				status.Rows++
			}
			batch.Days = append(batch.Days, status)
		}
	}
	for i := range 3 { // of an account of their own, at night, for 20 minutes each, always two at once for 5
		c := awkward
		c.UID, c.StartedAt, c.Duration = fmt.Sprint("awkward", i), today.Add(time.Duration(i-40)*15*time.Minute), 20*time.Minute
		batch.Connections = append(batch.Connections, stored(c))
	}
	blank := awkward
	blank.UID, blank.StartedAt, blank.Duration, blank.SupportNumber = "blank", today.Add(-20*time.Minute), time.Minute, ""
	blank.Account, blank.Staff.Name, blank.Target.Name = "main", "\u2003Nil", "\u00a0Kasa 3 "
	batch.Connections = append(batch.Connections, stored(blank))
	allotments(&batch, &reseller.World{Seed: 1, Desk: desk, DeskAccount: "main"})
	if err := db.Writer().Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// stored returns c as it is read back.
func stored(c report.Connection) report.Connection {
	c.LocalDay = report.DayOf(c.StartedAt.In(simulator.Istanbul))
	c.FirstSeenAt, c.FetchedAt, c.Version = c.StartedAt, c.StartedAt.Add(c.Duration), uint64(c.StartedAt.UnixMicro())
	return c
}

// allotments adds the results of snapshots every six hours, and the customers file.
func allotments(batch *report.Batch, world *reseller.World) {
	for _, l := range reseller.Labels() {
		open := map[string]int{} // index in batch.Allotments
		for at := today.AddDate(0, 0, -history); !at.After(today); at = at.Add(6 * time.Hour) {
			present := map[string]bool{}
			for _, a := range world.Allotments(l, at) {
				key := a.Customer + "\n" + a.Resource
				present[key] = true
				if i, known := open[key]; known {
					if was := &batch.Allotments[i]; was.Allotted == a.Allotted && was.Utilized == a.Utilized && was.Active == a.Active {
						continue
					}
					batch.Allotments[i].ValidTo = at
				}
				open[key] = len(batch.Allotments)
				batch.Allotments = append(batch.Allotments, report.AllotmentPeriod{Allotment: a, At: at, ValidFrom: at, Version: uint64(at.UnixMicro())})
			}
			for key, i := range open {
				if !present[key] {
					batch.Allotments[i].ValidTo = at
					delete(open, key)
				}
			}
		}
		batch.Snapshots = append(batch.Snapshots, report.SnapshotMark{Vendor: l.Vendor, Account: l.Account, At: today, Customers: uint64(len(open)), Version: uint64(today.UnixMicro())})
	}
	// One whose use grows by one a day and who will need more soon, one whose use shrinks, one who needs too much, one who uses nothing.
	for day := range history {
		from := today.AddDate(0, 0, day-history+1)
		for name, used := range map[string]int{"grows'@example.com": day + 1, "shrinks@example.com": history - day} {
			p := report.AllotmentPeriod{At: from, ValidFrom: from, ValidTo: from.AddDate(0, 0, 1), Version: uint64(from.UnixMicro()), Allotment: report.Allotment{
				Vendor: "remotepc", Account: "eu", Customer: name, Resource: "computers", Allotted: known(60), Utilized: known(float64(used)),
			}}
			if day == history-1 {
				p.ValidTo = time.Time{}
			}
			batch.Allotments = append(batch.Allotments, p)
		}
	}
	for name, used := range map[string]float64{"over@example.com": 12, "idle@example.com": 0, " blank@example.com\u00a0": 9} {
		from := today.AddDate(0, 0, -history)
		batch.Allotments = append(batch.Allotments, report.AllotmentPeriod{At: from, ValidFrom: from, Version: 1, Allotment: report.Allotment{
			Vendor: "remotepc", Account: "eu", Customer: name, Resource: "computers", Allotted: known(10), Utilized: known(used),
		}})
	}
	lines := append(world.Mappings(),
		reseller.Mapping{Customer: "Müller's", Vendor: "remotepc", Field: "customer", Value: "grows'@example.com"},
		reseller.Mapping{Customer: "Müller's", Vendor: "alpemix", Field: "support_number", Value: awkward.SupportNumber},
		reseller.Mapping{Customer: "Blank & Co", Vendor: "alpemix", Field: "target_name", Value: "Kasa 3"},
		reseller.Mapping{Customer: "Blank & Co", Vendor: "remotepc", Field: "customer", Value: "blank@example.com"})
	for _, m := range lines {
		batch.Customers = append(batch.Customers, report.CustomerChange{
			CustomerLine: report.CustomerLine{Customer: m.Customer, Vendor: m.Vendor, Account: m.Account, Field: m.Field, Value: m.Value}, Version: 1,
		})
	}
}

func known(v float64) sql.Null[float64] { return sql.Null[float64]{V: v, Valid: true} }

// fetches returns the requests of the last day, with an outage of seventy minutes.
func fetches() []report.Fetch {
	var all []report.Fetch
	for _, source := range [][3]string{{"alpemix", "main", "today"}, {"alpemix", "ankara", "today"}, {"remotepc", "eu", "user/list"}} {
		for at := today.Add(-24 * time.Hour); at.Before(today); at = at.Add(4 * time.Minute) {
			f := report.Fetch{
				At: at, Vendor: source[0], Account: source[1], Job: source[2], Outcome: "ok", Rows: 20, New: 2, Changed: 1, Bytes: 8000, Seconds: 0.3,
			}
			if outage := at.Sub(today.Add(-6 * time.Hour)); source[1] == "main" && outage >= 0 && outage < 70*time.Minute {
				f = report.Fetch{At: at, Vendor: source[0], Account: source[1], Job: source[2], Outcome: "network", Seconds: 30}
			}
			all = append(all, f)
		}
	}
	return all
}

func rejects() []report.Reject {
	var all []report.Reject
	for i := range 5 {
		at := today.Add(time.Duration(-i-1) * time.Hour)
		all = append(all, report.Reject{Vendor: "alpemix", Account: "main", Reason: "dt_invalid", Detail: "dt is 31.02.2025", Raw: fmt.Sprintf(`{"uid":"%d"}`, i), Hash: uint64(i), At: at, Version: 1})
	}
	return all
}

func provisionings() []report.Provisioning {
	return []report.Provisioning{{At: today.Add(-time.Hour), Vendor: "ccportal", Account: "kommitt", Action: "pack/enable", Subject: "10953", Outcome: "ok", Detail: "mail 7"}}
}
