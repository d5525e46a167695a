package reseller_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/vendors"
)

// memory is a Store that forgets with the process, and fails when it is told to.
type memory struct {
	mu        sync.Mutex
	broken    error // of every change
	known     map[string][]report.Allotment
	doubts    map[string]report.Doubt
	snapshots []report.Snapshot
	fetches   []report.Fetch
	lines     []report.CustomerLine
	mappings  int // calls of SetCustomers that changed something
	raised    map[string]bool
	waiting   []report.Event
}

func newMemory() *memory {
	return &memory{known: map[string][]report.Allotment{}, doubts: map[string]report.Doubt{}, raised: map[string]bool{}}
}

func (m *memory) setBroken(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

func (m *memory) Snapshot(s report.Snapshot) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return 0, m.broken
	}
	m.snapshots = append(m.snapshots, s)
	key, changes := s.Vendor+"/"+s.Account, 0
	all := slices.Clone(s.Allotments)
	for _, a := range m.known[key] {
		if slices.Contains(s.Kept, a.Customer) {
			all = append(all, a)
		}
	}
	if !slices.Equal(m.known[key], all) {
		changes = 1
	}
	m.known[key] = all
	return changes, nil
}

func (m *memory) Doubt(vendor, account string) report.Doubt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.doubts[vendor+"/"+account]
}

func (m *memory) SetDoubt(vendor, account string, d report.Doubt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubts[vendor+"/"+account] = d
	return m.broken
}

func (m *memory) Commit(o report.Observation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetches = append(m.fetches, o.Fetches...) // not on disk yet, so a broken one does not fail
	return nil
}

func (m *memory) Allotments(vendor, account string) []report.Allotment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[vendor+"/"+account]
}

func (m *memory) EndOthers(vendor string, named []string, _ time.Time) (ended []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, known := range m.known {
		of, account, _ := strings.Cut(key, "/")
		if of != vendor || slices.Contains(named, account) || len(known) == 0 {
			continue
		}
		if m.broken != nil {
			return nil, m.broken
		}
		delete(m.known, key)
		ended = append(ended, account)
	}
	return ended, nil
}

func (m *memory) Customers() ([]report.CustomerLine, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lines, nil
}

func (m *memory) SetCustomers(lines []report.CustomerLine) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return 0, m.broken
	}
	if slices.Equal(m.lines, lines) {
		return 0, nil
	}
	m.lines = lines
	m.mappings++
	return 1, nil
}

func (m *memory) Raise(e report.Event, deliver bool) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return false, m.broken
	}
	if m.raised[e.ID()] {
		return false, nil
	}
	m.raised[e.ID()] = true
	if deliver {
		m.waiting = append(m.waiting, e)
	}
	return true, nil
}

func (m *memory) Undelivered() ([]report.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.waiting), m.broken
}

func (m *memory) Delivered(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.waiting = slices.DeleteFunc(m.waiting, func(e report.Event) bool { return e.ID() == id })
	return nil
}

// count is how many snapshots an account has.
func (m *memory) count(vendor, account string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.snapshots {
		if s.Vendor == vendor && s.Account == account {
			n++
		}
	}
	return n
}

// source plays an account: answer is asked at each read.
type source struct {
	vendor, account string
	answer          func(ctx context.Context, n int) ([]report.Allotment, error)
	mu              sync.Mutex
	reads           []time.Time
}

func (s *source) Snapshot(ctx context.Context, _ []string) (report.Snapshot, error) {
	s.mu.Lock()
	s.reads = append(s.reads, time.Now())
	n := len(s.reads)
	s.mu.Unlock()
	snapshot := report.Snapshot{Vendor: s.vendor, Account: s.account}
	all, err := s.answer(ctx, n)
	fetch := report.Fetch{At: time.Now(), Vendor: s.vendor, Account: s.account, Job: "list", Outcome: "ok", Rows: uint64(len(all))}
	if err != nil {
		fetch.Outcome = report.AsFailure(err).Reason
	}
	snapshot.Requests = []report.Fetch{fetch}
	snapshot.At, snapshot.Allotments = time.Now().UTC(), all // beside an error too: nothing of it may be used
	return snapshot, err
}

// times are when the account was read, since began.
func (s *source) times(began time.Time) (all []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.reads {
		all = append(all, at.Sub(began))
	}
	return all
}

