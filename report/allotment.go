package report

import (
	"database/sql"
	"time"
)

// Allotment is how much of one resource a customer of a reseller account may use, and how much it
// uses. It comes from the vendor or from a change made through us. An unknown value is not Valid;
// it is never 0.
type Allotment struct {
	Vendor    string // remotepc, ccportal, serwersms, limacity
	Account   string // the label in the configuration
	Customer  string // the vendor's name or id of the customer
	Resource  string // a pack of CC (mail, web) or one of computers, sms_full, disk_gb …
	Allotted  sql.Null[float64]
	Utilized  sql.Null[float64]
	Unit      string // of Allotted and Utilized; empty for pieces
	Active    sql.Null[bool]
	CreatedOn sql.Null[Day]
	Raw       string // the vendor's text that this was read from
}

// Snapshot is the result of reading one reseller account.
type Snapshot struct {
	Vendor     string
	Account    string
	At         time.Time   // UTC: when the last byte arrived
	Allotments []Allotment // at most one of each Customer and Resource
	// WithoutLimits: the vendor lists its customers but not their allotments. Each customer has an
	// Allotment, usually without a Resource. What was set through us stays valid while the customer
	// is listed.
	WithoutLimits bool
	// Read lists the customers that answered, for a vendor that is asked about one customer at a
	// time.
	Read []string
	// Failed maps each customer whose answer is missing or incomplete to the reason. A customer
	// that is in Read too has Allotments.
	Failed map[string]*Failure
	// ActiveKept lists the customers in Read whose answer has no Active. The last known value
	// stays.
	ActiveKept []string
	// Kept lists the customers of whom everything known stays. They were not asked, could not be
	// read, or are missing from a list that is in doubt.
	Kept []string
	// Missing lists the customers in Kept that make the account count as partly read.
	Missing  []string
	Pending  []string // customers whose changes the vendor has not carried out yet (dirty, CC)
	Odd      []string // values that could not be read, each with its customer; Raw keeps them
	Requests []Fetch  // the requests that were sent; also set when there is an error
}

// Doubt is about a list that lacks too many known customers to be believed yet. The zero Doubt is
// none.
type Doubt struct {
	Since    time.Time `json:"since"`    // UTC: when the first such list in a row was read
	Readings int       `json:"readings"` // how many such lists in a row
}

// AllotmentPeriod is one state of an allotment. Vendor, Account, Customer, Resource and ValidFrom
// identify it.
type AllotmentPeriod struct {
	Allotment
	At        time.Time // UTC: when this state was first seen, or set through us
	ValidFrom time.Time // UTC, whole seconds; never before ValidFrom of the state it follows
	ValidTo   time.Time // UTC, whole seconds: when the state changed or the customer was missing; zero while valid
	Version   uint64    // the greatest Version of a period is the newest
}

// SnapshotMark says that an account was read completely. The newest mark of an account counts.
type SnapshotMark struct {
	Vendor  string
	Account string
	At      time.Time
	// Since is when the state file starts to know all valid allotments. Periods left open before then
	// belong to a lost state file. It is zero with WithoutLimits.
	Since     time.Time
	Customers uint64
	Version   uint64
}

// Provisioning is one call through us that changes something at a vendor. It holds no secret.
type Provisioning struct {
	At      time.Time // UTC: when the call was sent
	Vendor  string
	Account string
	Action  string // the vendor's name for the call
	Subject string // the vendor's name or id of the customer
	Outcome string // "ok" or a failure's Reason
	Detail  string
}
