package limacity

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// Snapshot tells who the customers are, and nothing of what they are allotted. Beside an error only its requests are of use; where the
// server has no list of customers it is of reason report.NotOffered.
func (c *Client) Snapshot(ctx context.Context, _ []string) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.name, WithoutLimits: true}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	all, err := recording.Customers(ctx)
	if err != nil {
		return s, err
	}
	s.At = time.Now().UTC()
	told := map[int64]bool{}
	for _, customer := range all {
		if told[customer.ID] {
			continue
		}
		told[customer.ID] = true
		raw, _ := vendorhttp.JSON(customer) // a number and a text
		s.Allotments = append(s.Allotments, report.Allotment{
			Vendor: vendor.Name, Account: c.name, Customer: strconv.FormatInt(customer.ID, 10), Raw: string(raw),
		})
	}
	return s, nil
}

// Check implements reseller.Client.
func (c *Client) Check(ctx context.Context) (string, error) {
	customers, err := c.Customers(ctx)
	return fmt.Sprintf("customers/list returned %d customers", len(customers)), err
}
