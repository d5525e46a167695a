package report

import (
	"database/sql"
	"time"
)

// Allotment is what one customer of a reseller account may use of one resource, and how much of it is used, as a vendor told or as
// we set it. Unknown is not valid, never 0.
type Allotment struct {
	Vendor    string // remotepc, ccportal, serwersms, limacity
	Account   string // the label in the configuration
	Customer  string // the vendor's name or id of the customer
	Resource  string // computers, a pack of CC, sms_full, disk_gb …: CONTRACT section 3
	Allotted  sql.Null[float64]
	Utilized  sql.Null[float64]
	Unit      string // of both, empty for pieces
	Active    sql.Null[bool]
	CreatedOn sql.Null[Day]
	Raw       string // what the vendor sent of it
}

// Snapshot is all that one reading of an account brought.
type Snapshot struct {
	Vendor     string
	Account    string
	At         time.Time   // UTC: when the last byte had arrived
	Allotments []Allotment // at most one of each Customer and Resource
	// WithoutLimits: the vendor tells who its customers are and not what they are allotted. Each has an Allotment, as a rule
	// without a Resource; what was set through us stays valid for as long as its customer is told.
	WithoutLimits bool
	// Read are the customers that answered, of a vendor that is asked for one customer at a time.
	Read []string
	// Failed are the customers that did not answer, or not completely, with the reason. One that is in
	// Read too has its Allotments.
	Failed map[string]*Failure
	// ActiveKept are customers in Read of whom Active was not told: what is known of it stays.
	ActiveKept []string
	// Kept are customers of whom all that is known stays: they were not asked, could not be read, or
	// are missing in a list that is in doubt.
	Kept []string
	// Missing are those of Kept without whom the account counts as partly read.
	Missing  []string
	Pending  []string // customers of whom the vendor has not carried out all changes yet (dirty, CC)
	Odd      []string // values that could not be read, each with the customer: they are not known, raw has them
	Requests []Fetch  // that were spent on it; filled also beside an error
}

// Doubt is a list that lacks so many known customers that it is not believed yet. The zero Doubt is none.
type Doubt struct {
	Since    time.Time `json:"since"`    // UTC: of the first such list in a row
	Readings int       `json:"readings"` // that brought one
}

// AllotmentPeriod is one state of the allotment of one (Vendor, Account, Customer, Resource), which with ValidFrom identify it.
type AllotmentPeriod struct {
	Allotment
	At        time.Time // UTC: when this state was first told, or set through us
	ValidFrom time.Time // UTC, whole seconds; never before that of the state it follows
	ValidTo   time.Time // UTC, whole seconds: when another state was told or the customer was missing; zero: still valid
	Version   uint64    // of two states of one period the greater Version is the newer
}

// SnapshotMark says that an account was read whole. Of each account the newest counts.
type SnapshotMark struct {
	Vendor    string
	Account   string
	At        time.Time
	Since     time.Time // since when we know all that is valid: what was left open before is of a lost state file; zero with WithoutLimits
	Customers uint64
	Version   uint64
}

// Provisioning is one call through us that changes something at a vendor. It holds no secret.
type Provisioning struct {
	At      time.Time // UTC: when it was sent
	Vendor  string
	Account string
	Action  string // the vendor's name of the call
	Subject string // the vendor's name or id of the customer
	Outcome string // "ok" or a failure's Reason
	Detail  string
}
