package reliability_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/sink"
)

// resold is what the tables of resellers hold, as they replace rows.
type resold struct {
	periods   map[periodKey]report.AllotmentPeriod
	marks     map[accountKey]report.SnapshotMark
	calls     map[callKey]report.Provisioning
	customers map[report.CustomerLine]report.CustomerChange
}

type (
	accountKey struct{ vendor, account string }
	periodKey  struct {
		accountKey
		customer, resource string
		from               int64
	}
	callKey struct {
		accountKey
		at              int64
		action, subject string
	}
)

func newResold() resold {
	return resold{
		map[periodKey]report.AllotmentPeriod{}, map[accountKey]report.SnapshotMark{}, map[callKey]report.Provisioning{},
		map[report.CustomerLine]report.CustomerChange{},
	}
}

// put stores a row and tells whether its table is one of resellers'.
func (h *resold) put(table string, r row) bool {
	account := func() accountKey { return accountKey{r.text("vendor"), r.text("account")} }
	switch table {
	case "allotment_rows":
		p := r.period()
		key := periodKey{account(), p.Customer, p.Resource, p.ValidFrom.Unix()}
		if h.periods[key].Version <= p.Version {
			h.periods[key] = p
		}
	case "snapshot_rows":
		m := report.SnapshotMark{
			Vendor: r.text("vendor"), Account: r.text("account"), At: r.time("at"), Since: r.time("since"), Customers: r.number("customers"), Version: r.number("version"),
		}
		if h.marks[account()].Version <= m.Version {
			h.marks[account()] = m
		}
	case "provisioning_rows":
		p := report.Provisioning{
			At: r.time("at"), Vendor: r.text("vendor"), Account: r.text("account"), Action: r.text("action"), Subject: r.text("subject"),
			Outcome: r.text("outcome"), Detail: r.text("detail"),
		}
		h.calls[callKey{account(), p.At.UnixMicro(), p.Action, p.Subject}] = p
	case "customer_rows":
		c := report.CustomerChange{
			CustomerLine: report.CustomerLine{
				Customer: r.text("customer"), Vendor: r.text("vendor"), Account: r.text("account"), Field: r.text("field"), Value: r.text("value"),
			},
			Removed: r.value("removed").(uint8) == 1, Version: r.number("version"),
		}
		if h.customers[c.CustomerLine].Version <= c.Version {
			h.customers[c.CustomerLine] = c
		}
	default:
		return false
	}
	return true
}

func (r row) period() report.AllotmentPeriod {
	p := report.AllotmentPeriod{
		Allotment: report.Allotment{
			Vendor: r.text("vendor"), Account: r.text("account"), Customer: r.text("customer"), Resource: r.text("resource"),
			Allotted: known[float64](r, "allotted"), Utilized: known[float64](r, "utilized"), Unit: r.text("unit"), Active: known[bool](r, "active"),
			Raw: r.text("raw"),
		},
		At: r.time("at"), ValidFrom: r.time("valid_from"), ValidTo: r.time("valid_to"), Version: r.number("version"),
	}
	if d := r.time("created_on"); !d.IsZero() {
		p.CreatedOn = sql.Null[report.Day]{V: report.DayOf(d), Valid: true}
	}
	return p
}

// known is a value of a column that may hold none.
func known[T any](r row, name string) sql.Null[T] {
	if v, ok := r.value(name).(*T); ok && v != nil {
		return sql.Null[T]{V: *v, Valid: true}
	}
	return sql.Null[T]{}
}

// TestTheMemoryHoldsWhatIsWritten: this ClickHouse knows every table that the collector writes to, of two versions of a row keeps the
// newer, and forgets no field.
func TestTheMemoryHoldsWhatIsWritten(t *testing.T) {
	c := newClickHouse()
	c.now, c.random = time.Now, func() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
	c.fault = func(bool) (chFault, bool) { return chFault{}, false }
	c.judge = func(*inserted) {}
	db, err := sink.Open(sink.Config{DSN: "http://127.0.0.1:8123/alpemix", Transport: c})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	at := time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC)
	period := report.AllotmentPeriod{
		Allotment: report.Allotment{
			Vendor: "remotepc", Account: "eu", Customer: "a", Resource: "computers", Allotted: sql.Null[float64]{V: 5, Valid: true},
			Active: sql.Null[bool]{V: true, Valid: true}, CreatedOn: sql.Null[report.Day]{V: 20000, Valid: true}, Unit: "PC", Raw: "{}",
		},
		At: at, ValidFrom: at, Version: 1,
	}
	ended := period
	ended.ValidTo, ended.Version = at.Add(time.Hour), 2
	mark := report.SnapshotMark{Vendor: "remotepc", Account: "eu", At: at, Since: at.Add(-time.Hour), Customers: 1, Version: 2}
	older := mark
	older.Version, older.Since = 1, time.Time{}
	call := report.Provisioning{At: at.Add(time.Microsecond), Vendor: "remotepc", Account: "eu", Action: "user/add", Subject: "a", Outcome: "ok", Detail: "5"}
	line := report.CustomerChange{CustomerLine: report.CustomerLine{Customer: "Acme", Vendor: "remotepc", Account: "eu", Field: "customer", Value: "a"}, Version: 1}
	removed := line
	removed.Removed, removed.Version = true, 2
	batch := report.Batch{
		Connections: []report.Connection{{Account: "main", UID: "u", StartedAt: at, FirstSeenAt: at, FetchedAt: at, LocalDay: report.DayOf(at)}},
		Rejects:     []report.Reject{{Account: "main", At: at, Hash: 7}},
		Allotments:  []report.AllotmentPeriod{ended, period}, Snapshots: []report.SnapshotMark{mark, older},
		Provisionings: []report.Provisioning{call, call}, Customers: []report.CustomerChange{removed, line},
		Days: []report.DayStatus{{Account: "main", Day: 1, State: report.DayOpen}}, Fetches: []report.Fetch{{Account: "main", At: at}},
	}
	if err := db.Writer().Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	key := accountKey{"remotepc", "eu"}
	want := resold{
		map[periodKey]report.AllotmentPeriod{{key, "a", "computers", at.Unix()}: ended}, map[accountKey]report.SnapshotMark{key: mark},
		map[callKey]report.Provisioning{{key, call.At.UnixMicro(), "user/add", "a"}: call},
		map[report.CustomerLine]report.CustomerChange{line.CustomerLine: removed},
	}
	if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", c.resold)); diff != "" {
		t.Error(diff)
	}
	if len(c.connections) != 1 || len(c.rejects) != 1 || len(c.days) != 1 || len(c.fetches) != 1 {
		t.Errorf("%d connections, %d rejects, %d days, %d fetches", len(c.connections), len(c.rejects), len(c.days), len(c.fetches))
	}
}