// has is a customer's allotment of computers.
func has(account, customer string, allotted, utilized float64) report.Allotment {
	return report.Allotment{
		Vendor: "remotepc", Account: account, Customer: customer, Resource: "computers",
		Allotted: sql.Null[float64]{V: allotted, Valid: true}, Utilized: sql.Null[float64]{V: utilized, Valid: true},
	}
}

// always answers every read of a RemotePC account in the same way.
func always(account string, all ...report.Allotment) *source {
	return &source{vendor: "remotepc", account: account, answer: func(context.Context, int) ([]report.Allotment, error) { return all, nil }}
}

func failing(account string, class report.Class, reason string) *source {
	return &source{vendor: "remotepc", account: account, answer: func(context.Context, int) ([]report.Allotment, error) {
		return []report.Allotment{has(account, "nobody", 1, 1)}, report.Fail(class, reason, "remotepc account %s, request for list: it is %s", account, reason)
	}}
}

// webhook takes events, or fails as it is told.
type webhook struct {
	mu     sync.Mutex
	fail   func(report.Event) error
	tries  []time.Time
	events []report.Event
}

func (w *webhook) Deliver(_ context.Context, e report.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries = append(w.tries, time.Now())
	if w.fail != nil {
		if err := w.fail(e); err != nil {
			return err
		}
	}
	w.events = append(w.events, e)
	return nil
}

func (w *webhook) got() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := ""
	for _, e := range w.events {
		text += fmt.Sprintf("%s %s %s %d%% ", e.Month, e.Customer, e.Resource, e.Percent)
	}
	return text
}

// office is what jobs work before: it outlives them, as a machine outlives processes.
type office struct {
	t         *testing.T
	store     *memory
	hook      *webhook
	receiver  reseller.Webhook // instead of hook
	file      string
	sources   []*source
	portal    *portal  // an account whose customers are asked one by one
	customers []string // of portal

	configured func() []string // instead of customers
	every      string
	metrics    *prometheus.Registry
	log        bytes.Buffer
	writing    sync.Mutex
	queued     int
}

var errDisk = errors.New("no room to write the state file")

// monday is a moment in July, in Istanbul as in UTC.
var monday = time.Date(2026, 7, 6, 9, 30, 0, 0, time.UTC)

func newOffice(t *testing.T, sources ...*source) *office {
	t.Helper()
	time.Sleep(time.Until(monday))
	return &office{t: t, store: newMemory(), sources: sources, every: "@hourly"}
}

// Write takes the log.
func (o *office) Write(b []byte) (int, error) {
	o.writing.Lock()
	defer o.writing.Unlock()
	return o.log.Write(b)
}

// logged is the log so far.
func (o *office) logged() string {
	o.writing.Lock()
	defer o.writing.Unlock()
	return o.log.String()
}

func (o *office) open() *reseller.Jobs {
	o.t.Helper()
	o.metrics = prometheus.NewRegistry()
	cfg := reseller.Config{
		Vendors: vendors.All,
		Store:   o.store, Location: istanbul, CustomersFile: o.file, Thresholds: []int{80, 100}, Metrics: o.metrics,
		Queued: func() { o.queued++ }, Log: slog.New(slog.NewTextHandler(o, nil)),
	}
	if o.hook != nil {
		cfg.Webhook = o.hook
	}
	if o.receiver != nil {
		cfg.Webhook = o.receiver
	}
	for _, s := range o.sources {
		cfg.Accounts = append(cfg.Accounts, reseller.Account{Vendor: s.vendor, Name: s.account, Source: s, Schedule: o.every})
	}
	if o.portal != nil {
		if o.configured == nil {
			o.configured = func() []string { return o.customers }
		}
		cfg.Accounts = append(cfg.Accounts, reseller.Account{
			Vendor: o.portal.vendor, Name: o.portal.account, Source: o.portal, Customers: o.configured, Schedule: o.every,
		})
	}
	jobs, err := reseller.New(cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return jobs
}

// run runs jobs for a while, as between a start and a stop of the daemon, and returns them.
func (o *office) run(length time.Duration) *reseller.Jobs {
	o.t.Helper()
	jobs := o.open()
	ctx, cancel := context.WithTimeout(o.t.Context(), length)
	defer cancel()
	if err := jobs.Run(ctx); err != nil {
		o.t.Error(err)
	}
	return jobs
}

var istanbul = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		panic(err)
	}
	return zone
}()

// values are the metrics by name and labels.
func (o *office) values() map[string]float64 {
	o.t.Helper()
	return valuesOf(o.t, o.metrics)
}

func valuesOf(t *testing.T, metrics *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}
