// Package collector decides when to wake, what to ask and what becomes of the answer. Lanes fetch, one drain writes to ClickHouse
// all that is queued, and cron does no more than wake them.
package collector

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Fetcher asks the vendor for one account's reports. It never waits: a request that the vendor's limits forbid comes back
// as a *report.Failure of class Throttle or Blocked that tells when to try again.
type Fetcher interface {
	// Fetch sends w. Its error is a *report.Failure. Beside an error the body may still hold what arrived of a cut answer.
	Fetch(ctx context.Context, w report.Window) (report.Body, error)
	// TokenExpiry is when the stored token ends, zero without one.
	TokenExpiry() time.Time
	// Budget is how many requests of kind (Token, or any report) the vendor's limits allow at this moment.
	Budget(kind report.Kind) int
}

// Store remembers, over restarts and crashes, what was seen and what has still to be written.
type Store interface {
	// Seen tells whether a record with this hash is already queued or stored. It does no I/O.
	Seen(account string, hash uint64) bool
	// Lookup is what is remembered of a connection.
	Lookup(account, uid string) (report.Identity, bool)
	// Commit stores an observation in one transaction: what is marked as seen is queued.
	Commit(report.Observation) error
	// Next is the oldest part of the queue, false when there is none. Fetches alone count only if withFetches.
	Next(maxRows, maxBytes int, withFetches bool) (report.QueuedBatch, bool, error)
	// Ack removes what ClickHouse has acknowledged.
	Ack(report.QueuedBatch) error
	// QueueStats counts the rows that wait and tells since when the oldest does.
	QueueStats() (rows uint64, oldest time.Time)
	// Accounts are all accounts of which days are known, also those that are no longer configured.
	Accounts() []string
	// Days are the account's vendor days, oldest first.
	Days(account string) []report.DayStatus
	// Expected is what ClickHouse must hold of a day before it is sealed: UID to hash.
	Expected(account string, day report.Day) (map[string]uint64, error)
	// Shares compares the connections remembered of each local day with the hashes of an answer's records.
	Shares(account string, answer []uint64) (map[report.Day]report.DayShare, error)
	// Totals is the usage known of a day.
	Totals(account string, day report.Day) report.DayTotal
	// Forget makes the next answer queue these connections again.
	Forget(account string, uids []string) error
	// SetZone remembers the zone in which an account's records are read and returns the one before, empty if there was none.
	// When it changes, the next answer queues all its records again.
	SetZone(account, zone string) (before string, err error)
	// Twins are the records of a vendor day that were committed as twins: what each is remembered by, and its UID.
	Twins(account string, day report.Day) (map[uint64]string, error)
	// ForgetTwins makes these twins records like any other.
	ForgetTwins(account string, day report.Day, twins []uint64) error
	// Reconsider makes the next answer decode again what was rejected.
	Reconsider(account string) error
	// Prune forgets what was first observed before a day.
	Prune(account string, before report.Day) error
	// Database is the id of the database that was last written to, empty before the first.
	Database() (string, error)
	// SetDatabase remembers it.
	SetDatabase(id string) error
	// Remembered is what is known of an account's connections of a day and later, by UID.
	Remembered(account string, from report.Day) (map[string]report.Identity, error)
	// Remember takes over what ClickHouse holds of connections, and makes the next answer queue them again.
	Remember(account string, held map[string]report.Identity) error
	// Repeat queues again what is known of customers and allotments and not held, and counts it.
	Repeat(held report.Held) (customers, allotments int, err error)
}

// Writer writes to ClickHouse. One call is one attempt.
type Writer interface {
	// Write returns nil only when every row of the batch is acknowledged.
	Write(ctx context.Context, b report.Batch) error
	// ReadBack reads the connections of a local day as stored: UID to hash.
	ReadBack(ctx context.Context, account string, day report.Day) (map[string]uint64, error)
}

// Account is one Alpemix account to collect.
type Account struct {
	Name     string
	Location *time.Location // the zone of dt and of the vendor's days
	Scope    string         // accounts of one scope share the vendor's limits and so one lane
	Rate     Rate           // of the scope's reports, to say what freshness results; zero if unknown
	Fetcher  Fetcher
	// Cron specifications, read in Location. They only wake; what is asked follows from the state.
	Today, Yesterday string
}

