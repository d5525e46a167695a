package reseller_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/limacity"
	"alpemix-collector/reseller/serwersms"
	"alpemix-collector/reseller/vendors"
	sim "alpemix-collector/simulator/reseller"
	"alpemix-collector/store"
)

var _ reseller.Store = (*store.Store)(nil)

// quarter is sixty days of a reseller: four vendors, and processes that come and go before them.
type quarter struct {
	t       *testing.T
	dir     string
	random  *rand.Rand
	stands  map[string]*stand
	state   *store.Store
	hook    *webhook
	metrics *prometheus.Registry
	told    report.Batch // all that was queued
}

func newQuarter(t *testing.T, seed uint64) *quarter {
	t.Helper()
	time.Sleep(time.Until(monday))
	q := &quarter{t: t, dir: memoryDir(t), random: rand.New(rand.NewPCG(seed, 60)), stands: map[string]*stand{}, hook: &webhook{}}
	w := &sim.World{Seed: seed}
	for _, l := range sim.Labels() {
		q.stands[l.Vendor] = newStand(t, l, w)
	}
	return q
}

// memoryDir is a folder in memory where there is one: simulated days make real fsyncs, thousands of them.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "reseller-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// life is one process, from its start to its end; between is what others do while it is down.
func (q *quarter) life(length time.Duration, between func()) {
	q.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	if q.state, err = store.OpenSimulated(q.dir, log, store.Options{}); err != nil {
		q.t.Fatal(err)
	}
	between()
	q.metrics = prometheus.NewRegistry()
	cfg := reseller.Config{Vendors: vendors.All, Store: q.state, Location: istanbul, Thresholds: []int{80, 100}, Webhook: q.hook, Metrics: q.metrics, Log: log}
	for _, l := range sim.Labels() {
		account := reseller.Account{Vendor: l.Vendor, Name: l.Account, Source: q.stands[l.Vendor], Schedule: "@hourly"}
		if customers := q.stands[l.Vendor].customers; customers != nil {
			account.Customers = func() []string { return customers }
		}
		cfg.Accounts = append(cfg.Accounts, account)
	}
	jobs, err := reseller.New(cfg)
	if err != nil {
		q.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(q.t.Context(), length)
	defer cancel()
	if err := jobs.Run(ctx); err != nil {
		q.t.Error(err)
	}
	q.drain()
	if err := q.state.Close(); err != nil {
		q.t.Error(err)
	}
}

// drain takes what is queued, as a ClickHouse would.
func (q *quarter) drain() {
	for {
		b, ok, err := q.state.Next(500, 1<<20, true)
		if err != nil {
			q.t.Fatal(err)
		}
		if !ok {
			return
		}
		q.told.Allotments = append(q.told.Allotments, b.Allotments...)
		q.told.Snapshots = append(q.told.Snapshots, b.Snapshots...)
		q.told.Fetches = append(q.told.Fetches, b.Fetches...)
		if err := q.state.Ack(b); err != nil {
			q.t.Fatal(err)
		}
	}
}

// history is every period of an account as ClickHouse ends with it.
func (q *quarter) history(l sim.Label) []report.AllotmentPeriod {
	newest := map[string]report.AllotmentPeriod{}
	for _, p := range q.told.Allotments {
		if p.Vendor != l.Vendor || p.Account != l.Account {
			continue
		}
		id := fmt.Sprintf("%q %q %d", p.Customer, p.Resource, p.ValidFrom.Unix())
		if old, ok := newest[id]; !ok || p.Version >= old.Version {
			newest[id] = p
		}
	}
	var all []report.AllotmentPeriod
	for _, p := range newest {
		all = append(all, p)
	}
	return all
}

// validAt are the allotments of a history at a moment.
func validAt(history []report.AllotmentPeriod, at time.Time) (rows []report.Allotment) {
	at = at.Truncate(time.Second)
	for _, p := range history {
		if !p.ValidFrom.After(at) && (p.ValidTo.IsZero() || p.ValidTo.After(at)) {
			rows = append(rows, p.Allotment)
		}
	}
	return sorted(rows)
}

// compare holds what was told of a stand against the truth: at every reading each row, and no period that begins, ends or is
// there for no reason.
func (q *quarter) compare(s *stand) {
	q.t.Helper()
	history, moments, changes := q.history(s.label), map[int64]bool{}, 0
	for _, at := range s.sets {
		moments[at.Unix()] = true
	}
	var before []report.Allotment
	for _, seen := range s.sightings {
		moments[seen.at.Unix()] = true
		if got := validAt(history, seen.at); !slices.Equal(got, seen.rows) {
			q.t.Errorf("%s at %s:\n told %v\n true %v", s.label.Vendor, seen.at, got, seen.rows)
			return
		}
		for _, row := range seen.rows {
			if !slices.Contains(before, row) && !slices.Contains(s.limits, row) {
				changes++
			}
		}
		before = seen.rows
	}
	for _, p := range history {
		if !moments[p.ValidFrom.Unix()] || !p.ValidTo.IsZero() && !moments[p.ValidTo.Unix()] {
			q.t.Errorf("%s: a period that begins or ends although nobody looked: %+v", s.label.Vendor, p)
		}
	}
	if periods := len(history) - len(s.limits); periods != changes {
		q.t.Errorf("%s: %d periods for %d changes", s.label.Vendor, periods, changes)
	}
	if len(s.sightings) < 300 || changes < 5 {
		q.t.Errorf("%s: read %d times, %d changes: that shows little", s.label.Vendor, len(s.sightings), changes)
	}
	q.t.Logf("%s: read whole %d times, %d periods", s.label.Vendor, len(s.sightings), len(history))
}

// TestSixtyDays is two months with everything that can go wrong and pass: restarts, requests that fail in every way, answers
// in every shape, vendors that are away or show pages for a day, a webhook that fails half of the time.
func TestSixtyDays(t *testing.T) {
	for seed := range uint64(1) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newQuarter(t, seed).play() })
		})
	}
}

