// Package collector decides when to wake, what to request, and what to do with the answer. Lanes
// fetch, one drain writes the queue to ClickHouse, and cron only wakes them.
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

// Fetcher requests the vendor's reports for one account. It never waits: for a request that the
// vendor's limits forbid it returns a *report.Failure of class Throttle or Blocked with the time of
// the next try.
type Fetcher interface {
	// Fetch sends w. Its error is a *report.Failure. Even then the body may hold what arrived of a
	// cut answer.
	Fetch(ctx context.Context, w report.Window) (report.Body, error)
	// TokenExpiry returns when the stored token expires, zero without one.
	TokenExpiry() time.Time
	// Budget returns how many requests of kind (Token, or any report) the vendor's limits allow
	// now.
	Budget(kind report.Kind) int
}

// Store remembers, across restarts and crashes, what was seen and what is still to be written.
type Store interface {
	// Seen reports whether a record with this hash is already queued or stored. It does no I/O.
	Seen(account string, hash uint64) bool
	// Lookup returns what is remembered of a connection.
	Lookup(account, uid string) (report.Identity, bool)
	// Commit stores an observation in one transaction, so what is marked as seen is queued.
	Commit(report.Observation) error
	// Next returns the oldest part of the queue, false if there is none. Fetches alone count only
	// if withFetches.
	Next(maxRows, maxBytes int, withFetches bool) (report.QueuedBatch, bool, error)
	// Ack removes what ClickHouse has acknowledged.
	Ack(report.QueuedBatch) error
	// QueueStats returns the number of waiting rows and since when the oldest waits.
	QueueStats() (rows uint64, oldest time.Time)
	// Accounts returns all accounts with known days, including those that are no longer configured.
	Accounts() []string
	// Days returns the account's vendor days, oldest first.
	Days(account string) []report.DayStatus
	// Expected returns what ClickHouse must hold of a day before it is sealed: UID to hash.
	Expected(account string, day report.Day) (map[string]uint64, error)
	// Shares compares the remembered connections of each local day with the hashes of an answer's
	// records.
	Shares(account string, answer []uint64) (map[report.Day]report.DayShare, error)
	// Totals returns the known usage of a day.
	Totals(account string, day report.Day) report.DayTotal
	// Forget makes the next answer queue these connections again.
	Forget(account string, uids []string) error
	// SetZone stores the zone in which an account's records are parsed and returns the previous
	// one, or "". When it changes, the next answer queues all its records again.
	SetZone(account, zone string) (before string, err error)
	// Twins returns the records of a vendor day that were committed as twins: the value that each
	// is remembered by, and its UID.
	Twins(account string, day report.Day) (map[uint64]string, error)
	// ForgetTwins makes these twins ordinary records.
	ForgetTwins(account string, day report.Day, twins []uint64) error
	// Reconsider makes the next answer parse rejected records again.
	Reconsider(account string) error
	// Prune deletes what was first observed before a day.
	Prune(account string, before report.Day) error
	// Database returns the id of the database that was last written to, or "" before the first.
	Database() (string, error)
	// SetDatabase stores it.
	SetDatabase(id string) error
	// Remembered returns what is known of an account's connections since a day, by UID.
	Remembered(account string, from report.Day) (map[string]report.Identity, error)
	// Remember imports what ClickHouse holds of connections, and makes the next answer queue them
	// again.
	Remember(account string, held map[string]report.Identity) error
	// Repeat queues the known customers and allotments that are not held, and returns their
	// numbers.
	Repeat(held report.Held) (customers, allotments int, err error)
}

// Writer writes to ClickHouse. One call is one try.
type Writer interface {
	// Write returns nil only if every row of the batch is acknowledged.
	Write(ctx context.Context, b report.Batch) error
	// ReadBack returns the stored connections of a local day: UID to hash.
	ReadBack(ctx context.Context, account string, day report.Day) (map[string]uint64, error)
}

// Account is one Alpemix account to collect.
type Account struct {
	Name     string
	Location *time.Location // the zone of dt and of the vendor's days
	Scope    string         // accounts of one scope share the vendor's limits and one lane
	Rate     Rate           // of the scope's reports, to calculate the capacity; zero if unknown
	Fetcher  Fetcher
	// Cron specifications, in Location. They only wake; what is requested follows from the state.
	Today, Yesterday string
}

// Config is the configuration of New.
type Config struct {
	Accounts []Account
	Store    Store
	Writer   Writer
	// Database is compared with Store at the start and after failures. It may be nil.
	Database Database
	// Logins are those of all vendors' accounts. They tie ClickHouse's rows to an account that was
	// renamed.
	Logins []report.Login
	// Kept is how long ClickHouse keeps connections, 0 for forever. Older ones may be gone.
	Kept time.Duration
	// Reason maps an error of Writer to a metric label.
	Reason  func(error) string
	Reasons []string // all results of Reason
	// FetchReasons has all reasons of a Fetcher's failures.
	FetchReasons []string
	Metrics      prometheus.Registerer
	Log          *slog.Logger
	// FlushFor limits the last writes after the context is done. Default 10 s; a ClickHouse that does
	// not answer only gets flushStep.
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

	changingDays sync.Mutex // held from reading the state of a day until its change is committed
}

// New checks the accounts' schedules and connects the parts. It starts nothing.
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

// firstLook limits how long the first request waits until ClickHouse says what it holds.
const firstLook = 15 * time.Second

// flushStep limits each of the last writes: a service manager that waits for longer kills the process,
// and the queue is on disk.
const flushStep = 3 * time.Second

// unbounded is for writes that may last as long as the context.
const unbounded = time.Duration(math.MaxInt64)

// Run collects until ctx is done, then writes the queue for at most FlushFor. The rest stays queued
// on disk for the next start. No failure stops it, so its error is nil.
func (c *Collector) Run(ctx context.Context) error {
	for err := c.setZones(); err != nil && ctx.Err() == nil; err = c.setZones() {
		c.observer.cannotStart(err)
		pacing.Sleep(ctx, nil, time.Now().Add(startAgain))
	}
	for _, capacity := range c.capacity {
		c.observer.capacity(capacity)
	}
	if c.database != nil {
		// What ClickHouse has and an older state file lacks would look new. The drain gets a
		// failure again and reports it.
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

// Queued makes the drain write what others have queued in the collector's Store.
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
