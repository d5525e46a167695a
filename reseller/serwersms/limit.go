package serwersms

import (
	"database/sql"
	"strconv"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// Type is a type of message that has a limit of its own.
type Type string

// Types of messages.
const (
	Eco   Type = "eco"
	Full  Type = "full"
	Voice Type = "voice"
	MMS   Type = "mms"
	HLR   Type = "hlr"
)

// resources are the types as allotments name them.
var resources = map[Type]string{Eco: "sms_eco", Full: "sms_full", Voice: "voice", MMS: "mms", HLR: "hlr"}

// Limit is how many messages of a type a subaccount may send.
type Limit struct {
	ID    int64 `json:"id"`
	Type  Type  `json:"type"`
	Value int   `json:"value"`
}

// Allotment is what a customer has after l was set. No call reads it back: it is known from the moment it is set through us.
func (l Limit) Allotment(account string) report.Allotment {
	raw, _ := vendorhttp.JSON(l) // texts and numbers
	return report.Allotment{
		Vendor: vendor.Name, Account: account, Customer: strconv.FormatInt(l.ID, 10), Resource: resources[l.Type],
		Allotted: sql.Null[float64]{V: float64(l.Value), Valid: true}, Raw: string(raw),
	}
}
