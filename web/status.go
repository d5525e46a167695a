package web

import (
	"time"

	"alpemix-collector/report"
)

// Status is what /api/v1/status answers: the facts of one moment. Times are UTC in RFC 3339; a time that has not come yet is
// null, a duration is in seconds. Fields are only ever added.
type Status struct {
	Version   string    `json:"version"`
	StartedAt time.Time `json:"started_at"`
	At        time.Time `json:"at"` // the moment of these facts
	Accounts  []Account `json:"accounts"`
	Queue     Queue     `json:"queue"`
	Budget    Budget    `json:"request_budget"`

	Resellers     []Reseller    `json:"resellers"`
	CustomersFile CustomersFile `json:"customers_file"`
	Events        Events        `json:"threshold_events"`
}

// Account is one Alpemix account.
type Account struct {
	Name                   string       `json:"name"`
	Timezone               string       `json:"timezone"`
	LastSuccess            LastSuccess  `json:"last_success"`
	LastError              *LastError   `json:"last_error"`    // null when the last request succeeded
	BackoffUntil           *time.Time   `json:"backoff_until"` // no request before; null when none is held back
	TokenExpiresAt         *time.Time   `json:"token_expires_at"`
	Today                  report.Day   `json:"today"` // the running vendor day in the account's zone, YYYY-MM-DD
	ConnectionsToday       uint64       `json:"connections_today"`
	ConnectionSecondsToday uint64       `json:"connection_seconds_today"`
	UnsealedDays           []report.Day `json:"unsealed_days"`    // past days that are neither sealed nor a gap, oldest first
	SealedUntil            *report.Day  `json:"sealed_until"`     // the newest sealed day
	GapDays                int          `json:"gap_days"`         // days that were lost
	Doubts                 []DayDoubt   `json:"doubts,omitempty"` // of today and the last week, oldest first; absent as a rule
}

// DayDoubt is a day whose newest answer is not believed to describe all of it.
type DayDoubt struct {
	Day    report.Day `json:"day"`
	Sealed bool       `json:"sealed"` // at the last reads of it, for want of a better answer
	Why    string     `json:"why"`
}

// LastSuccess tells when the newest whole answer of each report arrived.
type LastSuccess struct {
	Today     *time.Time `json:"today"`
	Yesterday *time.Time `json:"yesterday"`
}

// LastError is a failure that no success has followed.
type LastError struct {
	Report  report.Kind `json:"report"`
	Reason  string      `json:"reason"`  // bounded, the metric's label
	Code    int         `json:"code"`    // the vendor's error number, 0 if none
	Message string      `json:"message"` // a sentence; holds no secret
}

// What State of a Reseller may be.
const (
	SnapshotDue        = "due"         // not read yet since the start
	SnapshotOK         = "ok"          // the last reading told everything
	SnapshotPartial    = "partial"     // it did, but for some customers: they could not be read, or the list suddenly lacks them
	SnapshotFailing    = "failing"     // it did not; what was known before still is
	SnapshotNotOffered = "not_offered" // the vendor's server tells no customers; what is set through us is known
)

// Reseller is one account with a reseller vendor.
type Reseller struct {
	Vendor           string         `json:"vendor"`
	Name             string         `json:"name"`
	State            string         `json:"state"`
	LastSnapshot     *time.Time     `json:"last_snapshot"` // read since the start, all but missing_customers
	NextSnapshot     *time.Time     `json:"next_snapshot"` // at the latest
	Customers        int            `json:"customers"`
	Allotments       int            `json:"allotments"`        // of all customers, known now
	PendingCustomers int            `json:"pending_customers"` // of whom the vendor has not carried out all changes yet
	MissingCustomers int            `json:"missing_customers"` // who are not up to date while the others are
	LastError        *SnapshotError `json:"last_error"`        // null when the last reading succeeded
}

// SnapshotError is a failure that no success has followed.
type SnapshotError struct {
	Reason  string    `json:"reason"`  // bounded, the metric's label
	Code    int       `json:"code"`    // the vendor's error number or the HTTP status, 0 if none
	Message string    `json:"message"` // a sentence; holds no secret
	At      time.Time `json:"at"`
}

// CustomersFile is customers.csv.
type CustomersFile struct {
	File  string `json:"file"`
	Valid bool   `json:"valid"` // it is in use as it is, or there is none
	Lines int    `json:"lines"` // in use
	Error string `json:"error"` // what is wrong with its newest version, empty if nothing is
	// Warnings are about lines in use that are probably not meant, each with its number.
	Warnings []string `json:"warnings"`
}

// Events are what is told of allotments that are nearly used up.
type Events struct {
	Webhook bool `json:"webhook"` // somebody is told
	Waiting int  `json:"waiting"` // for their delivery
}

// Queue is what has been read from vendors and not yet acknowledged by ClickHouse.
type Queue struct {
	Rows   uint64     `json:"rows"`
	Oldest *time.Time `json:"oldest"` // null when the queue is empty
}

// Budget is how many requests the vendor's limits allow at this moment; where accounts have limits of their own, the least.
type Budget struct {
	Reports       int `json:"reports"`
	Tokens        int `json:"tokens"`
	ReportLimit   int `json:"report_limit"` // of an unused window
	TokenLimit    int `json:"token_limit"`
	WindowSeconds int `json:"window_seconds"`
}
