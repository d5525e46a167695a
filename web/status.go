package web

import (
	"time"

	"alpemix-collector/report"
)

// Status is the answer of /api/v1/status: facts at one time. Times are UTC in RFC 3339, null if
// they are still to come; durations are in seconds. Fields are only ever added.
type Status struct {
	Version   string    `json:"version"`
	StartedAt time.Time `json:"started_at"`
	At        time.Time `json:"at"` // the time of these facts
	Accounts  []Account `json:"accounts"`
	Queue     Queue     `json:"queue"`
	Budget    Budget    `json:"request_budget"`
	Listen    Listen    `json:"listen"`

	Resellers     []Reseller    `json:"resellers"`
	CustomersFile CustomersFile `json:"customers_file"`
	Events        Events        `json:"threshold_events"`
}

// Listen is where the collector was configured to listen when it started.
type Listen struct {
	HTTP       string `json:"http"`
	ClickHouse string `json:"clickhouse"` // of the embedded engine, empty without one
}

// Account is one Alpemix account.
type Account struct {
	Name                   string       `json:"name"`
	Timezone               string       `json:"timezone"`
	LastSuccess            LastSuccess  `json:"last_success"`
	LastError              *LastError   `json:"last_error"`    // null when the last request succeeded
	BackoffUntil           *time.Time   `json:"backoff_until"` // no request before; null if none is delayed
	TokenExpiresAt         *time.Time   `json:"token_expires_at"`
	Today                  report.Day   `json:"today"` // the running vendor day in the account's zone, YYYY-MM-DD
	ConnectionsToday       uint64       `json:"connections_today"`
	ConnectionSecondsToday uint64       `json:"connection_seconds_today"`
	UnsealedDays           []report.Day `json:"unsealed_days"`    // past days that are neither sealed nor a gap, oldest first
	SealedUntil            *report.Day  `json:"sealed_until"`     // the newest sealed day
	GapDays                int          `json:"gap_days"`         // days that were lost
	Doubts                 []DayDoubt   `json:"doubts,omitempty"` // of today and the last week, oldest first; usually absent
}

// DayDoubt is a day whose newest answer may not describe all of it.
type DayDoubt struct {
	Day    report.Day `json:"day"`
	Sealed bool       `json:"sealed"` // at its last reads, because no better answer came
	Why    string     `json:"why"`
}

// LastSuccess has the arrival time of the newest complete answer of each report.
type LastSuccess struct {
	Today     *time.Time `json:"today"`
	Yesterday *time.Time `json:"yesterday"`
}

// LastError is a failure without a success since.
type LastError struct {
	Report  report.Kind `json:"report"`
	Reason  string      `json:"reason"`  // the metric's label
	Code    int         `json:"code"`    // the vendor's error number, 0 if none
	Message string      `json:"message"` // a sentence; holds no secret
}

// The states of a Reseller.
const (
	SnapshotDue        = "due"         // not read yet since the start
	SnapshotOK         = "ok"          // the last snapshot is complete
	SnapshotPartial    = "partial"     // as ok, but some customers could not be read or are missing from the list
	SnapshotFailing    = "failing"     // the last snapshot failed; the values are the last known ones
	SnapshotNotOffered = "not_offered" // the vendor's server lists no customers; what was set through us is known
)

// Reseller is one account with a reseller vendor.
type Reseller struct {
	Vendor           string         `json:"vendor"`
	Name             string         `json:"name"`
	State            string         `json:"state"`
	LastSnapshot     *time.Time     `json:"last_snapshot"` // since the start; complete but for missing_customers
	NextSnapshot     *time.Time     `json:"next_snapshot"` // at the latest
	Customers        int            `json:"customers"`
	Allotments       int            `json:"allotments"`        // of all customers, known now
	PendingCustomers int            `json:"pending_customers"` // whose changes the vendor has not carried out yet
	MissingCustomers int            `json:"missing_customers"` // that are not up to date
	LastError        *SnapshotError `json:"last_error"`        // null if the last snapshot succeeded
}

// SnapshotError is a failure without a success since.
type SnapshotError struct {
	Reason  string    `json:"reason"`  // the metric's label
	Code    int       `json:"code"`    // the vendor's error number or the HTTP status, 0 if none
	Message string    `json:"message"` // a sentence; holds no secret
	At      time.Time `json:"at"`
}

// CustomersFile is the state of customers.csv.
type CustomersFile struct {
	File  string `json:"file"`
	Valid bool   `json:"valid"` // the newest version is in use, or there is no file
	Lines int    `json:"lines"` // in use
	Error string `json:"error"` // what is wrong with the newest version; empty if nothing is
	// Warnings are about lines in use that look like mistakes, each with its number.
	Warnings []string `json:"warnings"`
}

// Events is the state of the events about nearly exhausted allotments.
type Events struct {
	Webhook bool `json:"webhook"` // a webhook receives them
	Waiting int  `json:"waiting"` // events to be delivered
}

// Queue is the state of the queue: rows read from vendors that ClickHouse has not acknowledged yet.
type Queue struct {
	Rows   uint64     `json:"rows"`
	Oldest *time.Time `json:"oldest"` // null when the queue is empty
}

// Budget is how many requests the vendor's limits allow now; if accounts have their own limits, the
// lowest.
type Budget struct {
	Reports       int `json:"reports"`
	Tokens        int `json:"tokens"`
	ReportLimit   int `json:"report_limit"` // of an unused window
	TokenLimit    int `json:"token_limit"`
	WindowSeconds int `json:"window_seconds"`
}
