package sink

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
)

func known[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

// allotment is a closed period with every field known.
func allotment() report.AllotmentPeriod {
	return report.AllotmentPeriod{
		Allotment: report.Allotment{
			Vendor: "ccportal", Account: "kommitt", Customer: "10953 ş", Resource: "web", Allotted: known(100.0), Utilized: known(12.5), Unit: "MB",
			Active: known(true), CreatedOn: known(report.Day(20000)), Raw: `{"value":"100M"}`,
		},
		At: at, ValidFrom: at.Add(time.Second), ValidTo: at.Add(time.Hour), Version: 7,
	}
}

// reseller is a batch of all that is not of Alpemix, with what is known and what is not.
func reseller() report.Batch {
	unknown := report.AllotmentPeriod{
		Allotment: report.Allotment{Vendor: "serwersms", Account: "pl", Customer: "77", Active: known(false)}, At: at, ValidFrom: at, Version: 8,
	}
	// What stands in a value that is not known does not count.
	unknown.Allotted.V, unknown.Utilized.V, unknown.CreatedOn.V = 5, 5, 5
	return report.Batch{
		Allotments: []report.AllotmentPeriod{allotment(), unknown},
		Snapshots: []report.SnapshotMark{
			{Vendor: "ccportal", Account: "kommitt", At: at, Since: at.Add(-time.Hour), Customers: 9, Version: 7},
			{Vendor: "serwersms", Account: "pl", At: at, Version: 8},
		},
		Provisionings: []report.Provisioning{{At: at.Add(1500 * time.Microsecond), Vendor: "serwersms", Account: "pl", Action: "subaccounts/limit",
			Subject: "77", Outcome: "ok", Detail: "sms_full 5"}},
		Customers: []report.CustomerChange{
			{CustomerLine: report.CustomerLine{Customer: "Acme", Vendor: "ccportal", Account: "kommitt", Field: "customer", Value: "10953 ş"}, Version: 1},
			{CustomerLine: report.CustomerLine{Customer: "Gone", Vendor: "alpemix", Field: "support_number", Value: "5"}, Version: 2, Removed: true},
		},
	}
}

// arrived compares what the tables hold with reseller().
func arrived(t *testing.T, d *DB) {
	t.Helper()
	for query, want := range map[string]string{
		"SELECT * FROM allotment_rows ORDER BY version": "2026-02-03 04:05:06\tccportal\tkommitt\t10953 ş\tweb\t100\t12.5\tMB\ttrue\t2024-10-04\t{\"value\":\"100M\"}\t" +
			"2026-02-03 04:05:07\t2026-02-03 05:05:06\t7\n" +
			"2026-02-03 04:05:06\tserwersms\tpl\t77\t\t\\N\t\\N\t\tfalse\t\\N\t\t2026-02-03 04:05:06\t\\N\t8",
		"SELECT * FROM snapshot_rows ORDER BY version": "ccportal\tkommitt\t2026-02-03 04:05:06\t2026-02-03 03:05:06\t9\t7\n" +
			"serwersms\tpl\t2026-02-03 04:05:06\t\\N\t0\t8",
		"SELECT * FROM provisioning_rows":              "2026-02-03 04:05:06.001500\tserwersms\tpl\tsubaccounts/limit\t77\tok\tsms_full 5",
		"SELECT * FROM customer_rows ORDER BY version": "Acme\tccportal\tkommitt\tcustomer\t10953 ş\t1\t0\nGone\talpemix\t\tsupport_number\t5\t2\t1",
		"SELECT * FROM customers":                      "Acme\tccportal\tkommitt\tcustomer\t10953 ş",
	} {
		if diff := cmp.Diff(want, ask(t, d, "%s", query)); diff != "" {
			t.Errorf("%s\n%s", query, diff)
		}
	}
}

func TestEveryFieldOfAllotmentsArrives(t *testing.T) {
	d := open(t)
	for range 2 { // and again, which adds nothing
		if err := d.Writer().Write(t.Context(), reseller()); err != nil {
			t.Fatal(err)
		}
		arrived(t, d)
	}
}

// Beyond the deduplication window the identity of the rows does it.
func TestAllotmentsBeyondTheWindow(t *testing.T) {
	d := open(t)
	const rows = "(SELECT count() FROM allotment_rows FINAL), (SELECT count() FROM snapshot_rows FINAL), (SELECT count() FROM provisioning_rows FINAL), (SELECT count() FROM customer_rows FINAL)"
	for _, table := range []string{"allotment_rows", "snapshot_rows", "provisioning_rows", "customer_rows"} {
		ask(t, d, "ALTER TABLE %s MODIFY SETTING non_replicated_deduplication_window = 0", table)
	}
	for range 3 {
		if err := d.Writer().Write(t.Context(), reseller()); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, d, "SELECT "+rows); got != "2\t2\t1\t1" {
		t.Error(got)
	}
}
