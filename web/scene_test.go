package web

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

// sceneNow is on a busy Thursday.
var sceneNow = time.Date(2026, 3, 12, 14, 36, 20, 0, simulator.Istanbul)

const sceneZone = "Europe/Istanbul"

// scene is a support desk at a time: the facts behind the page. A test may change it while the page
// is open.
type scene struct {
	mu     sync.Mutex
	status Status
	usage  *Usage
	err    error
}

// change changes the scene from now on.
func (s *scene) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// server returns a Server of the scene.
func (s *scene) server(listen string) *Server {
	return New(Config{
		Listen: listen, Gatherer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Ready: func() error { return nil },
		Status: func() Status {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.status
		},
		Usage: func(context.Context) (*Usage, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.usage, s.err
		},
	})
}

// emptyScene is the first minute of a new collector: an account, and nothing else.
func emptyScene() *scene {
	today := report.DayOf(sceneNow)
	status := Status{
		Version: "v1.0.0", StartedAt: sceneNow.UTC(), At: sceneNow.UTC(), Resellers: []Reseller{}, CustomersFile: CustomersFile{Valid: true},
		Budget:   Budget{Reports: 3, Tokens: 5, ReportLimit: 3, TokenLimit: 5, WindowSeconds: 60},
		Accounts: []Account{{Name: "main", Timezone: sceneZone, Today: today}},
	}
	return &scene{status: status}
}

// busyScene is a desk after 90 days, one of them lost, with customers and their allotments.
func busyScene(t testing.TB) *scene {
	t.Helper()
	ago := func(d time.Duration) *time.Time { return new(sceneNow.Add(-d).UTC()) }
	desk := &simulator.World{Seed: 1}
	a := deskUsage(desk, "main")
	a.Days[41].State, a.Days[41].Use = DayGap, Use{}
	customers := deskCustomers(desk, a)
	s := &scene{
		usage: &Usage{Accounts: []AccountUsage{a}, Month: report.DayOf(sceneNow) - 11, Customers: customers, CustomerCount: 34, Quarantine: []Quarantined{}},
		status: Status{
			Version: "v1.0.0", StartedAt: *ago(9*24*time.Hour + 5*time.Hour), At: sceneNow.UTC(),
			Budget: Budget{Reports: 2, Tokens: 5, ReportLimit: 3, TokenLimit: 5, WindowSeconds: 60},
			Accounts: []Account{{
				Name: "main", Timezone: sceneZone, Today: a.Today, LastSuccess: LastSuccess{Today: ago(8 * time.Second), Yesterday: ago(151 * time.Minute)},
				ConnectionsToday: total(a.Hours).Connections, ConnectionSecondsToday: total(a.Hours).Seconds,
				UnsealedDays: []report.Day{}, SealedUntil: new(a.Today - 1), GapDays: 1,
			}},
			CustomersFile: CustomersFile{File: "customers.csv", Valid: true, Lines: 58},
		},
	}
	resellers := &world.World{Seed: 1, Desk: desk, DeskAccount: "main"}
	for i, l := range world.Labels() {
		all := resellers.Allotments(l, sceneNow)
		s.status.Resellers = append(s.status.Resellers, Reseller{
			Vendor: l.Vendor, Name: l.Account, State: SnapshotOK, LastSnapshot: ago(time.Duration(36*60+i) * time.Second),
			NextSnapshot: new(sceneNow.Add(24 * time.Minute).Truncate(time.Minute).UTC()), Customers: len(resellers.Customers(l, sceneNow)), Allotments: len(all),
		})
	}
	return s
}

func total(hours []HourUse) (all Use) {
	for _, h := range hours {
		all.Connections += h.Connections
		all.Seconds += h.Seconds
	}
	return all
}

