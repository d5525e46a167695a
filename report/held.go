package report

import "time"

// Held is what ClickHouse has stored about resellers and customers, for comparison with the state
// file.
type Held struct {
	Customers map[CustomerLine]bool
	// Allotments maps each allotment to the start of its newest period.
	Allotments map[AllotmentKey]time.Time
}

// AllotmentKey identifies an allotment across all its periods.
type AllotmentKey struct{ Vendor, Account, Customer, Resource string }
