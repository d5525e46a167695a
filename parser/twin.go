package parser

import (
	"fmt"
	"time"

	"alpemix-collector/report"
)

// Twin returns the reject for a valid record whose UID stands in its answer a second time, with
// other content that is stored.
func Twin(c *report.Connection) *report.Reject {
	return &report.Reject{
		Vendor: Vendor, Account: c.Account, Reason: report.UIDTwice,
		Detail: fmt.Sprintf("the answer lists uid %s twice with different content; the other one is stored", c.UID),
		Raw:    c.Raw, Charset: c.Charset, Hash: c.Hash, At: c.FetchedAt.Truncate(time.Second), Version: c.Version,
	}
}
