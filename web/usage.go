package web

import (
	"time"

	"alpemix-collector/report"
)

// UsageAnswer is the answer of /api/v1/usage: the last answer of ClickHouse, and whether it still
// answers. Times are UTC in RFC 3339. Fields are only ever added.
type UsageAnswer struct {
	At      *time.Time  `json:"at"`      // when ClickHouse was queried; null before the first answer
	Seconds float64     `json:"seconds"` // duration of the query
	Usage   *Usage      `json:"usage"`   // the newest answer; null before the first one
	Error   *UsageError `json:"error"`   // null if the last query succeeded
}

// UsageError is a failed query of ClickHouse without a success since.
type UsageError struct {
	Message  string    `json:"message"` // a sentence; holds no secret
	Since    time.Time `json:"since"`   // time of the first failure
	Answered bool      `json:"-"`       // ClickHouse is running and answered with this error
}

// Usage is the configured accounts' data from the views.
type Usage struct {
	Accounts      []AccountUsage `json:"accounts"`
	Month         report.Day     `json:"month"`          // first day of the month of Customers
	Customers     []Customer     `json:"customers"`      // highest usage of allotments first, at most CustomersShown
	CustomerCount uint64         `json:"customer_count"` // in the month
	Quarantine    []Quarantined  `json:"quarantine"`     // what is in it; most records first
}

// Limits of lists in a Usage.
const (
	DaysShown      = 90 // days back, today included
	StaffDays      = 30 // days over which staff are ranked
	StaffShown     = 10
	CustomersShown = 20
)

// AccountUsage is the usage of one Alpemix account.
type AccountUsage struct {
	Name       string     `json:"name"`
	Today      report.Day `json:"today"` // in the account's zone
	Hours      []HourUse  `json:"hours"` // of Today until now, in order
	Days       []DayUse   `json:"days"`  // DaysShown, oldest first
	Staff      []StaffUse `json:"staff"` // the busiest of the last StaffDays first, at most StaffShown
	StaffCount uint64     `json:"staff_count"`
}

// Use is an amount of usage.
type Use struct {
	Connections uint64 `json:"connections"`
	Seconds     uint64 `json:"seconds"`
}

// HourUse is the usage of connections that started in an hour of the account's zone.
type HourUse struct {
	Start time.Time `json:"start"` // in the account's zone; an hour occurs twice when clocks are set back
	Use
}

// The states of a DayUse; see the view days.
const (
	DayOpen         = "open"
	DaySealed       = "sealed"
	DayGap          = "gap"
	DayNotCollected = "not_collected" // not collected, or not yet
)

// DayUse is a day in the account's zone.
type DayUse struct {
	Day   report.Day `json:"day"`
	State string     `json:"state"`
	Use
}

// StaffUse is the usage of one staff member.
type StaffUse struct {
	Name string `json:"name"`
	Use
}

// Customer is a customer of the customers file, or (unmapped), with its allotments.
type Customer struct {
	Name       string      `json:"name"`
	Allotments []Allotment `json:"allotments"`
	Use
}

// Allotment is a customer's allotment of a resource; unknown values are null.
type Allotment struct {
	Resource string   `json:"resource"`
	Allotted *float64 `json:"allotted"`
	Utilized *float64 `json:"utilized"`
	Ratio    *float64 `json:"ratio"`
}

// Quarantined is the number of an account's records in quarantine with the same reason.
type Quarantined struct {
	Vendor  string    `json:"vendor"`
	Account string    `json:"account"`
	Reason  string    `json:"reason"`
	Rows    uint64    `json:"rows"`
	Oldest  time.Time `json:"oldest"`
}
