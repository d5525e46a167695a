package web

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/sink"
	"alpemix-collector/sink/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// TestUsageMatchesTheViews: two accounts in different zones, on the day on which one of them loses
// an hour.
func TestUsageMatchesTheViews(t *testing.T) {
	db := database(t)
	zone := func(name string) *time.Location {
		location, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return location
	}
	accounts := []AccountZone{{"berlin", zone("Europe/Berlin")}, {"kolkata", zone("Asia/Kolkata")}}
	zones := map[string]*time.Location{"berlin": accounts[0].Location, "kolkata": accounts[1].Location, "gone": time.UTC}

	now := time.Date(2026, 3, 29, 20, 20, 0, 0, time.UTC) // 22:20 in Berlin, where it became 03:00 at 02:00; 01:50 of the next day in Kolkata
	var batch report.Batch
	connect := func(account, staff, local string) {
		at, err := time.ParseInLocation("2006-01-02 15:04", local, zones[account])
		if err != nil {
			t.Fatal(err)
		}
		n := uint64(len(batch.Connections) + 1)
		batch.Connections = append(batch.Connections, report.Connection{
			Account: account, UID: fmt.Sprint(n), StartedAt: at.UTC(), Duration: time.Minute, LocalDay: report.DayOf(at), Staff: report.Party{Name: staff},
			Target: report.Party{Name: "till"}, FirstSeenAt: now, FetchedAt: now, Raw: "{}", Hash: n, Version: n,
		})
	}
	connect("berlin", "Ada", "2026-03-28 23:59")
	connect("berlin", "Ada", "2026-03-29 00:10")
	connect("berlin", "<script>", "2026-03-29 01:59")
	connect("berlin", "Ada", "2026-03-29 03:00")
	connect("berlin", "Ada", "2026-03-29 23:30") // in the future, from a wrong clock
	connect("kolkata", "Jay", "2026-03-29 23:59")
	connect("kolkata", "Jay", "2026-03-30 00:29")
	connect("kolkata", "Jay", "2026-03-30 01:10")
	connect("gone", "Old", "2026-03-29 12:00")
	for i := range 11 {
		connect("berlin", fmt.Sprintf("early %02d", i), "2026-03-01 12:00")
	}
	connect("berlin", "Old", "2025-12-30 12:00") // the first of 90 days
	connect("berlin", "Old", "2025-12-29 12:00")
	today := report.DayOf(now)
	batch.Days = []report.DayStatus{
		{Account: "berlin", Day: today - 2, State: report.DayGap, Version: 1}, {Account: "berlin", Day: today - 1, State: report.DaySealed, SealedAt: now, Version: 2},
		{Account: "berlin", Day: today, State: report.DayOpen, Version: 3},
	}
	for i := range 3 {
		batch.Rejects = append(batch.Rejects, report.Reject{Vendor: "alpemix", Account: "berlin", Reason: "dt_missing", Hash: uint64(i), At: now.Add(time.Duration(i) * time.Hour), Version: 1})
	}
	batch.Rejects[2].ResolvedAt = now
	allotted := func(resource string, allotted, utilized sql.Null[float64]) {
		batch.Allotments = append(batch.Allotments, report.AllotmentPeriod{
			Allotment: report.Allotment{Vendor: "remotepc", Account: "eu", Customer: "acme", Resource: resource, Allotted: allotted, Utilized: utilized},
			At:        now, ValidFrom: now.AddDate(0, 0, -3), Version: 1,
		})
	}
	known := func(n float64) sql.Null[float64] { return sql.Null[float64]{V: n, Valid: true} }
	allotted("computers", known(10), known(12))
	allotted("web", known(5), sql.Null[float64]{})
	batch.Customers = []report.CustomerChange{
		{CustomerLine: report.CustomerLine{Customer: "Acme", Vendor: "remotepc", Field: "customer", Value: "acme"}, Version: 1},
		{CustomerLine: report.CustomerLine{Customer: "Acme", Vendor: "alpemix", Field: "staff_name", Value: "Jay"}, Version: 1},
	}
	if err := db.Writer().Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	u, err := ReadUsage(t.Context(), db, accounts, now)
	if err != nil {
		t.Fatal(err)
	}
	berlin, kolkata := u.Accounts[0], u.Accounts[1]
	if len(berlin.Hours) != 22 || berlin.Hours[2].Start.Format("15:04") != "03:00" || len(kolkata.Hours) != 2 || kolkata.Today != today+1 {
		t.Errorf("%v\n%v", berlin.Hours, kolkata.Hours)
	}
	for got, want := range map[string]string{
		hours(berlin):  "00:00 1, 01:00 1, 03:00 1, 22:00 1",
		hours(kolkata): "00:00 1, 01:00 1",
		days(berlin):   "2025-12-30 not_collected 1, 2026-03-01 not_collected 11, 2026-03-27 gap 0, 2026-03-28 sealed 1, 2026-03-29 open 4",
		days(kolkata):  "2026-03-29 not_collected 1, 2026-03-30 not_collected 2",
		fmt.Sprint(berlin.StaffCount, len(berlin.Staff), berlin.Staff[:3], kolkata.Staff): "13 10 [{Ada {4 240}} {<script> {1 60}} {early 00 {1 60}}] [{Jay {3 180}}]",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	ten, twelve, five, over := 10., 12., 5., 1.2
	if diff := cmp.Diff([]Customer{
		{Name: "Acme", Use: Use{Connections: 3, Seconds: 180}, Allotments: []Allotment{
			{Resource: "computers", Allotted: &ten, Utilized: &twelve, Ratio: &over}, {Resource: "web", Allotted: &five},
		}},
		{Name: "(unmapped)", Use: Use{Connections: 17, Seconds: 17 * 60}, Allotments: []Allotment{}},
	}, u.Customers); diff != "" || u.CustomerCount != 2 || u.Month.String() != "2026-03-01" {
		t.Errorf("%d %s %s", u.CustomerCount, u.Month, diff)
	}
	if diff := cmp.Diff([]Quarantined{{Vendor: "alpemix", Account: "berlin", Reason: "dt_missing", Rows: 2, Oldest: now}}, u.Quarantine); diff != "" {
		t.Error(diff)
	}
}

func hours(a AccountUsage) string {
	var list []string
	for _, h := range a.Hours {
		if h.Connections > 0 {
			list = append(list, fmt.Sprintf("%s %d", h.Start.Format("15:04"), h.Connections))
		}
	}
	return strings.Join(list, ", ")
}

func days(a AccountUsage) string {
	var list []string
	for _, d := range a.Days {
		if d.Connections > 0 || d.State != DayNotCollected {
			list = append(list, fmt.Sprintf("%s %s %d", d.Day, d.State, d.Connections))
		}
	}
	return strings.Join(list, ", ")
}

// database returns an empty database of the real engine.
func database(t *testing.T) *sink.DB {
	t.Helper()
	db, err := sink.Open(sink.Config{DSN: enginetest.Start(t).DSN("alpemix")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
