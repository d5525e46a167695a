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

// Snapshot is all that one reading of an account told.
type Snapshot struct {
	Vendor     string
	Account    string
	At         time.Time // UTC: when the last byte had arrived
	Allotments []Allotment
	Pending    []string // customers of whom the vendor has not carried out all changes yet (dirty, CC)
	Requests   []Fetch  // that were spent on it; filled also beside an error
}
