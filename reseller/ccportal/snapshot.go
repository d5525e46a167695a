package ccportal

import (
	"cmp"
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

// Snapshot tells the packs of every configured customer, and how much of the pack mail is in use. A customer of whom the portal gives no
// useful answer, say because it was deleted there, is in Kept and named by the error; the others are of use all the same. Beside an error
// without Kept only the requests are of use.
func (c *Client) Snapshot(ctx context.Context) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.name}
	if len(c.customers) == 0 {
		return s, c.http.Fail(vendorhttp.Request{Job: "pack/list"}, report.Permanent, "no_customers",
			"no customers are configured, and the portal has no call that lists them: give customers or customers_file")
	}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	var all []report.Allotment
	var failed error // the first
	asked := map[string]bool{}
	for _, customer := range c.customers {
		if asked[customer] {
			continue
		}
		asked[customer] = true
		told, pending, err := recording.allotments(ctx, customer)
		if err != nil {
			err = ofCustomer(customer, err)
			if concernsAll(err) || ctx.Err() != nil {
				s.Kept = nil
				return s, err
			}
			s.Kept, failed = append(s.Kept, customer), cmp.Or(failed, err)
			continue
		}
		if pending {
			s.Pending = append(s.Pending, customer)
		}
		all = append(all, told...)
	}
	if len(s.Kept) == len(asked) {
		s.Kept = nil
		return s, failed
	}
	s.At, s.Allotments = time.Now().UTC(), all
	return s, failed
}

// concernsAll tells a failure that the next customer would meet too from one that the portal's answer for a customer is.
func concernsAll(err error) bool {
	fail, ok := errors.AsType[*report.Failure](err)
	_, noAnswer := errors.AsType[*vendorhttp.Trouble](err)
	return !ok || noAnswer || fail.Reason == "not_authorized"
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
