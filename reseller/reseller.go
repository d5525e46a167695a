// Package reseller makes dated allotments of vendors' answers: one job for each account, woken by cron, reads the account's
// snapshot; what it brings new is queued, and told where a customer comes near to the end of an allotment. It also keeps the
// mapping of customers.csv.
package reseller

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Source reads one account of a vendor.
type Source interface {
	// Snapshot reads the account, or, where it has to be asked for each customer, those customers. Its
	// error is a *report.Failure that names vendor and account; of the snapshot beside it only the
	// requests and the customers in Read and Failed are of use.
	Snapshot(ctx context.Context, customers []string) (report.Snapshot, error)
}

// Store remembers, over restarts and crashes, what is known and what has still to be written or told.
type Store interface {
	// Snapshot queues what an account's snapshot changes, in one transaction, and counts it.
	Snapshot(report.Snapshot) (changes int, err error)
	// Commit queues the accounts of requests.
	Commit(report.Observation) error
	// Allotments are those known of an account now. It is cheap.
	Allotments(vendor, account string) []report.Allotment
	// Doubt is what SetDoubt remembered of an account last; the zero one if nothing. It is cheap.
	Doubt(vendor, account string) report.Doubt
	SetDoubt(vendor, account string, d report.Doubt) error
	// EndOthers ends what is known of a vendor's accounts, but for those that are named, and tells which it ended.
	EndOthers(vendor string, named []string, at time.Time) (ended []string, err error)
	// Customers are the lines of customers.csv that were last recorded.
	Customers() ([]report.CustomerLine, error)
	// SetCustomers queues what the lines of customers.csv change, and counts it.
	SetCustomers([]report.CustomerLine) (changes int, err error)
	// Raise remembers that an event has happened and, if it has to be delivered, queues it for that in the same transaction. It is
	// false for an event that has been raised before.
	Raise(e report.Event, deliver bool) (first bool, err error)
	// Undelivered are the events that wait for their delivery, oldest first.
	Undelivered() ([]report.Event, error)
	// Delivered ends an event's wait.
	Delivered(id string) error
}

// Webhook tells somebody else of events. One call is one attempt.
type Webhook interface {
	// Deliver returns nil only when the event was accepted. Its error is a *report.Failure.
	Deliver(context.Context, report.Event) error
}

// Account is one account with a vendor.
type Account struct {
	Vendor string
	Name   string
	Source Source
	// Customers are those that have to be asked for one by one, read again whenever the account is due;
	// nil for a vendor that lists its customers.
	Customers func() []string
	Schedule  string // cron specification, read in Config.Location. It only wakes
}

// Config is what New needs.
type Config struct {
	Vendors       []*Vendor
	Accounts      []Account
	Store         Store
	Location      *time.Location // of the schedules and of the months of events
	CustomersFile string         // customers.csv; there need not be such a file
	// AlpemixAccounts are the names that lines of customers.csv may have, beside those of Accounts.
	AlpemixAccounts []string
	Thresholds      []int   // percent of an allotment at which an event is told
	Webhook         Webhook // nil for none
	// Queued is called after something was queued, for whoever writes it. It may be nil.
	Queued  func()
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Jobs reads all accounts. Its methods are safe for concurrent use.
type Jobs struct {
	store      Store
	location   *time.Location
	thresholds []int
	queued     func()
	observer   *observer
	jobs       []*job
	vendors    []*Vendor
	accounts   map[string][]string // that are configured, by vendor
	mapping    *mapping
	courier    *courier // nil without a webhook
}

// New checks the schedules and wires the parts; it starts nothing.
func New(cfg Config) (*Jobs, error) {
	if cfg.Queued == nil {
		cfg.Queued = func() {}
	}
	r := &Jobs{
		store: cfg.Store, location: cmp.Or(cfg.Location, time.UTC), thresholds: cfg.Thresholds, queued: cfg.Queued,
		vendors: cfg.Vendors, mapping: &mapping{path: cfg.CustomersFile},
	}
	r.accounts = map[string][]string{alpemix: cfg.AlpemixAccounts}
	for _, conf := range cfg.Accounts {
		r.accounts[conf.Vendor] = append(r.accounts[conf.Vendor], conf.Name)
		schedule, err := cron.ParseStandard(conf.Schedule)
		if err != nil {
			return nil, fmt.Errorf("%s account %s: schedule: %w", conf.Vendor, conf.Name, err)
		}
		j := &job{Account: conf, all: r, schedule: schedule, wake: make(chan struct{}, 1), due: true, odd: map[string]bool{}}
		if conf.Customers != nil {
			j.round = newRound(conf.Customers)
		}
		r.jobs = append(r.jobs, j)
	}
	if cfg.Webhook != nil {
		r.courier = newCourier(r, cfg.Webhook)
	}
	r.observer = newObserver(r, cfg.Metrics, cfg.Log)
	return r, nil
}

// Run reads until ctx ends. No failure ends it, so its error is nil.
func (r *Jobs) Run(ctx context.Context) error {
	_ = r.endRemoved() // the observer has told its error
	r.readMapping()    // ahead of the first event, which names customers by it
	ticks := r.startTicks()
	var running sync.WaitGroup
	for _, j := range r.jobs {
		running.Go(func() { j.run(ctx) })
	}
	if r.courier != nil {
		running.Go(func() { r.courier.run(ctx) })
	}
	r.watchMapping(ctx)
	running.Wait()
	<-ticks.Stop().Done()
	return nil
}

// Changed makes an account due at once, of which something may have been changed through us; where
// customers are asked for one by one, the customer alone.
func (r *Jobs) Changed(vendor, account, customer string) {
	for _, j := range r.jobs {
		if j.Vendor == vendor && j.Name == account {
			j.changed(customer)
		}
	}
}

// startTicks lets cron set the jobs' due flags and wake them. It has no other effect, so a tick that a clock change, a suspend
// or a restart swallows or doubles costs nothing but time.
func (r *Jobs) startTicks() *cron.Cron {
	ticks := cron.New(cron.WithLocation(r.location))
	for _, j := range r.jobs {
		ticks.Schedule(j.schedule, cron.FuncJob(func() {
			j.setDue()
			pacing.Nudge(j.wake)
		}))
	}
	ticks.Start()
	return ticks
}
