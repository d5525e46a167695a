package serwersms

import (
	"context"
	"fmt"

	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
)

// Snapshot tells who the subaccounts are, and none of their limits. Beside an error only its requests are of use.
func (c *Client) Snapshot(ctx context.Context, _ []string) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.cfg.Name, WithoutLimits: true}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	all, err := recording.Index(ctx)
	if err == nil {
		wire.Listed(&s, all, func(c Subaccount) int64 { return c.ID })
	}
	return s, err
}

// Check implements reseller.Client.
func (c *Client) Check(ctx context.Context) (string, error) {
	subaccounts, err := c.Index(ctx)
	return fmt.Sprintf("subaccounts/index returned %d subaccounts", len(subaccounts)), err
}
