package reseller

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// Options describe a Vendor. The zero value of each field is usable.
type Options struct {
	World    *World    // nil means the World of seed 0
	Accounts []Account // none means that of Labels
	Now      func() time.Time
	Quirks   Quirks
	// Fault is asked before each request is handled, possibly by several goroutines at once. Of its request, Kind is the call, such
	// as user/list or pack/enable. ErrorNumber is the error of the answer: SerwerSMS's code, otherwise an HTTP status. Expire makes the
	// credentials of the request wrong.
	Fault func(simulator.Request) simulator.Fault
	// ClientIP returns where a request comes from; nil means the connection's address, or 192.0.2.10 in RoundTripper.
	ClientIP func(*http.Request) string
	Record   bool // keeps Stats.Log
	// FirstID numbers the first customer that a call creates; 0 means 900001. A vendor that is started again gives no number twice
	// if it starts with another.
	FirstID int
}

// EveryFault lists faults that pass without anyone's help, one of each sort, for simulator.RandomFaults: those of Alpemix's
// network, and errors that the resellers' servers return.
func EveryFault() []simulator.Fault {
	network := slices.DeleteFunc(simulator.EveryFault(), func(f simulator.Fault) bool {
		return f.ErrorNumber != 0 || f.Expire || f.Block != 0 || f.IP != ""
	})
	return append(network, simulator.Fault{ErrorNumber: http.StatusInternalServerError}, simulator.Fault{ErrorNumber: http.StatusServiceUnavailable})
}

// Account is one reseller's account. What is empty gets a default that follows from the name.
type Account struct {
	Name               string   // the collector's label, and what the World draws the account from
	Key                string   // RemotePC and lima-city: the API key; SerwerSMS: the token
	Username, Password string   // SerwerSMS
	Base               string   // CC: where the API is, as its address carries who the reseller is
	AllowedIPs         []string // none means any
}

// Vendor plays the API of one vendor. Its methods may be called at any time, also while it serves. It serves through
// ServeHTTP or RoundTripper.
type Vendor struct {
	name     string
	twin     *twin
	api      api
	world    *World
	accounts []Account
	now      func() time.Time
	clientIP func(*http.Request) string
	record   bool

	mu       sync.Mutex
	quirks   Quirks
	fault    func(simulator.Request) simulator.Fault
	requests int
	blocked  map[string]time.Time
	edits    map[editKey][]edit
	nextID   int             // of a customer that a call creates
	secrets  map[string]bool // that were received or handed out
	stats    Stats
}

// New makes a Vendor.
func New(vendor string, o Options) *Vendor {
	v := &Vendor{
		name: vendor, twin: twinOf(vendor), world: o.World, now: o.Now, clientIP: o.ClientIP, record: o.Record, quirks: o.Quirks, fault: o.Fault,
		blocked: map[string]time.Time{}, edits: map[editKey][]edit{}, secrets: map[string]bool{}, nextID: cmp.Or(o.FirstID, 900_001),
		stats: Stats{Requests: map[string]int{}, Answers: map[int]int{}},
	}
	v.api = v.twin.api(v)
	if v.world == nil {
		v.world = &World{}
	}
	if v.now == nil {
		v.now = time.Now
	}
	if len(o.Accounts) == 0 {
		o.Accounts = []Account{{Name: v.twin.account}}
	}
	for _, a := range o.Accounts {
		a.Username = cmp.Or(a.Username, a.Name)
		a.Password = cmp.Or(a.Password, "password-"+a.Name)
		a.Key = cmp.Or(a.Key, "key-"+vendor+"-"+a.Name)
		a.Base = cmp.Or(a.Base, "/"+a.Name+"/ccsimplemailapi")
		v.accounts = append(v.accounts, a)
	}
	return v
}

// SetQuirks changes how the vendor behaves.
func (v *Vendor) SetQuirks(q Quirks) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.quirks = q
}

// SetFault changes the hook of Options.Fault; nil means that nothing goes wrong.
func (v *Vendor) SetFault(f func(simulator.Request) simulator.Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault = f
}

// Accounts returns the accounts of Options, with the defaults filled in.
func (v *Vendor) Accounts() []Account { return slices.Clone(v.accounts) }

// Path returns the path of the address of account's API, as in the default of the configuration.
func (v *Vendor) Path(account string) string { return v.twin.path(v.accountOf(account)) }

// Settings returns the configuration of account, whose API is at address.
func (v *Vendor) Settings(account, address string) map[string]any {
	var customers []string
	for _, s := range v.world.seatsFor(Label{v.name, account}) {
		var c Customer
		s.name(&c, 0)
		customers = append(customers, c.Key())
	}
	all := v.twin.settings(v.accountOf(account), address, customers)
	all["name"] = account
	return all
}

func (v *Vendor) accountOf(name string) *Account {
	for i := range v.accounts {
		if v.accounts[i].Name == name {
			return &v.accounts[i]
		}
	}
	return &Account{}
}

// Secrets returns everything that must not show anywhere: credentials of accounts and customers,
// and the secrets that were received or handed out so far.
func (v *Vendor) Secrets() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := maps.Clone(v.secrets)
	for _, a := range v.accounts {
		for _, secret := range v.twin.secrets(&a) {
			all[secret] = true
		}
		for _, c := range v.present(a.Name, v.now()) {
			all[c.Secret] = true
		}
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// Stats is what the vendor counted.
type Stats struct {
	Requests map[string]int // every request by call, refused ones included; "" are those that are no call
	Answers  map[int]int    // by result: SerwerSMS's error code, otherwise the HTTP status that is meant; -1 are answers that are not the API's
	Changes  int            // how often a call changed something
	Log      []Entry        // every request; only with Options.Record
}

// Entry is one request as it was counted.
type Entry struct {
	At      time.Time
	Call    string
	Account string
	IP      string
	Code    int  // as in Stats.Answers
	Changed bool // it changed something, whatever was answered
}

// Stats returns a copy of the counts so far.
func (v *Vendor) Stats() Stats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.stats
	s.Requests, s.Answers, s.Log = maps.Clone(s.Requests), maps.Clone(s.Answers), slices.Clone(s.Log)
	return s
}

// Truth returns what account's customers are allotted at the time at, under the present quirks: of
// RemotePC and CC what user/list, pack/list and mail/list report, of SerwerSMS and lima-city what
// was set, which no call reports. Raw is empty. The order is by Customer and Resource.
func (v *Vendor) Truth(account string, at time.Time) []report.Allotment {
	v.mu.Lock()
	defer v.mu.Unlock()
	return allotments(Label{v.name, account}, v.present(account, at), v.quirks)
}

// Customers returns the customers of account at the time at.
func (v *Vendor) Customers(account string, at time.Time) []Customer {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.present(account, at)
}
