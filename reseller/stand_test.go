package reseller_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/simulator"
	sim "alpemix-collector/simulator/reseller"
	"alpemix-collector/store"
)

// stand is one vendor with the client that reads it and what was true whenever it was read whole.
type stand struct {
	label     sim.Label
	vendor    *sim.Vendor
	source    reseller.Source
	customers []string           // of CC, in the order in which they are asked
	limits    []report.Allotment // of the others, as set through us
	noting    sync.Mutex
	answers   []answer // to the requests of this read
	sightings []sighting
	sets      []time.Time // when something was set through us
	calls     int         // by commands
	empty     int         // lists of RemotePC without anybody
}

// answer is when the vendor made its answer to a request.
type answer struct {
	path string
	at   time.Time
}

// sighting is what was true of an account when it was read.
type sighting struct {
	at   time.Time
	rows []report.Allotment
}

func newStand(t *testing.T, l sim.Label, w *sim.World) *stand {
	t.Helper()
	s := &stand{label: l}
	s.vendor = sim.New(l.Vendor, sim.Options{World: w, Now: time.Now})
	var environ []string
	give := func(key string, value any) {
		if list, ok := value.([]string); ok {
			value = strings.Join(list, ",")
		}
		environ = append(environ, strings.ToUpper(fmt.Sprintf("COLLECTOR_RESELLER_%s_ACCOUNTS_0_%s", l.Vendor, key))+fmt.Sprint("=", value))
	}
	for key, value := range s.vendor.Settings(l.Account, "https://vendor.example"+s.vendor.Path(l.Account)) {
		give(key, value)
	}
	if l.Vendor == sim.CCPortal {
		give("format", "xml")
	}
	c, err := config.Load("", environ)
	if err != nil {
		t.Fatal(err)
	}
	client, err := c.Reseller.Of(l.Vendor)[0].Open("", s)
	if err != nil {
		t.Fatal(err)
	}
	s.source = client
	if portal, ok := client.(reseller.ByCustomer); ok {
		s.customers = portal.Customers()
	}
	return s
}

// RoundTrip notes when the vendor made its answer: some linger on the way.
func (s *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.vendor.RoundTripper().RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if at, err := time.Parse(time.RFC3339Nano, response.Header.Get(sim.PlayedAt)); err == nil {
		s.noting.Lock()
		defer s.noting.Unlock()
		s.answers = append(s.answers, answer{r.URL.Path, at})
	}
	return response, nil
}

// Snapshot notes, beside every snapshot, what it has to say.
func (s *stand) Snapshot(ctx context.Context, customers []string) (report.Snapshot, error) {
	s.answers = nil
	snapshot, err := s.source.Snapshot(ctx, customers)
	if err == nil && s.customers == nil || len(snapshot.Read) > 0 {
		s.sightings = append(s.sightings, sighting{snapshot.At, s.truth(&snapshot)})
	}
	return snapshot, err
}

// truth is what the answers of this read had to say, and what was said last of the customers that could not be read.
func (s *stand) truth(snapshot *report.Snapshot) (rows []report.Allotment) {
	switch s.label.Vendor {
	case sim.RemotePC:
		rows = s.vendor.Truth(s.label.Account, s.answers[0].at)
		if n := len(s.sightings); len(snapshot.Allotments) == 0 && len(rows) > 0 && n > 0 {
			rows = s.sightings[n-1].rows // an empty list is in doubt
			s.empty++
		}
	case sim.CCPortal:
		at := map[time.Time][]report.Allotment{} // most answers are made at one moment
		for _, answer := range s.answers {
			if at[answer.at] == nil {
				at[answer.at] = s.vendor.Truth(s.label.Account, answer.at)
			}
		}
		var before []report.Allotment
		if n := len(s.sightings); n > 0 {
			before = s.sightings[n-1].rows
		}
		for _, customer := range s.customers {
			if slices.Contains(snapshot.Read, customer) {
				rows = append(rows, s.truthOf(customer, at, slices.Contains(snapshot.ActiveKept, customer), before)...)
			}
		}
		for _, row := range before {
			if !slices.Contains(snapshot.Read, row.Customer) {
				rows = append(rows, row)
			}
		}
	default:
		for _, c := range s.vendor.Customers(s.label.Account, s.answers[0].at) {
			id := strconv.Itoa(c.ID)
			rows = append(rows, report.Allotment{Vendor: s.label.Vendor, Account: s.label.Account, Customer: id})
			for _, a := range s.limits {
				if a.Customer == id {
					rows = append(rows, a)
				}
			}
		}
	}
	return sorted(rows)
}

