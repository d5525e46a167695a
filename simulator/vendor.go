package simulator

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"alpemix-collector/report"
)

// Options describe a Vendor. The zero value of each field is usable.
type Options struct {
	World    *World // nil means the World of seed 0
	Accounts []Account
	Now      func() time.Time // the vendor's clock, which may be wrong and may jump; nil means time.Now
	Elapsed  func() time.Time // the clock of limits, blocks and tokens; nil means Now
	Limits   Limits
	Quirks   Quirks
	// Fault is called before each request is handled, possibly by several goroutines at once.
	Fault func(Request) Fault
	// ClientIP returns where a request comes from; nil means the connection's address, or 192.0.2.10 in RoundTripper.
	ClientIP func(*http.Request) string
	// Record keeps the log of requests and what was shown, for Stats and Shown. It costs memory with every request.
	Record bool
	// OnReply is called after each report that was answered, when the caller has read as much of it as arrived.
	OnReply func(Reply)
}

// Account is one customer of Alpemix.
type Account struct {
	Name      string         // the collector's label: Connection.Account, and what the World draws the account from
	Username  string         // mainusername; "" means Name
	SecretKey string         // "" means "secret-" and the Username
	Zone      *time.Location // in which the collector believes dt to be; nil means Istanbul
}

// Vendor simulates the Alpemix API of alpemix.txt at POST /api. Its methods may be called at any
// time, also while it serves.
type Vendor struct {
	world    *World
	accounts []Account
	now      func() time.Time
	elapsed  func() time.Time
	onReply  func(Reply)
	limits   Limits
	clientIP func(*http.Request) string
	record   bool

	mu       sync.Mutex
	quirks   map[string]int // by account, an index of history; "" for requests without an account
	history  []Quirks       // all that were ever set
	fault    func(Request) Fault
	requests int
	tokens   map[string]token
	windows  map[string]*window
	blocked  map[string]time.Time
	stats    Stats
	shown    map[dayKey][]showing
}

// token is an access token's right.
type token struct {
	account string
	ip      string
	expires time.Time
}

// New returns a Vendor that serves through ServeHTTP, RoundTripper or Serve.
func New(o Options) *Vendor {
	v := &Vendor{
		world: o.World, now: o.Now, elapsed: o.Elapsed, onReply: o.OnReply, limits: o.Limits.withDefaults(), clientIP: o.ClientIP, record: o.Record, fault: o.Fault,
		quirks: map[string]int{}, tokens: map[string]token{}, windows: map[string]*window{}, blocked: map[string]time.Time{},
		shown: map[dayKey][]showing{},
		stats: Stats{Requests: map[report.Kind]int{}, Answers: map[int]int{}, Peak: map[string]int{}},
	}
	if v.world == nil {
		v.world = &World{}
	}
	if v.now == nil {
		v.now = time.Now
	}
	if v.elapsed == nil {
		v.elapsed = v.now
	}
	for _, a := range o.Accounts {
		a.Username = cmp.Or(a.Username, a.Name)
		a.SecretKey = cmp.Or(a.SecretKey, "secret-"+a.Username)
		a.Zone = cmp.Or(a.Zone, Istanbul)
		v.accounts = append(v.accounts, a)
	}
	v.SetQuirks(o.Quirks)
	return v
}

// SetQuirks changes how the vendor behaves towards the accounts, or towards all if none is named.
func (v *Vendor) SetQuirks(q Quirks, accounts ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	set := func(account string, q Quirks) {
		v.quirks[account] = len(v.history)
		v.history = append(v.history, q)
	}
	if len(accounts) == 0 {
		set("", q)
	}
	for _, a := range v.accounts {
		if len(accounts) == 0 || slices.Contains(accounts, a.Name) {
			mine := q
			mine.Zone = cmp.Or(q.Zone, a.Zone)
			set(a.Name, mine)
		}
	}
}

// SetFault changes the hook of Options.Fault; nil means that nothing goes wrong.
func (v *Vendor) SetFault(f func(Request) Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault = f
}

// ExpireTokens ends the validity of all tokens now: the next requests get 202.
func (v *Vendor) ExpireTokens() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key, t := range v.tokens {
		t.expires = v.elapsed()
		v.tokens[key] = t
	}
}

// ForgetTokens makes all tokens unknown: the next requests get 203.
func (v *Vendor) ForgetTokens() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.tokens)
}

// Accounts returns the accounts of Options, with the defaults filled in.
func (v *Vendor) Accounts() []Account { return slices.Clone(v.accounts) }

// Stats returns a copy of the counts so far.
func (v *Vendor) Stats() Stats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.stats
	s.Requests, s.Answers, s.Peak = maps.Clone(s.Requests), maps.Clone(s.Answers), maps.Clone(s.Peak)
	s.Violations, s.Blocks, s.Log = slices.Clone(s.Violations), slices.Clone(s.Blocks), slices.Clone(s.Log)
	return s
}

// Report returns the body of the answer that lists all of account's vendor day as seen at the time
// at. It also serves days that requests can no longer reach.
func (v *Vendor) Report(account string, day report.Day, at time.Time) []byte {
	var body bytes.Buffer
	q, _ := v.quirksOf(account)
	if _, err := v.world.WriteReport(&body, account, day, at, 0, q); err != nil {
		panic(fmt.Sprintf("writing to memory failed: %v", err))
	}
	return body.Bytes()
}

// quirksOf returns how the vendor behaves towards account. An unknown account gets the quirks of
// requests without an account.
func (v *Vendor) quirksOf(account string) (q Quirks, index int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	index = v.quirks[account]
	return v.history[index], index
}

func (v *Vendor) account(name string) Account {
	for _, a := range v.accounts {
		if a.Name == name {
			return a
		}
	}
	return Account{Name: name, Zone: Istanbul}
}

func (v *Vendor) ip(r *http.Request) string {
	if v.clientIP != nil {
		return v.clientIP(r)
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return "192.0.2.10"
}

// Accelerated is a clock that shows start when it is created and then runs factor times as fast as time.
func Accelerated(start time.Time, factor float64) func() time.Time {
	made := time.Now()
	return func() time.Time { return start.Add(time.Duration(factor * float64(time.Since(made)))) }
}
