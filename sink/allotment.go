package sink

import (
	"database/sql"
	"fmt"
	"time"

	"alpemix-collector/report"
)

type period = report.AllotmentPeriod

var allotmentTable = table[period]{"allotment_rows", []column[period]{
	second("at", func(p *period) time.Time { return p.At }),
	text("vendor", func(p *period) string { return p.Vendor }),
	text("account", func(p *period) string { return p.Account }),
	text("customer", func(p *period) string { return p.Customer }),
	text("resource", func(p *period) string { return p.Resource }),
	orNull("allotted", "Float64", func(p *period) sql.Null[float64] { return p.Allotted }, putFloat),
	orNull("utilized", "Float64", func(p *period) sql.Null[float64] { return p.Utilized }, putFloat),
	text("unit", func(p *period) string { return p.Unit }),
	orNull("active", "Bool", func(p *period) sql.Null[bool] { return p.Active }, func(b []byte, v bool) []byte { return append(b, flag(v)) }),
	dayOrNull("created_on", func(p *period) sql.Null[report.Day] { return p.CreatedOn }),
	text("raw", func(p *period) string { return p.Raw }),
	second("valid_from", func(p *period) time.Time { return p.ValidFrom }),
	secondOrNull("valid_to", func(p *period) time.Time { return p.ValidTo }),
	number64("version", func(p *period) uint64 { return p.Version }),
}}

var snapshotTable = table[report.SnapshotMark]{"snapshot_rows", []column[report.SnapshotMark]{
	text("vendor", func(m *report.SnapshotMark) string { return m.Vendor }),
	text("account", func(m *report.SnapshotMark) string { return m.Account }),
	second("at", func(m *report.SnapshotMark) time.Time { return m.At }),
	secondOrNull("since", func(m *report.SnapshotMark) time.Time { return m.Since }),
	number64("customers", func(m *report.SnapshotMark) uint64 { return m.Customers }),
	number64("version", func(m *report.SnapshotMark) uint64 { return m.Version }),
}}

var provisioningTable = table[report.Provisioning]{"provisioning_rows", []column[report.Provisioning]{
	microsecond("at", func(p *report.Provisioning) time.Time { return p.At }),
	text("vendor", func(p *report.Provisioning) string { return p.Vendor }),
	text("account", func(p *report.Provisioning) string { return p.Account }),
	text("action", func(p *report.Provisioning) string { return p.Action }),
	text("subject", func(p *report.Provisioning) string { return p.Subject }),
	text("outcome", func(p *report.Provisioning) string { return p.Outcome }),
	text("detail", func(p *report.Provisioning) string { return p.Detail }),
}}

var customerTable = table[report.CustomerChange]{"customer_rows", []column[report.CustomerChange]{
	text("customer", func(c *report.CustomerChange) string { return c.Customer }),
	text("vendor", func(c *report.CustomerChange) string { return c.Vendor }),
	text("account", func(c *report.CustomerChange) string { return c.Account }),
	text("field", func(c *report.CustomerChange) string { return c.Field }),
	text("value", func(c *report.CustomerChange) string { return c.Value }),
	number64("version", func(c *report.CustomerChange) uint64 { return c.Version }),
	number8("removed", func(c *report.CustomerChange) uint8 { return flag(c.Removed) }),
}}

// validateAllotments is validate for the data of resellers.
func validateAllotments(b *report.Batch) error {
	for i := range b.Allotments {
		p := &b.Allotments[i]
		what := ""
		switch {
		case !inRange(p.At):
			what = fmt.Sprintf("at %v", p.At)
		case !inRange(p.ValidFrom):
			what = fmt.Sprintf("valid_from %v", p.ValidFrom)
		case !p.ValidTo.IsZero() && !inRange(p.ValidTo):
			what = fmt.Sprintf("valid_to %v", p.ValidTo)
		case p.CreatedOn.Valid && !dayInRange(p.CreatedOn.V):
			what = "created_on " + p.CreatedOn.V.String()
		default:
			continue
		}
		return &RowError{allotmentTable.name, p.Account, fmt.Sprintf("%s of %s", p.Resource, p.Customer), what}
	}
	for i := range b.Snapshots {
		m := &b.Snapshots[i]
		if !inRange(m.At) || !m.Since.IsZero() && !inRange(m.Since) {
			return &RowError{snapshotTable.name, m.Account, "snapshot of " + m.Vendor, fmt.Sprintf("at %v, since %v", m.At, m.Since)}
		}
	}
	for i := range b.Provisionings {
		p := &b.Provisionings[i]
		if !inRange(p.At) {
			return &RowError{provisioningTable.name, p.Account, p.Action + " of " + p.Subject, fmt.Sprintf("at %v", p.At)}
		}
	}
	return nil
}
