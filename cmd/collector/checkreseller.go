package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alpemix-collector/report"
	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/reseller/limacity"
	"alpemix-collector/reseller/remotepc"
	"alpemix-collector/reseller/serwersms"
)

// resellers asks the vendor of each reseller account for something that changes nothing.
func (k *checking) resellers(ctx context.Context) {
	checkAccounts(ctx, k, "remotepc", remotePCAccounts(k.config), func(ctx context.Context, c *remotepc.Client) (string, error) {
		users, err := c.List(ctx)
		return fmt.Sprintf("user/list returned %d users", len(users)), err
	})
	checkAccounts(ctx, k, "ccportal", ccPortalAccounts(k.config), func(ctx context.Context, c *ccportal.Client) (string, error) {
		s, err := c.Snapshot(ctx, nil)
		if names := slices.Sorted(maps.Keys(s.Failed)); err == nil && len(names) > 0 {
			err = s.Failed[names[0]]
			if all := len(s.Read) + unread(&s); all > 1 {
				err = fmt.Errorf("%d of %d customers cannot be read: %w", len(names), all, err)
			}
		}
		return fmt.Sprintf("pack/list returned the packs of %d customers", len(s.Read)) + pendingOf(s.Pending), err
	})
	checkAccounts(ctx, k, "serwersms", serwerSMSAccounts(k.config), func(ctx context.Context, c *serwersms.Client) (string, error) {
		subaccounts, err := c.Index(ctx)
		return fmt.Sprintf("subaccounts/index returned %d subaccounts", len(subaccounts)), err
	})
	checkAccounts(ctx, k, "limacity", limaCityAccounts(k.config), func(ctx context.Context, c *limacity.Client) (string, error) {
		customers, err := c.Customers(ctx)
		if err != nil && report.AsFailure(err).Reason == report.NotOffered {
			return "customers/list is not offered by this server: whether it accepts the key shows when a customer is created", nil
		}
		return fmt.Sprintf("customers/list returned %d customers", len(customers)), err
	})
}

// unread counts the customers of whom a snapshot has nothing.
func unread(s *report.Snapshot) (n int) {
	for name := range s.Failed {
		if !slices.Contains(s.Read, name) {
			n++
		}
	}
	return n
}

// checkAccounts prints a line for each account of a vendor.
func checkAccounts[C any](ctx context.Context, k *checking, vendor string, accounts []vendorAccount[C], ask func(context.Context, C) (well string, err error)) {
	for _, a := range accounts {
		subject, well := vendor+" account "+a.name, ""
		client, err := a.open(nil)
		if err == nil {
			well, err = ask(ctx, client)
		}
		if err != nil { // the line begins with whose it is
			err = errors.New(strings.Replace(err.Error(), subject+", ", "", 1))
		}
		k.line(subject, well, err)
	}
}

// pendingOf names customers whose changes the portal has not carried out yet. That is no fault, but others are refused meanwhile.
func pendingOf(customers []string) string {
	const most = 5
	switch n := len(customers); {
	case n == 0:
		return ""
	case n > most:
		return fmt.Sprintf("; changes are pending (dirty) of %s and %d more", strings.Join(customers[:most], ", "), n-most)
	}
	return "; changes are pending (dirty) of " + strings.Join(customers, ", ")
}