func (q *quarter) play() {
	t, end := q.t, monday.AddDate(0, 0, 60)
	q.hook.fail = func(report.Event) error {
		if q.random.IntN(2) == 0 {
			return report.Fail(report.Transient, "timeout", "the webhook: too slow")
		}
		return nil
	}
	for n := 0; time.Now().Before(end); n++ {
		q.life(time.Hour+time.Duration(q.random.Int64N(int64(70*time.Hour))), func() {
			q.provision(n)
			for _, l := range sim.Labels() {
				q.stands[l.Vendor].trouble(q.random, n)
			}
		})
		for _, s := range q.stands {
			s.vendor.SetFault(nil)
			s.vendor.SetQuirks(sim.Quirks{List: true})
		}
		time.Sleep(time.Duration(q.random.Int64N(int64(5 * time.Hour))))
	}
	q.hook.fail = nil
	q.life(time.Minute, func() {})

	fetches := map[string]int{}
	for _, f := range q.told.Fetches {
		fetches[f.Vendor]++
	}
	for _, l := range sim.Labels() {
		s := q.stands[l.Vendor]
		q.compare(s)
		requests := 0
		for _, n := range s.vendor.Stats().Requests {
			requests += n
		}
		if fetches[l.Vendor] < requests-s.calls {
			t.Errorf("%s: %d requests reached the vendor, %d are told", l.Vendor, requests, fetches[l.Vendor])
		}
	}
	if n := q.stands[sim.RemotePC].empty; n < 10 {
		t.Errorf("RemotePC's list was empty %d times: that shows little", n)
	}
	q.level(q.stands[sim.RemotePC])
	var told []string
	for _, e := range q.hook.events {
		told = append(told, fmt.Sprintf("%s %s %s %d", e.Month.String()[:7], e.Customer, e.Resource, e.Percent))
	}
	slices.Sort(told)
	want := append(q.stands[sim.RemotePC].events(), q.stands[sim.CCPortal].events()...)
	if slices.Sort(want); !slices.Equal(told, want) || len(want) < 20 {
		t.Errorf("events delivered %v\nwant %v", told, want)
	}
}

// level compares the metrics at the end with what was true at the last reading.
func (q *quarter) level(s *stand) {
	last := s.sightings[len(s.sightings)-1]
	var allotted, utilized, exhausted float64
	for _, row := range last.rows {
		allotted, utilized = allotted+row.Allotted.V, utilized+row.Utilized.V
		if row.Utilized.V >= row.Allotted.V {
			exhausted++
		}
	}
	v := valuesOf(q.t, q.metrics)
	for name, want := range map[string]float64{
		"reseller_allotted eu computers remotepc": allotted, "reseller_utilized eu computers remotepc": utilized,
		"reseller_allotment_exhausted_customers eu computers remotepc": exhausted,
		"reseller_last_success_timestamp_seconds eu remotepc":          float64(last.at.UnixMilli()) / 1e3,
	} {
		if v[name] != want || want == 0 {
			q.t.Errorf("%s is %v, want %v", name, v[name], want)
		}
	}
}

// provision is what people do by commands while no daemon runs: limits are set, customers made and deleted.
func (q *quarter) provision(n int) {
	sms, lima := q.stands[sim.SerwerSMS], q.stands[sim.LimaCity]
	var err error
	switch n {
	case 1, 6:
		sms.calls++
		c := sms.vendor.Customers(sms.label.Account, time.Now())[n%3]
		l := serwersms.Limit{ID: int64(c.ID), Type: serwersms.Full, Value: 100 * n}
		if err = sms.source.(*serwersms.Client).Limit(q.t.Context(), l); err == nil {
			sms.set(q.t, q.state, l.Allotment(sms.label.Account))
		}
	case 4:
		lima.calls++
		customer := limacity.NewCustomer{Username: "neukunde", Email: "n@example.org", DiskSpaceGB: 10, MySQLSpaceGB: 1, MailLimit: 50}
		var made limacity.Created
		if made, err = lima.source.(*limacity.Client).CreateCustomer(q.t.Context(), customer); err == nil {
			lima.set(q.t, q.state, customer.Allotments(lima.label.Account, made.ID)...)
		}
	case 9:
		sms.calls++
		id, _ := strconv.ParseInt(sms.limits[0].Customer, 10, 64)
		err = sms.source.(*serwersms.Client).Delete(q.t.Context(), id)
	}
	if err != nil {
		q.t.Error(n, err)
	}
}
