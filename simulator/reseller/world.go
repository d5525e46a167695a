// Package reseller simulates the resellers' APIs for tests and for `collector demo`. A seed
// determines the customers of each at any time. Each API has the statuses and errors of its
// document, every shape that the document leaves open, and faults.
package reseller

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// Label is an account with one of the vendors, by its name in the configuration.
type Label struct{ Vendor, Account string }

// Labels are the accounts of the reseller that `collector demo` shows. They have 40 customers.
func Labels() (all []Label) {
	for _, t := range twins {
		all = append(all, Label{t.vendor, t.account})
	}
	return all
}

// World is what the customers of a reseller are allotted and use at any time. It is a function of
// its fields, which must not change after the first use. The zero World is ready to use.
//
// Most customers keep what they have for three to seven weeks, then some of it grows, shrinks,
// comes or goes. Every sixth customer of an account joins and leaves. Some use more than they are
// allotted, some nearly nothing.
type World struct {
	Seed uint64
	// Desk and DeskAccount are whose support the customers ask for: most of them are customers there, too, and a few are with
	// two vendors. nil means the simulator.World of the same seed, "" means main.
	Desk        *simulator.World
	DeskAccount string

	once     sync.Once
	callers  []simulator.Customer // all of the desk's
	regulars []simulator.Customer // those who can be distinguished

	mu    sync.Mutex
	seats map[Label][]seat
}

// Customer is what a vendor knows of a customer at a time.
type Customer struct {
	Company         string // "" for one that came by a call
	Name            string // what the vendor calls it: e-mail address, ParCustId or user name
	ID              int    // SerwerSMS and lima-city number theirs
	Contact         string
	Email           string
	Phone           string
	Secret          string // RemotePC: its password; lima-city: its API key; "" if there is none
	Created         time.Time
	Active          bool // may sign in
	Dirty           bool // CC: requests are pending
	PasswordChanged bool // CC: by the customer itself
	Packs           []Pack
	Used            int      // RemotePC: computers
	Mails           []string // CC: the addresses in use, the primary one first
	Forward         string   // CC: where mail to the primary one goes
}

// Pack is one resource that a customer is allotted, in the words of the vendor's API.
type Pack struct{ Name, Value string }

// Customers returns the customers of the account at the time at.
func (w *World) Customers(l Label, at time.Time) []Customer {
	var present []Customer
	for _, s := range w.seatsFor(l) {
		if c, here := s.at(at); here {
			present = append(present, c)
		}
	}
	return present
}

// Allotments returns what a snapshot of the account at the time at must hold if no call changes
// anything, in the form of Vendor.Truth.
func (w *World) Allotments(l Label, at time.Time) []report.Allotment {
	return allotments(l, w.Customers(l, at), Quirks{})
}

func (w *World) seatsFor(l Label) []seat {
	w.once.Do(w.meet)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seats[l] == nil {
		for i := range twinOf(l.Vendor).seats {
			w.seats[l] = append(w.seats[l], w.newSeat(l, i))
		}
	}
	return w.seats[l]
}

// stream returns the generator that belongs to parts. Everything drawn has its own generator, so
// that it can be drawn without the rest.
func stream(parts ...any) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, parts...) // a hash takes everything
	return rand.New(rand.NewPCG(h.Sum64(), uint64(len(parts))))
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
