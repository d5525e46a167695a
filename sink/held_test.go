package sink

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

// TestHeld: what is written is what is read back, over both protocols.
func TestHeld(t *testing.T) {
	const account = `o'ther\`
	over := open(t)
	engine := enginetest.Shared(t)
	native := openAt(t, "clickhouse://"+engine.User+":"+engine.Password+"@"+nativeFront(t, engine)+"/"+over.Database())
	line := report.CustomerLine{Customer: "Bakkal", Vendor: "remotepc", Account: account, Field: "customer", Value: `a\b'c`}
	gone := report.CustomerLine{Customer: "Kasap", Vendor: "remotepc", Field: "customer", Value: "x"}
	period := func(from time.Time) report.AllotmentPeriod {
		return report.AllotmentPeriod{
			Allotment: report.Allotment{Vendor: "remotepc", Account: account, Customer: "c", Resource: "computers"},
			At:        from, ValidFrom: from, Version: uint64(from.Unix()),
		}
	}
	c := connection(1)
	c.Account = account
	moved := c
	moved.StartedAt, moved.Deleted, moved.Version = c.StartedAt.Add(-time.Hour), true, c.Version
	days := []report.DayStatus{
		{Account: account, Day: c.LocalDay, State: report.DaySealed, Rows: 1, SealedAt: at, Version: 7},
		{Account: account, Day: c.LocalDay + 1, State: report.DayOpen, Version: 8},
		{Account: account, Day: c.LocalDay + 2, State: report.DayGap, Rows: 3, Version: 9},
	}
	err := over.Writer().Write(t.Context(), report.Batch{
		Connections: []report.Connection{c, moved}, Days: days, Allotments: []report.AllotmentPeriod{period(at), period(at.Add(time.Hour))},
		Customers: []report.CustomerChange{{CustomerLine: line, Version: 1}, {CustomerLine: gone, Version: 1}, {CustomerLine: gone, Version: 2, Removed: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*Writer{"http": over.Writer(), "native": native.Writer()} {
		t.Run(name, func(t *testing.T) {
			check := func(what string, want, got any, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(what, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got)\n%s", what, diff)
				}
			}
			got, err := w.Days(t.Context(), account)
			check("days", days, got, err)
			counts, err := w.Counts(t.Context(), account, c.LocalDay-1, c.LocalDay+5)
			check("counts", map[report.Day]uint64{c.LocalDay: 1}, counts, err)
			held, err := w.Connections(t.Context(), account, c.LocalDay)
			check("connections", map[string]report.Identity{c.UID: {
				Hash: c.Hash, StartedAt: c.StartedAt, Duration: c.Duration, FirstSeenAt: c.FirstSeenAt, LocalDay: c.LocalDay,
			}}, held, err)
			later, err := w.Connections(t.Context(), account, c.LocalDay+1)
			check("later connections", 0, len(later), err)
			some, err := w.Holds(t.Context(), account, c.LocalDay-9, c.LocalDay)
			check("any", true, some, err)
			earlier, err := w.Holds(t.Context(), account, c.LocalDay-9, c.LocalDay-1)
			check("earlier", false, earlier, err)
			none, err := w.Holds(t.Context(), "main", c.LocalDay, c.LocalDay)
			check("none", false, none, err)
			all, err := w.Held(t.Context())
			check("held", report.Held{
				Customers:  map[report.CustomerLine]bool{line: true},
				Allotments: map[report.AllotmentKey]time.Time{{Vendor: "remotepc", Account: account, Customer: "c", Resource: "computers"}: at.Add(time.Hour)},
			}, all, err)
		})
	}
}

// TestIdentity: a database has one id for everybody, until it is emptied.
func TestIdentity(t *testing.T) {
	d := open(t)
	first, err := d.Writer().Identity(t.Context())
	if err != nil || len(first) < 16 {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := openAt(t, dsnOf(t, d.Database())).Writer().Identity(t.Context()); again != first || err != nil {
		t.Errorf("%q became %q, %v", first, again, err)
	}
	// Another replica created one at almost the same time.
	if err := d.conn.Exec(t.Context(), "INSERT INTO identity_rows SELECT 'A', now64(6, 'UTC')"); err != nil {
		t.Fatal(err)
	}
	if again, err := d.Writer().Identity(t.Context()); again != first || err != nil {
		t.Errorf("%q became %q, %v", first, again, err)
	}
	if err := d.conn.Exec(t.Context(), "TRUNCATE TABLE identity_rows"); err != nil {
		t.Fatal(err)
	}
	if other, err := d.Writer().Identity(t.Context()); other == first || other == "" || err != nil {
		t.Errorf("an emptied database is %q, %v", other, err)
	}
}
