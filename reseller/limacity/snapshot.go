package limacity

import (
	"context"
	"fmt"

	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
)

// Snapshot tells who the customers are, and nothing of what they are allotted. Beside an error only its requests are of use; where the
// server has no list of customers it is of reason report.NotOffered.
func (c *Client) Snapshot(ctx context.Context, _ []string) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.name, WithoutLimits: true}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	all, err := recording.Customers(ctx)
	if err == nil {
		wire.Listed(&s, all, func(c Customer) int64 { return c.ID })
	}
	return s, err
}

// Check implements reseller.Client.
func (c *Client) Check(ctx context.Context) (string, error) {
	customers, err := c.Customers(ctx)
	return fmt.Sprintf("customers/list returned %d customers", len(customers)), err
}
