package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Event says that a customer's use of an allotment has reached a share of it. There is one for each customer, resource, month and
// share.
type Event struct {
	At       time.Time // UTC: when the account was read that told it
	Month    Day       // its first, in the zone of the configuration
	Vendor   string
	Account  string
	Customer string // the vendor's name or id, as in Allotment
	MappedTo string // the customer of customers.csv; empty if it is not there
	Resource string
	Percent  int // the share that was reached
	Allotted float64
	Utilized float64
	Unit     string // of both, empty for pieces
}

// ID is the same however often the event is told: whoever is told it twice knows by it.
func (e *Event) ID() string {
	h := sha256.New()
	for _, part := range []string{e.Vendor, e.Account, e.Customer, e.Resource, e.Month.String(), fmt.Sprint(e.Percent)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
