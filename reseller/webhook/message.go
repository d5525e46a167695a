package webhook

import (
	"time"

	"alpemix-collector/report"
)

// threshold is the type of the only message there is so far.
const threshold = "allotment_threshold"

// message is what is sent. docs/webhook.md tells its fields; they are only ever added to.
type message struct {
	ID       string     `json:"id"`
	Type     string     `json:"type"`
	At       time.Time  `json:"at"`
	Month    report.Day `json:"month"`
	Vendor   string     `json:"vendor"`
	Account  string     `json:"account"`
	Customer string     `json:"customer"`
	MappedTo *string    `json:"mapped_to"`
	Resource string     `json:"resource"`
	Percent  int        `json:"percent"`
	Allotted float64    `json:"allotted"`
	Utilized float64    `json:"utilized"`
	Unit     string     `json:"unit"`
}

func newMessage(e report.Event) message {
	m := message{
		ID: e.ID(), Type: threshold, At: e.At.UTC().Truncate(time.Second), Month: e.Month, Vendor: e.Vendor, Account: e.Account, Customer: e.Customer,
		Resource: e.Resource, Percent: e.Percent, Allotted: e.Allotted, Utilized: e.Utilized, Unit: e.Unit,
	}
	if e.MappedTo != "" {
		m.MappedTo = &e.MappedTo
	}
	return m
}