// deskUsage returns what a simulated desk did.
func deskUsage(desk *simulator.World, account string) AccountUsage {
	u := AccountUsage{Name: account, Today: report.DayOf(sceneNow)}
	for h := range sceneNow.Hour() + 1 {
		u.Hours = append(u.Hours, HourUse{Start: u.Today.Start(simulator.Istanbul).Add(time.Duration(h) * time.Hour)})
	}
	staff := map[string]Use{}
	for day := u.Today - DaysShown + 1; day <= u.Today; day++ {
		d := DayUse{Day: day, State: DaySealed}
		if day == u.Today {
			d.State = DayOpen
		}
		for _, c := range desk.Connections(account, day, sceneNow) {
			add := func(to *Use) { to.Connections++; to.Seconds += uint64(c.Duration.Seconds()) }
			add(&d.Use)
			if day == u.Today {
				add(&u.Hours[c.StartedAt.In(simulator.Istanbul).Hour()].Use)
			}
			if day > u.Today-StaffDays {
				use := staff[c.Staff.Name]
				add(&use)
				staff[c.Staff.Name] = use
			}
		}
		u.Days = append(u.Days, d)
	}
	for name, use := range staff {
		u.Staff = append(u.Staff, StaffUse{name, use})
	}
	slices.SortFunc(u.Staff, func(a, b StaffUse) int {
		return cmp.Or(cmp.Compare(b.Connections, a.Connections), cmp.Compare(a.Name, b.Name))
	})
	u.StaffCount = uint64(len(u.Staff))
	u.Staff = u.Staff[:StaffShown]
	return u
}

// deskCustomers returns customers of the desk with round allotments.
func deskCustomers(desk *simulator.World, a AccountUsage) []Customer {
	f := func(n float64) *float64 { return &n }
	uses := [][]Allotment{
		{{"computers", f(10), f(12), f(1.2)}, {"sms_full", f(2500), nil, nil}},
		{{"mail", f(50), f(50), f(1)}, {"web", f(250), nil, nil}},
		{{"computers", f(25), f(22), f(.88)}},
		{{"mail", f(30), f(19), f(.633)}},
		{{"computers", f(100), f(41), f(.41)}, {"mail", f(10), f(3), f(.3)}},
		{{"computers", f(5), f(1), f(.2)}},
		{},
	}
	var list []Customer
	for i, c := range desk.Customers("main")[:len(uses)] {
		use := a.Staff[i].Use
		list = append(list, Customer{Name: c.Company, Allotments: uses[i], Use: Use{use.Connections / 5, use.Seconds / 5}})
	}
	return list
}

// strange has names that contain markup.
const strange = `<script>window.hacked = true</script><img src=x onerror="window.hacked = true">`

// troubledScene has two accounts in two zones, everything that can go wrong, and strange names.
func troubledScene(t testing.TB) *scene {
	s := busyScene(t)
	when := func(d time.Duration) *time.Time { return new(sceneNow.Add(d).UTC()) }
	first := &s.status.Accounts[0]
	first.LastError = &LastError{Report: report.Today, Reason: "blocked", Code: 204, Message: "the vendor blocks this address " + strange}
	first.BackoffUntil = when(10 * time.Minute)
	first.UnsealedDays = []report.Day{first.Today - 1}
	second := s.usage.Accounts[0]
	second.Name, second.Today = strange, second.Today-1
	second.Days, second.Hours, second.Staff = slices.Clone(second.Days), nil, slices.Clone(second.Staff)
	angeles, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	second.Today = report.DayOf(sceneNow.In(angeles))
	second.Hours = []HourUse{{Start: second.Today.Start(angeles)}}
	second.Staff[0].Name = strange
	for i := range second.Days {
		second.Days[i].State = []string{DayNotCollected, DayGap, DaySealed, DaySealed, DayOpen}[i*5/len(second.Days)]
	}
	s.usage.Accounts = append(s.usage.Accounts, second)
	s.usage.Customers[0].Name, s.usage.Customers[0].Allotments[0].Resource = strange, strange
	s.usage.Quarantine = []Quarantined{{Vendor: "alpemix", Account: strange, Reason: "dt_invalid", Rows: 3, Oldest: *when(-time.Hour)}}
	s.status.Accounts = append(s.status.Accounts, Account{Name: strange, Timezone: "America/Los_Angeles", Today: second.Today})
	s.status.Queue = Queue{Rows: 1203, Oldest: when(-20 * time.Minute)}
	s.status.Resellers[1].State = SnapshotFailing
	s.status.Resellers[1].LastError = &SnapshotError{Reason: "auth", Message: "the key is refused " + strange, At: sceneNow}
	s.status.CustomersFile = CustomersFile{File: "customers.csv", Lines: 58, Error: "line 7: " + strange}
	return s
}
