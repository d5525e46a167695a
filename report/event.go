package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Event says that a customer's use of an allotment has reached a threshold. There is one event per
// customer, resource, month and threshold.
type Event struct {
	At       time.Time // UTC: when the account was read
	Month    Day       // first day of the month, in the configuration's zone
	Vendor   string
	Account  string
	Customer string // the vendor's name or id, as in Allotment
	MappedTo string // the customer in customers.csv; empty if there is none
	Resource string
	Percent  int // the threshold that was reached
	Allotted float64
	Utilized float64
	Unit     string // of Allotted and Utilized; empty for pieces
}

// ID is the same however often the event is sent, so that receivers can drop repeats.
func (e *Event) ID() string {
	h := sha256.New()
	for _, part := range []string{e.Vendor, e.Account, e.Customer, e.Resource, e.Month.String(), fmt.Sprint(e.Percent)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash never returns an error
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
