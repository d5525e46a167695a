package spool

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"alpemix-collector/report"
)

// record is one line of a note: everything known of the call when it is written. The last complete
// line counts. The JSON names are part of the file format.
type record struct {
	At         time.Time         `json:"at"`
	Vendor     string            `json:"vendor"`
	Account    string            `json:"account"`
	Action     string            `json:"action"`
	Subject    string            `json:"subject"`
	Outcome    string            `json:"outcome"`
	Detail     string            `json:"detail,omitempty"`
	Allotments []allotmentRecord `json:"allotments,omitempty"`
	Ended      string            `json:"ended,omitempty"` // the customer that the call deleted
}

type allotmentRecord struct {
	Vendor    string               `json:"vendor"`
	Account   string               `json:"account"`
	Customer  string               `json:"customer"`
	Resource  string               `json:"resource"`
	Allotted  sql.Null[float64]    `json:"allotted"`
	Utilized  sql.Null[float64]    `json:"utilized"`
	Unit      string               `json:"unit"`
	Active    sql.Null[bool]       `json:"active"`
	CreatedOn sql.Null[report.Day] `json:"created_on"`
	Raw       string               `json:"raw"`
}

func encode(call report.Provisioning, e Effect) ([]byte, error) {
	r := record{call.At, call.Vendor, call.Account, call.Action, call.Subject, call.Outcome, call.Detail, nil, e.Ended}
	for _, a := range e.Allotments {
		r.Allotments = append(r.Allotments, allotmentRecord(a))
	}
	line, err := json.Marshal(r)
	return append(line, '\n'), err
}

// note is the content of a note's file.
type note struct {
	call   report.Provisioning
	effect Effect
}

var errDamaged = errors.New("no line can be read")

// decode returns the last complete line. Without one, the call was never sent.
func decode(text []byte) (n note, sent bool, err error) {
	end := bytes.LastIndexByte(text, '\n')
	if end < 0 {
		return n, false, nil
	}
	for line := range bytes.SplitSeq(text[:end], []byte("\n")) {
		var r record
		if json.Unmarshal(line, &r) != nil || r.Vendor == "" {
			continue // torn
		}
		n, sent = note{call: report.Provisioning{
			At: r.At, Vendor: r.Vendor, Account: r.Account, Action: r.Action, Subject: r.Subject, Outcome: r.Outcome, Detail: r.Detail,
		}, effect: Effect{Ended: r.Ended}}, true
		for _, a := range r.Allotments {
			n.effect.Allotments = append(n.effect.Allotments, report.Allotment(a))
		}
	}
	if !sent {
		return n, false, errDamaged
	}
	return n, true, nil
}
