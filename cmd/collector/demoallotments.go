package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/limacity"
	"alpemix-collector/reseller/serwersms"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
	"alpemix-collector/store"
)

// allotments records what live jobs would have recorded of the reseller accounts until now, of each once. It reads them through the
// same clients, from simulators whose clock is turned back, and adds the calls that made the changes: limits that no vendor
// tells are known by these.
func (d *demoVendors) allotments(ctx context.Context, to *daemon, now time.Time) error {
	var clock time.Time
	past := map[string]*world.Vendor{}
	for _, l := range world.Labels() {
		past[l.Vendor] = newDemoReseller(l, world.Options{World: d.customers, Now: func() time.Time { return clock }})
	}
	accounts, err := resellerAccounts(to.config, func(vendor string) http.RoundTripper { return past[vendor].RoundTripper() })
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if len(to.state.Allotments(a.Vendor, a.Name)) > 0 {
			continue
		}
		p := &demoPast{state: to.state, world: d.customers, label: world.Label{Vendor: a.Vendor, Account: a.Name}}
		var before []report.Allotment
		for clock = demoStart(now); !clock.After(now); clock = clock.Add(time.Hour) {
			told := p.world.Allotments(p.label, clock)
			if reflect.DeepEqual(told, before) {
				continue
			}
			if err := p.hour(ctx, clock, before == nil, a.Source); err != nil {
				return err
			}
			before = told
		}
	}
	return nil
}

// demoStart is a morning: somebody has begun to use a collector.
func demoStart(now time.Time) time.Time {
	return (report.DayOf(now.In(simulator.Istanbul)) - demoDays).Start(simulator.Istanbul).Add(9 * time.Hour)
}

// demoPast is what happened at one account.
type demoPast struct {
	state *store.Store
	world *world.World
	label world.Label
	last  time.Time // of a call
}

// hour records the calls of the hour before at, and what was read then.
func (p *demoPast) hour(ctx context.Context, at time.Time, first bool, source reseller.Source) error {
	began := at.Add(-time.Hour)
	var before map[string]world.Customer
	if !first {
		before = p.customers(began)
	}
	if !first || p.label.Vendor == world.SerwerSMS || p.label.Vendor == world.LimaCity { // the others tell what they allot
		if err := p.calls(began, at, before, p.customers(at)); err != nil {
			return err
		}
	}
	s, err := source.Snapshot(ctx, nil)
	if err != nil {
		return err
	}
	s.At = at
	_, err = p.state.Snapshot(s)
	return err
}

// customers are those of a moment by name.
func (p *demoPast) customers(at time.Time) map[string]world.Customer {
	all := map[string]world.Customer{}
	for _, c := range p.world.Customers(p.label, at) {
		all[c.Name] = c
	}
	return all
}

// calls finds the minutes in which what customers are allotted changed, and records the calls of each.
func (p *demoPast) calls(from, to time.Time, before, after map[string]world.Customer) error {
	if maps.EqualFunc(before, after, func(a, b world.Customer) bool { return slices.Equal(a.Packs, b.Packs) }) {
		return nil
	}
	half := from.Add(to.Sub(from) / 2).Truncate(time.Minute)
	if before == nil || !half.After(from) {
		return p.minute(to, before, after)
	}
	between := p.customers(half)
	if err := p.calls(from, half, before, between); err != nil {
		return err
	}
	return p.calls(half, to, between, after)
}

func (p *demoPast) minute(at time.Time, before, after map[string]world.Customer) error {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		c, old := after[name], before[name]
		if _, known := before[name]; !known && (before != nil || p.label.Vendor == world.LimaCity) {
			if err := p.made(at, c); err != nil {
				return err
			}
		}
		if err := p.plan(at, c, old.Packs); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		c := before[name]
		if _, stays := after[name]; stays || p.label.Vendor != world.SerwerSMS {
			continue
		}
		if err := p.record(at, "subaccounts/delete", c.Key(), ""); err != nil {
			return err
		}
	}
	return nil
}

// made records that a customer was made.
func (p *demoPast) made(at time.Time, c world.Customer) error {
	switch p.label.Vendor {
	case world.RemotePC:
		return p.record(at, "user/add", c.Name, "computers "+c.Packs[0].Value)
	case world.SerwerSMS:
		return p.record(at, "subaccounts/add", c.Name, "id "+c.Key())
	case world.LimaCity:
		var amounts [3]int
		for i, pack := range c.Packs {
			amounts[i], _ = strconv.Atoi(pack.Value) // the simulator's are numbers
		}
		n := limacity.NewCustomer{DiskSpaceGB: amounts[0], MySQLSpaceGB: amounts[1], MailLimit: amounts[2], Username: c.Name, Email: c.Email}
		return p.record(at, "customers/create", c.Name, fmt.Sprintf("disk_gb %d, mysql_gb %d, mail %d; id %d", amounts[0], amounts[1], amounts[2], c.ID),
			n.Allotments(p.label.Account, int64(c.ID))...)
	}
	return nil
}

// plan records what was changed of a customer's packs.
func (p *demoPast) plan(at time.Time, c world.Customer, old []world.Pack) error {
	for _, pack := range c.Packs {
		if slices.Contains(old, pack) {
			continue
		}
		if err := p.allotted(at, c, pack); err != nil {
			return err
		}
	}
	for _, pack := range old {
		if slices.ContainsFunc(c.Packs, func(is world.Pack) bool { return is.Name == pack.Name }) {
			continue
		}
		if err := p.taken(at, c, pack); err != nil {
			return err
		}
	}
	return nil
}

// taken records that a pack was taken away.
func (p *demoPast) taken(at time.Time, c world.Customer, pack world.Pack) error {
	if p.label.Vendor == world.CCPortal {
		return p.record(at, "pack/disable", c.Name, strings.ToLower(pack.Name)+" "+pack.Value)
	}
	return p.allotted(at, c, world.Pack{Name: pack.Name, Value: "0"})
}

// allotted records that a customer was given a pack, or another amount of it.
func (p *demoPast) allotted(at time.Time, c world.Customer, pack world.Pack) error {
	switch p.label.Vendor {
	case world.CCPortal:
		return p.record(at, "pack/enable", c.Name, strings.ToLower(pack.Name)+" "+pack.Value)
	case world.SerwerSMS:
		value, _ := strconv.Atoi(pack.Value) // the simulator's are numbers
		l := serwersms.Limit{ID: int64(c.ID), Type: serwersms.Type(pack.Name), Value: value}
		return p.record(at, "subaccounts/limit", c.Key(), fmt.Sprintf("%s %d", l.Type, l.Value), l.Allotment(p.label.Account))
	}
	return nil
}

// betweenCalls is how long a person takes for one.
const betweenCalls = 20 * time.Second

// record stores a call and what is known by it, not before the last one.
func (p *demoPast) record(at time.Time, action, subject, detail string, allotments ...report.Allotment) error {
	if next := p.last.Add(betweenCalls); next.After(at) {
		at = next
	}
	p.last = at.UTC()
	for _, a := range allotments {
		if err := p.state.SetAllotment(a, p.last); err != nil {
			return err
		}
	}
	return p.state.Provisioned(report.Provisioning{
		At: p.last, Vendor: p.label.Vendor, Account: p.label.Account, Action: action, Subject: subject, Outcome: "ok", Detail: detail,
	})
}