// Config is what New needs.
type Config struct {
	Accounts []Account
	Store    Store
	Writer   Writer
	// Database is compared with Store at the start and after failures; nil compares nothing.
	Database Database
	// Logins are those of all vendors' accounts: by them ClickHouse's rows follow an account that has got another name.
	Logins []report.Login
	// Kept is how long ClickHouse keeps connections, 0 for ever: those that are older may be gone.
	Kept time.Duration
	// Reason bounds an error of Writer to a metric label.
	Reason  func(error) string
	Reasons []string // all that Reason may return
	// FetchReasons are all reasons of a Fetcher's failures.
	FetchReasons []string
	Metrics      prometheus.Registerer
	Log          *slog.Logger
	// FlushFor bounds the last writes after the context has ended. Default 10 s; a ClickHouse that does not answer is given
	// flushStep.
	FlushFor time.Duration
}

// Collector collects all accounts. Its methods are safe for concurrent use.
type Collector struct {
	store    Store
	writer   Writer
	database Database // nil: nothing is compared
	logins   []report.Login
	kept     time.Duration
	observer *observer
	accounts []*account
	lanes    []*lane
	capacity []Capacity
	drain    *drain
	flushFor time.Duration

	changingDays sync.Mutex // held from reading what is known of a day until its change is committed
}

// New checks the accounts' schedules and wires the parts; it starts nothing.
func New(cfg Config) (*Collector, error) {
	if cfg.FlushFor == 0 {
		cfg.FlushFor = 10 * time.Second
	}
	c := &Collector{store: cfg.Store, writer: cfg.Writer, database: cfg.Database, logins: cfg.Logins, kept: cfg.Kept, flushFor: cfg.FlushFor}
	scopes := map[string]*lane{}
	for _, conf := range cfg.Accounts {
		a, err := newAccount(conf)
		if err != nil {
			return nil, fmt.Errorf("account %q: %w", conf.Name, err)
		}
		c.accounts = append(c.accounts, a)
		l := scopes[conf.Scope]
		if l == nil {
			l = &lane{collector: c, wake: make(chan struct{}, 1)}
			scopes[conf.Scope] = l
			c.lanes = append(c.lanes, l)
		}
		a.wake = l.wake
		l.accounts = append(l.accounts, a)
	}
	var err error
	if c.capacity, err = CapacityOf(cfg.Accounts, time.Now()); err != nil {
		return nil, err
	}
	c.observer = newObserver(c, cfg.Metrics, cfg.Log, cfg.Reason)
	c.observer.startAtZero(c.accounts, cfg.Reasons, cfg.FetchReasons)
	c.drain = newDrain(c)
	return c, nil
}

// startAgain is the wait before Run tries again to write to a state file that cannot be written.
const startAgain = 30 * time.Second

// firstLook bounds how long the first request waits for ClickHouse to say what it holds.
const firstLook = 15 * time.Second

// flushStep bounds each of the last writes: a service manager that waits for longer kills, and the queue is on disk.
const flushStep = 3 * time.Second

// unbounded is for writes that are waited for as long as the context lasts.
const unbounded = time.Duration(math.MaxInt64)

// Run collects until ctx ends, then writes what is queued for at most FlushFor. What could not be written stays queued
// on disk for the next start. No failure ends it, so its error is nil.
func (c *Collector) Run(ctx context.Context) error {
	for err := c.setZones(); err != nil && ctx.Err() == nil; err = c.setZones() {
		c.observer.cannotStart(err)
		pacing.Sleep(ctx, nil, time.Now().Add(startAgain))
	}
	for _, capacity := range c.capacity {
		c.observer.capacity(capacity)
	}
	if c.database != nil {
		// What an older state file does not know and ClickHouse does would look new. The drain meets
		// and reports a failure again.
		look, cancel := context.WithTimeout(ctx, firstLook)
		_ = c.drain.flush(look, unbounded)
		cancel()
	}
	stopTicks := c.startTicks()
	defer stopTicks()
	var fetching sync.WaitGroup
	for _, l := range c.lanes {
		fetching.Go(func() { l.run(ctx) })
	}
	c.drain.run(ctx)
	fetching.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.flushFor)
	defer cancel()
	c.observer.stopped(c.drain.flush(ctx, flushStep))
	return nil
}

// Queued lets the drain write what others than the collector itself have queued in its Store.
func (c *Collector) Queued() { pacing.Nudge(c.drain.wake) }

// setZones notices accounts whose time zone was corrected.
func (c *Collector) setZones() error {
	for _, a := range c.accounts {
		zone := a.Location.String()
		before, err := c.store.SetZone(a.Name, zone)
		if err != nil {
			return fmt.Errorf("account %s: its time zone cannot be recorded: %w", a.Name, err)
		}
		if before != "" && before != zone {
			c.observer.rezoned(a.Name, before, zone)
		}
	}
	return nil
}
