package reseller

import (
	"cmp"
	"slices"
	"time"
)

// edit is what a call made of a customer. From then on the World no longer decides about it.
type edit struct {
	at       time.Time
	customer Customer
	gone     bool
}

type editKey struct{ account, name string }

// find is what is known of the customer called name at the time at, and whether it is there.
func (v *Vendor) find(account, name string, at time.Time) (c Customer, here, known bool) {
	edits := v.edits[editKey{account, name}]
	for _, e := range slices.Backward(edits) {
		if !e.at.After(at) {
			return e.customer, !e.gone, true
		}
	}
	for _, s := range v.world.seatsFor(Label{v.name, account}) {
		if c, here := s.at(at); c.Name == name {
			return c, here, true
		}
	}
	return Customer{}, false, false
}

// listed are the customers of x's account as a list of them has them.
func (v *Vendor) listed(x *exchange) []Customer {
	if v.quirks.EmptyList {
		return nil
	}
	return v.present(x.account.Name, x.now)
}

// present is who is there at the time at, by ID or else by name.
func (v *Vendor) present(account string, at time.Time) []Customer {
	var all []Customer
	add := func(name string) {
		if c, here, _ := v.find(account, name, at); here {
			all = append(all, c)
		}
	}
	for _, s := range v.world.seatsFor(Label{v.name, account}) {
		c, here := s.at(at)
		if len(v.edits[editKey{account, c.Name}]) > 0 {
			continue // comes below
		}
		if here {
			all = append(all, c)
		}
	}
	for key := range v.edits {
		if key.account == account {
			add(key.name)
		}
	}
	slices.SortFunc(all, func(a, b Customer) int { return cmp.Or(a.ID-b.ID, cmp.Compare(a.Name, b.Name)) })
	return all
}

// byID finds a customer that is there by its number.
func (v *Vendor) byID(account string, id int, at time.Time) (c Customer, found bool) {
	for _, c := range v.present(account, at) {
		if c.ID == id {
			return c, true
		}
	}
	return Customer{}, false
}

// put stores what the call of x made of c, or that it is gone.
func (v *Vendor) put(x *exchange, c Customer, gone bool) {
	key := editKey{x.account.Name, c.Name}
	v.edits[key] = append(v.edits[key], edit{x.now, c, gone})
	x.changed = true
}

// newID numbers a customer that a call creates.
func (v *Vendor) newID() int {
	v.nextID++
	return v.nextID - 1
}

// keep remembers a secret for Secrets.
func (v *Vendor) keep(secret string) string {
	v.secrets[secret] = true
	return secret
}
