package collector_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/store"
)

// clickhouse is a Writer in memory that keeps what the tables of migrations/ would: of each identity the newest content.
type clickhouse struct {
	mu      sync.Mutex
	away    bool
	slow    time.Duration // that a write takes
	rows    map[identity]report.Connection
	final   map[string]time.Time // by UID: when its present content arrived
	rejects map[uint64]report.Reject
	days    map[report.Day]report.DayStatus
	fetches []report.Fetch
	resold  report.Batch   // all that is of resellers
	writes  int            // acknowledged batches that carried rows of connections
	logins  []report.Login // whose the rows are
	id      string         // which database it is, given when it is first asked for
	ids     int
}

type identity struct {
	account, uid string
	started      int64
}

func newClickHouse() *clickhouse {
	return &clickhouse{
		rows: map[identity]report.Connection{}, final: map[string]time.Time{}, rejects: map[uint64]report.Reject{},
		days: map[report.Day]report.DayStatus{},
	}
}

var errAway = errors.New("connection refused")

func (w *clickhouse) Write(ctx context.Context, b report.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-time.After(w.slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	if w.away {
		return errAway
	}
	for _, c := range b.Connections {
		id := identity{c.Account, c.UID, c.StartedAt.Unix()}
		if old, ok := w.rows[id]; !ok || c.Version >= old.Version {
			w.rows[id] = c
			w.final[c.UID] = time.Now()
		}
	}
	for _, r := range b.Rejects {
		w.rejects[r.Hash] = r
	}
	for _, d := range b.Days {
		w.days[d.Day] = d
	}
	w.fetches = append(w.fetches, b.Fetches...)
	w.resold.Allotments = append(w.resold.Allotments, b.Allotments...)
	w.resold.Snapshots = append(w.resold.Snapshots, b.Snapshots...)
	w.resold.Provisionings = append(w.resold.Provisionings, b.Provisionings...)
	w.resold.Customers = append(w.resold.Customers, b.Customers...)
	if len(b.Connections) > 0 {
		w.writes++
	}
	return nil
}

func (w *clickhouse) ReadBack(_ context.Context, account string, day report.Day) (map[string]uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return nil, errAway
	}
	hashes := map[string]uint64{}
	for id, c := range w.rows {
		if id.account == account && c.LocalDay == day && !c.Deleted {
			hashes[id.uid] = c.Hash
		}
	}
	return hashes, nil
}

func (w *clickhouse) setAway(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

// connections is what the view shows of account, by UID, and how many rows it shows.
func (w *clickhouse) connections(account string) (map[string]report.Connection, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rows, n := map[string]report.Connection{}, 0
	for id, c := range w.rows {
		if id.account == account && !c.Deleted {
			rows[id.uid] = c
			n++
		}
	}
	return rows, n
}

// desk is a vendor, a state folder and a ClickHouse; collectors come and go before it.
type desk struct {
	t        *testing.T
	vendor   *simulator.Vendor
	dir      string
	ch       *clickhouse
	accounts []string
	scope    string // of the vendor's limits
	logins   []report.Login
	secret   string // the collector's; the vendor knows "right"
	metrics  *prometheus.Registry
}

var monday = time.Date(2026, 7, 6, 0, 0, 0, 0, simulator.Istanbul)

// newDesk sets the bubble's clock to start.
func newDesk(t *testing.T, start time.Time, o simulator.Options, accounts ...string) *desk {
	t.Helper()
	time.Sleep(time.Until(start))
	if len(accounts) == 0 {
		accounts = []string{"main"}
	}
	for _, name := range accounts {
		o.Accounts = append(o.Accounts, simulator.Account{Name: name, SecretKey: "right"})
	}
	o.Record = true
	return &desk{t: t, vendor: simulator.New(o), dir: memoryDir(t), ch: newClickHouse(), accounts: accounts, scope: "ip", secret: "right"}
}

// memoryDir is a folder in memory where there is one: simulated days make real fsyncs, thousands of them.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "collector-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// open makes a collector as a start of the daemon would.
func (d *desk) open(change ...func(*collector.Account)) (*collector.Collector, *store.Store) {
	d.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(d.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	state, err := store.OpenSimulated(d.dir, log, store.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	d.metrics = prometheus.NewRegistry()
	cfg := collector.Config{
		Store: state, Writer: d.ch, Database: d.ch, Logins: d.logins, Reason: func(error) string { return "unreachable" }, Metrics: d.metrics, Log: log,
	}
	for _, name := range d.accounts {
		scope := d.scope
		if scope == "account" {
			scope += " " + name
		}
		client, err := alpemix.New(alpemix.Config{
			Account: name, Endpoint: "https://vendor.example:5900/api", MainUsername: name, SecretKey: d.secret,
			Limits: alpemix.Limits{Reports: 3, Tokens: 5, Window: time.Minute, Scope: scope},
		}, state, http.RoundTripper(d.vendor.RoundTripper()))
		if err != nil {
			d.t.Fatal(err)
		}
		cfg.Accounts = append(cfg.Accounts, collector.Account{
			Name: name, Location: istanbul, Scope: scope, Fetcher: client,
			Today: "@every 20s", Yesterday: "5 0,3,6,9,12,15,18,21,23 * * *",
		})
	}
	for _, f := range change {
		f(&cfg.Accounts[0])
	}
	c, err := collector.New(cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	return c, state
}

// run runs a collector for a while, as between a start and a stop of the daemon.
func (d *desk) run(length time.Duration, change ...func(*collector.Account)) {
	d.t.Helper()
	c, store := d.open(change...)
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	if err := c.Run(ctx); err != nil {
		d.t.Error(err)
	}
	if err := store.Close(); err != nil {
		d.t.Error(err)
	}
}

var istanbul = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		panic(err)
	}
	return zone
}()

// sums are the metrics by name, summed over their labels except those that keep names a label of.
func (d *desk) sums(keep string) map[string]float64 {
	d.t.Helper()
	families, err := d.metrics.Gather()
	if err != nil {
		d.t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				if l.GetName() == keep {
					name += " " + l.GetValue()
				}
			}
			sums[name] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sums
}

// same compares what is stored of account with what is true, but for what only the collector knows.
func (d *desk) same(account string, want []report.Connection) {
	d.t.Helper()
	got, n := d.ch.connections(account)
	if n != len(got) {
		d.t.Errorf("%s: %d rows for %d connections: duplicates", account, n, len(got))
	}
	if n != len(want) {
		d.t.Errorf("%s: %d rows stored, want %d", account, n, len(want))
	}
	wrong := 0
	for _, w := range want {
		g := got[w.UID]
		g.Raw, g.Hash, g.Version, g.FirstSeenAt, g.FetchedAt = "", 0, 0, time.Time{}, time.Time{}
		if g != w {
			if wrong++; wrong <= 3 {
				d.t.Errorf("%s:\n stored %+v\n   want %+v", account, g, w)
			}
		}
	}
}
