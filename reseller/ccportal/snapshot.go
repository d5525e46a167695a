package ccportal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// mailPack is the pack that allows mail addresses: its value is how many; mail/list lists them.
const mailPack = "mail"

// A round asks for few customers at a time, and waits for each answer only so long that one customer
// who hangs does not hold up the others. After several requests in a row without any answer it ends:
// the portal is down.
const (
	atATime   = 4
	patience  = 20 * time.Second
	silentEnd = 8
)

// Customers are those that are configured: the portal has no call that lists them.
func (c *Client) Customers() []string { return slices.Clone(c.customers) }

// Snapshot reads the packs of customers, how much of the pack mail is in use, and whether their access
// is enabled. Nil stands for all that are configured; they are a part of those otherwise.
//
// A customer without a useful answer is in Failed and costs the others nothing. The error is what
// concerns all: it ends the round, and customers who are neither in Read nor in Failed were not asked.
func (c *Client) Snapshot(ctx context.Context, customers []string) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.name, Failed: map[string]*report.Failure{}}
	if customers == nil {
		customers = c.customers
	}
	if len(customers) == 0 {
		return s, c.http.Fail(vendorhttp.Request{Job: "pack/list"}, report.Permanent, "no_customers",
			"no customers are configured, and the portal has no call that lists them: give customers or customers_file")
	}
	r := &round{client: c, snapshot: &s}
	r.run(ctx, distinct(customers))
	return s, r.stop
}

// distinct are customers without those that are named again.
func distinct(customers []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(customers), func(name string) bool {
		before := seen[name]
		seen[name] = true
		return before
	})
}

// round is one reading of several customers.
type round struct {
	client *Client

	mu       sync.Mutex
	snapshot *report.Snapshot
	stop     error // why no more customers are asked
	silent   int   // requests without an answer in a row
}

// reading is what one customer answered.
type reading struct {
	customer   string
	at         time.Time
	allotments []report.Allotment
	odd        []string // values of packs that are no number
	pending    bool
	read       bool  // packs and mail, so that allotments are of use
	active     bool  // the portal said whether access is enabled
	err        error // of what could not be read
	requests   []report.Fetch
}

func (r *round) run(ctx context.Context, customers []string) {
	answers := make([]*reading, len(customers))
	next := make(chan int)
	var asking sync.WaitGroup
	for range min(atATime, len(customers)) {
		asking.Go(func() {
			for i := range next {
				if !r.stopped() {
					answers[i] = r.client.ask(ctx, customers[i])
					r.judge(ctx, answers[i])
				}
			}
		})
	}
	for i := range customers {
		next <- i
	}
	close(next)
	asking.Wait()
	for _, a := range answers { // in the order of the configuration, whoever answered first
		if a != nil {
			r.add(a)
		}
	}
}

func (r *round) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stop != nil
}

// judge ends the round where the next customer would meet the same failure.
func (r *round) judge(ctx context.Context, a *reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent++; !isSilent(a.err) {
		r.silent = 0
	}
	ends := ctx.Err() != nil || concernsAll(a.err) || r.silent >= silentEnd
	if a.err != nil && r.stop == nil && ends {
		r.stop = a.err
	}
}

// isSilent reports whether a request got no answer.
func isSilent(err error) bool {
	_, silent := errors.AsType[*vendorhttp.Trouble](err)
	return silent
}

// concernsAll reports whether every other customer would meet the same failure: there is no way to
// the portal, or it does not serve this machine.
func concernsAll(err error) bool {
	if err == nil {
		return false
	}
	fail, isFailure := errors.AsType[*report.Failure](err)
	trouble, silent := errors.AsType[*vendorhttp.Trouble](err)
	return !isFailure || silent && trouble.Unsent || fail.Reason == "not_authorized" || fail.Reason == "canceled"
}

