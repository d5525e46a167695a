package reseller

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"alpemix-collector/report"
)

// The vendors, as report.Allotment names them.
const (
	RemotePC  = "remotepc"
	CCPortal  = "ccportal"
	SerwerSMS = "serwersms"
	LimaCity  = "limacity"
)

// twins are how the vendors are played.
var twins = []*twin{&remotePCTwin, &portalTwin, &serwerSMSTwin, &limaCityTwin}

// twin is how a vendor is played.
type twin struct {
	vendor    string
	account   string   // that of the demonstration
	seats     int      // how many customers an account has, including those who are absent
	strangers []string // customers who never ask the desk for support
	modes     []Mode   // readings of its document, one quirk each and the likeliest combination
	api       func(*Vendor) api
	path      func(*Account) string // what the address of an account's API has after the host
	secrets   func(*Account) []string
	// settings are the account's in the configuration, beside its name.
	settings func(a *Account, address string, customers []string) map[string]any
	// name draws what the vendor calls the customer of a seat. Who comes again is the same, but for a new API key.
	name func(s *seat, r *rand.Rand, c *Customer, visit int64)
	// have gives the customer what it has at a time.
	have func(s *seat, c *Customer, m moment)
	// keeps: who has left is still known.
	keeps bool
	// truth completes what a call reports of a pack; false if it reports nothing. It is nil where no call reports allotments.
	truth func(q *Quirks, c *Customer, a *report.Allotment) bool
	// calls are those that made now of before; either is nil for a customer that was not there.
	calls func(account string, before, now *Customer) []Call
}

// moment is when a customer is looked at, in unix seconds.
type moment struct {
	at      int64
	phase   int64 // of the plan
	visit   int64 // of a guest
	changed int64 // when something of the customer changed last
	leaves  int64 // when a guest goes
	here    bool
}

// Call is one that somebody has made of the vendor, as provisioning_log has it, and what is known by it.
type Call struct {
	Action, Subject, Detail string
	Allotments              []report.Allotment
}

// Calls are those that made now of before; either is nil for a customer that was not there.
func (l Label) Calls(before, now *Customer) []Call {
	return twinOf(l.Vendor).calls(l.Account, before, now)
}

func twinOf(vendor string) *twin {
	i := slices.IndexFunc(twins, func(t *twin) bool { return t.vendor == vendor })
	if i < 0 {
		panic(fmt.Sprintf("nobody plays the vendor %q", vendor))
	}
	return twins[i]
}

// eachChange calls f for each pack whose value is another than before, "" for one that is gone.
func eachChange(before, now *Customer, f func(p Pack, gone bool)) {
	var old []Pack
	if before != nil {
		old = before.Packs
	}
	for _, p := range now.Packs {
		if !slices.Contains(old, p) {
			f(p, false)
		}
	}
	for _, p := range old {
		if _, stays := now.pack(p.Name); !stays {
			f(p, true)
		}
	}
}
