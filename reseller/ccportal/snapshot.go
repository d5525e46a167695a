package ccportal

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// mailPack is the pack that allows mail addresses: its value is how many, and mail/list tells those there are.
const mailPack = "mail"

// Snapshot tells the packs of every configured customer, and how much of the pack mail is in use. Beside an error only its requests are of use: a snapshot without one
// customer would end that customer's allotments.
func (c *Client) Snapshot(ctx context.Context) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.name}
	if len(c.customers) == 0 {
		return s, c.http.Fail(vendorhttp.Request{Job: "pack/list"}, report.Permanent, "no_customers",
			"no customers are configured, and the portal has no call that lists them: give customers or customers_file")
	}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	var all []report.Allotment
	asked := map[string]bool{}
	for _, customer := range c.customers {
		if asked[customer] {
			continue
		}
		asked[customer] = true
		told, pending, err := recording.allotments(ctx, customer)
		if err != nil {
			return s, ofCustomer(customer, err)
		}
		if pending {
			s.Pending = append(s.Pending, customer)
		}
		all = append(all, told...)
	}
	s.At, s.Allotments = time.Now().UTC(), all
	return s, nil
}

// ofCustomer names the customer in a failure.
func ofCustomer(customer string, err error) error {
	fail, ok := errors.AsType[*report.Failure](err)
	if !ok {
		return err // the preview of a dry run
	}
	named := *fail
	named.Err = &customerError{customer, fail.Err}
	return &named
}

type customerError struct {
	customer string
	cause    error
}

func (e *customerError) Error() string { return "customer " + e.customer + ": " + e.cause.Error() }
func (e *customerError) Unwrap() error { return e.cause }

// allotments asks for what a customer has.
func (c *Client) allotments(ctx context.Context, customer string) (all []report.Allotment, pending bool, err error) {
	packs, err := c.PackList(ctx, customer)
	if err != nil {
		return nil, false, err
	}
	all = c.packAllotments(customer, packs)
	for i := range all {
		if all[i].Resource != mailPack {
			continue
		}
		mailboxes, err := c.MailList(ctx, customer)
		if err != nil {
			return nil, false, err
		}
		all[i].Utilized = sql.Null[float64]{V: float64(len(mailboxes)), Valid: true}
	}
	return all, packs.Dirty.V, nil
}

// packAllotments has each pack once: of two with one name the later.
func (c *Client) packAllotments(customer string, packs Packs) (all []report.Allotment) {
	at := map[string]int{}
	for _, p := range packs.Packs {
		a := report.Allotment{Vendor: vendor.Name, Account: c.name, Customer: customer, Resource: strings.ToLower(p.Name), Raw: p.Raw}
		a.Allotted, a.Unit = ParseValue(p.Value)
		if i, twice := at[a.Resource]; twice {
			all[i] = a
			continue
		}
		at[a.Resource] = len(all)
		all = append(all, a)
	}
	return all
}
