package serwersms

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// Snapshot tells who the subaccounts are, and none of their limits. Beside an error only its requests are of use.
func (c *Client) Snapshot(ctx context.Context, _ []string) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.cfg.Name, WithoutLimits: true}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	all, err := recording.Index(ctx)
	if err != nil {
		return s, err
	}
	s.At = time.Now().UTC()
	told := map[int64]bool{}
	for _, account := range all {
		if told[account.ID] {
			continue
		}
		told[account.ID] = true
		raw, _ := vendorhttp.JSON(account) // a number and a text
		s.Allotments = append(s.Allotments, report.Allotment{
			Vendor: vendor.Name, Account: c.cfg.Name, Customer: strconv.FormatInt(account.ID, 10), Raw: string(raw),
		})
	}
	return s, nil
}

// Check implements reseller.Client.
func (c *Client) Check(ctx context.Context) (string, error) {
	subaccounts, err := c.Index(ctx)
	return fmt.Sprintf("subaccounts/index returned %d subaccounts", len(subaccounts)), err
}
