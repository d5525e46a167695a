package web

import (
	"time"

	"alpemix-collector/report"
)

// UsageAnswer is what /api/v1/usage answers: what ClickHouse last told, and whether it still does. Times are UTC in RFC 3339.
// Fields are only ever added.
type UsageAnswer struct {
	At      *time.Time  `json:"at"`      // when ClickHouse told usage, null until it has
	Seconds float64     `json:"seconds"` // how long it took
	Usage   *Usage      `json:"usage"`   // the newest known, null until ClickHouse has answered
	Error   *UsageError `json:"error"`   // null when the last question was answered
}

// UsageError is a question to which ClickHouse gave no good answer, and none since.
type UsageError struct {
	Message  string    `json:"message"` // a sentence; holds no secret
	Since    time.Time `json:"since"`   // of the first of them
	Answered bool      `json:"-"`       // ClickHouse runs, and answered with this error
}

// Usage is what the views hold of the configured accounts.
type Usage struct {
	Accounts      []AccountUsage `json:"accounts"`
	Month         report.Day     `json:"month"`          // first day of that which Customers are of
	Customers     []Customer     `json:"customers"`      // the fullest allotments first, at most CustomersShown
	CustomerCount uint64         `json:"customer_count"` // of the month
	Quarantine    []Quarantined  `json:"quarantine"`     // what waits in it; the most first
}

// How much of what could be long is told.
const (
	DaysShown      = 90 // days back, today included
	StaffDays      = 30 // days over which staff are ranked
	StaffShown     = 10
	CustomersShown = 20
)

// AccountUsage is that of one Alpemix account.
type AccountUsage struct {
	Name       string     `json:"name"`
	Today      report.Day `json:"today"` // in the account's zone
	Hours      []HourUse  `json:"hours"` // of Today until now, the first hour first
	Days       []DayUse   `json:"days"`  // DaysShown, the oldest first
	Staff      []StaffUse `json:"staff"` // the busiest of StaffDays first, at most StaffShown
	StaffCount uint64     `json:"staff_count"`
}

// Use is an amount of usage.
type Use struct {
	Connections uint64 `json:"connections"`
	Seconds     uint64 `json:"seconds"`
}

// HourUse is what began in an hour of the account's zone.
type HourUse struct {
	Start time.Time `json:"start"` // in the account's zone; where clocks are set back an hour comes twice
	Use
}

// What State of a DayUse may be; see the view days.
const (
	DayOpen         = "open"
	DaySealed       = "sealed"
	DayGap          = "gap"
	DayNotCollected = "not_collected" // the collector was not there, or is not yet
)

// DayUse is a day in the account's zone.
type DayUse struct {
	Day   report.Day `json:"day"`
	State string     `json:"state"`
	Use
}

// StaffUse is what one of the staff did.
type StaffUse struct {
	Name string `json:"name"`
	Use
}

// Customer is one by the customers file, or (unmapped), with what it is allotted.
type Customer struct {
	Name       string      `json:"name"`
	Allotments []Allotment `json:"allotments"`
	Use
}

// Allotment is a resource of a customer; what is unknown is null.
type Allotment struct {
	Resource string   `json:"resource"`
	Allotted *float64 `json:"allotted"`
	Utilized *float64 `json:"utilized"`
	Ratio    *float64 `json:"ratio"`
}

// Quarantined is how many records of an account wait for one reason.
type Quarantined struct {
	Vendor  string    `json:"vendor"`
	Account string    `json:"account"`
	Reason  string    `json:"reason"`
	Rows    uint64    `json:"rows"`
	Oldest  time.Time `json:"oldest"`
}