// truthOf is what the answers about a customer of CC had to say: what it is allotted, and later how much of mail it uses and
// whether it is enabled, which may have been known before.
func (s *stand) truthOf(customer string, at map[time.Time][]report.Allotment, keep bool, before []report.Allotment) (rows []report.Allotment) {
	for _, answer := range s.answers {
		mails, access := strings.Contains(answer.path, "/mail/"+customer+"/"), strings.Contains(answer.path, "/access/"+customer+"/")
		if !mails && !access && !strings.Contains(answer.path, "/pack/"+customer+"/") {
			continue
		}
		for _, a := range at[answer.at] {
			if a.Customer != customer {
				continue
			}
			if !mails && !access {
				rows = append(rows, a)
				continue
			}
			for i := range rows {
				switch {
				case access:
					rows[i].Active = a.Active
				case rows[i].Resource == a.Resource && a.Resource == "mail":
					rows[i].Utilized = a.Utilized
				}
			}
		}
	}
	for i := range rows {
		if keep {
			rows[i].Active = sql.Null[bool]{}
		}
		for _, known := range before {
			if keep && known.Customer == customer {
				rows[i].Active = known.Active
			}
		}
	}
	return rows
}

func sorted(rows []report.Allotment) []report.Allotment {
	for i := range rows {
		rows[i].Raw = ""
	}
	slices.SortFunc(rows, func(a, b report.Allotment) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Resource, b.Resource))
	})
	return rows
}

// set records what was set through us.
func (s *stand) set(t *testing.T, state *store.Store, all ...report.Allotment) {
	t.Helper()
	for _, a := range all {
		if err := state.SetAllotment(a, time.Now()); err != nil {
			t.Fatal(err)
		}
		a.Raw = ""
		s.limits = append(s.limits, a)
	}
	s.sets = append(s.sets, time.Now())
}

// events are those that the readings of a stand had to bring, each once.
func (s *stand) events() (all []string) {
	for _, seen := range s.sightings {
		for _, row := range seen.rows {
			for _, percent := range []int{80, 100} {
				e := fmt.Sprintf("%s %s %s %d", seen.at.In(istanbul).Format("2006-01"), row.Customer, row.Resource, percent)
				if row.Allotted.Valid && row.Utilized.Valid && row.Utilized.V*100 >= row.Allotted.V*float64(percent) && !slices.Contains(all, e) {
					all = append(all, e)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// trouble sets up a vendor for a life: its shapes, and what goes wrong.
func (s *stand) trouble(random *rand.Rand, n int) {
	modes := sim.Modes(s.label.Vendor)
	mode := modes[random.IntN(len(modes))]
	if s.label.Vendor == sim.LimaCity && random.IntN(4) > 0 {
		mode.Quirks.List = true
	}
	if mode.Broken && n%3 > 0 {
		mode = modes[0]
		mode.Quirks.List = true
	}
	s.vendor.SetQuirks(mode.Quirks)
	if s.label.Vendor == sim.RemotePC && n%4 == 2 && !mode.Broken { // for a while, and then all are there again
		short := mode.Quirks
		short.EmptyList = true
		s.vendor.SetQuirks(short)
		time.AfterFunc(3*time.Hour, func() { s.vendor.SetQuirks(mode.Quirks) })
	}
	faults := simulator.RandomFaults(random.Uint64(), 0.02+0.2*random.Float64(), sim.EveryFault()...)
	if s.label.Vendor == sim.CCPortal { // some twenty requests for each snapshot
		faults = simulator.RandomFaults(random.Uint64(), 0.02, sim.EveryFault()...)
	}
	if n%7 == 3 {
		away := time.Now().Add(24 * time.Hour)
		usual := faults
		faults = func(r simulator.Request) simulator.Fault {
			if r.At.Before(away) {
				return simulator.Fault{Err: simulator.ErrRefused}
			}
			return usual(r)
		}
	}
	s.vendor.SetFault(faults)
}
