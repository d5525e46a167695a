package parser

import (
	"fmt"
	"time"

	"alpemix-collector/report"
)

// Twin is what the quarantine keeps of a record that can be read, but whose UID its answer lists another
// time, with other content that is stored.
func Twin(c *report.Connection) *report.Reject {
	return &report.Reject{
		Vendor: Vendor, Account: c.Account, Reason: report.UIDTwice,
		Detail: fmt.Sprintf("the answer lists uid %s twice with different content; the other one is stored", c.UID),
		Raw:    c.Raw, Charset: c.Charset, Hash: c.Hash, At: c.FetchedAt.Truncate(time.Second), Version: c.Version,
	}
}
