package report

import "time"

// Held is what ClickHouse holds of resellers and customers, to be compared with what the state file knows.
type Held struct {
	Customers map[CustomerLine]bool
	// Allotments is when the newest period of each allotment begins.
	Allotments map[AllotmentKey]time.Time
}

// AllotmentKey identifies an allotment over all its periods.
type AllotmentKey struct{ Vendor, Account, Customer, Resource string }