// add puts an answer into the snapshot.
func (r *round) add(a *reading) {
	s := r.snapshot
	s.Requests = append(s.Requests, a.requests...)
	if a.err != nil && !concernsAll(a.err) {
		s.Failed[a.customer] = report.AsFailure(a.err)
	}
	if !a.read {
		return
	}
	s.Read, s.Allotments = append(s.Read, a.customer), append(s.Allotments, a.allotments...)
	if a.at.After(s.At) {
		s.At = a.at
	}
	if !a.active {
		s.ActiveKept = append(s.ActiveKept, a.customer)
	}
	s.Odd = append(s.Odd, a.odd...)
	if a.pending {
		s.Pending = append(s.Pending, a.customer)
	}
}

// ask asks for all that a customer has.
func (c *Client) ask(ctx context.Context, customer string) *reading {
	a := &reading{customer: customer}
	limited := *c
	limited.http = c.http.Recording(&a.requests).Limited(patience)
	a.err = limited.allotments(ctx, a)
	if a.read = a.err == nil; a.read {
		a.active, a.err = limited.enabled(ctx, customer, a.allotments)
	}
	a.at = time.Now().UTC()
	if a.err != nil {
		a.err = ofCustomer(customer, a.err)
	}
	return a
}

// enabled asks whether a customer's access is enabled, and reports whether the portal said so. One that
// refuses to say, for lack of the call or of rights, is not asked again for that.
func (c *Client) enabled(ctx context.Context, customer string, all []report.Allotment) (known bool, err error) {
	if len(all) == 0 {
		return true, nil
	}
	access, err := c.AccessStatus(ctx, customer)
	if err != nil {
		if report.AsFailure(err).Class == report.Permanent {
			return false, nil
		}
		return false, err
	}
	for i := range all {
		all[i].Active = access.Enabled
	}
	return true, nil
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
func (c *Client) allotments(ctx context.Context, a *reading) error {
	packs, err := c.PackList(ctx, a.customer)
	if err != nil {
		return err
	}
	all, odd := c.packAllotments(a.customer, packs)
	for i := range all {
		if all[i].Resource != mailPack {
			continue
		}
		mailboxes, err := c.MailList(ctx, a.customer)
		if err != nil {
			return err
		}
		all[i].Utilized = sql.Null[float64]{V: float64(len(mailboxes)), Valid: true}
	}
	a.allotments, a.odd, a.pending = all, odd, packs.Dirty.V
	return nil
}

// packAllotments has each pack once: of two with one name the later.
func (c *Client) packAllotments(customer string, packs Packs) (all []report.Allotment, odd []string) {
	at := map[string]int{}
	for _, p := range packs.Packs {
		a := report.Allotment{
			Vendor: vendor.Name, Account: c.name, Customer: customer, Resource: strings.ToLower(p.Name), Raw: p.Raw,
		}
		var unreadable bool
		if a.Allotted, a.Unit, unreadable = ParseValue(p.Value); unreadable {
			odd = append(odd, fmt.Sprintf("customer %s has pack %s with the value %.40q, which is neither a number nor a size",
				customer, a.Resource, p.Value))
		}
		if i, twice := at[a.Resource]; twice {
			all[i] = a
			continue
		}
		at[a.Resource] = len(all)
		all = append(all, a)
	}
	return all, odd
}

// Check implements reseller.Client. Changes that the portal has not carried out yet are no fault, but others are refused meanwhile.
func (c *Client) Check(ctx context.Context) (string, error) {
	s, err := c.Snapshot(ctx, nil)
	if names := slices.Sorted(maps.Keys(s.Failed)); err == nil && len(names) > 0 {
		err = s.Failed[names[0]]
		if all := len(s.Read) + unread(&s); all > 1 {
			err = fmt.Errorf("%d of %d customers cannot be read: %w", len(names), all, err)
		}
	}
	return fmt.Sprintf("pack/list returned the packs of %d customers", len(s.Read)) + pendingOf(s.Pending), err
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
