package demo

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
	"alpemix-collector/store"
)

// allotments records what a running collector would have recorded of the reseller accounts until now,
// each account once. It reads them through the same clients, from simulators whose clock is set back,
// and adds the calls that made the changes: limits that no vendor lists are known by these.
func (d *Vendors) allotments(ctx context.Context, to *daemon.Daemon, now time.Time) error {
	var clock time.Time
	past := map[string]*world.Vendor{}
	for _, l := range world.Labels() {
		past[l.Vendor] = newReseller(l, world.Options{World: d.customers, Now: func() time.Time { return clock }})
	}
	accounts, err := daemon.ResellerAccounts(to.Config, func(vendor string) http.RoundTripper { return past[vendor].RoundTripper() })
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if len(to.State.Allotments(a.Vendor, a.Name)) > 0 {
			continue
		}
		p := &accountPast{state: to.State, world: d.customers, label: world.Label{Vendor: a.Vendor, Account: a.Name}}
		var before []report.Allotment
		for clock = start(now); !clock.After(now); clock = clock.Add(time.Hour) {
			listed := p.world.Allotments(p.label, clock)
			if reflect.DeepEqual(listed, before) {
				continue
			}
			if err := p.hour(ctx, clock, before == nil, a.Source); err != nil {
				return err
			}
			before = listed
		}
	}
	return nil
}

// start is a morning: somebody has begun to use a collector.
func start(now time.Time) time.Time {
	return (report.DayOf(now.In(simulator.Istanbul)) - historyDays).Start(simulator.Istanbul).Add(9 * time.Hour)
}

// accountPast is what happened at one account.
type accountPast struct {
	state *store.Store
	world *world.World
	label world.Label
	last  time.Time // of a call
}

// hour records the calls of the hour before at, and what was read then.
func (p *accountPast) hour(ctx context.Context, at time.Time, first bool, source reseller.Source) error {
	began := at.Add(-time.Hour)
	var before map[string]world.Customer
	if !first {
		before = p.customers(began)
	}
	if err := p.calls(began, at, before, p.customers(at)); err != nil {
		return err
	}
	s, err := source.Snapshot(ctx, nil)
	if err != nil {
		return err
	}
	s.At = at
	_, err = p.state.Snapshot(s)
	return err
}

// customers are those at a time by name.
func (p *accountPast) customers(at time.Time) map[string]world.Customer {
	all := map[string]world.Customer{}
	for _, c := range p.world.Customers(p.label, at) {
		all[c.Name] = c
	}
	return all
}

// calls finds the minutes in which what customers are allotted changed, and records the calls of each.
func (p *accountPast) calls(from, to time.Time, before, after map[string]world.Customer) error {
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

// minute records the calls of a minute. Of the time before the first one only those count by which alone something is known.
func (p *accountPast) minute(at time.Time, before, after map[string]world.Customer) error {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		var old *world.Customer
		if c, known := before[name]; known {
			old = &c
		}
		now := after[name]
		for _, call := range p.label.Calls(old, &now) {
			if before == nil && call.Allotments == nil {
				continue
			}
			if err := p.record(at, call); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[name]; stays {
			continue
		}
		c := before[name]
		for _, call := range p.label.Calls(&c, nil) {
			if err := p.record(at, call); err != nil {
				return err
			}
		}
	}
	return nil
}

// betweenCalls is how long a person takes for one.
const betweenCalls = 20 * time.Second

// record stores a call and what is known by it, not before the last one.
func (p *accountPast) record(at time.Time, call world.Call) error {
	if next := p.last.Add(betweenCalls); next.After(at) {
		at = next
	}
	p.last = at.UTC()
	for _, a := range call.Allotments {
		if err := p.state.SetAllotment(a, p.last); err != nil {
			return err
		}
	}
	return p.state.Provisioned(report.Provisioning{
		At: p.last, Vendor: p.label.Vendor, Account: p.label.Account, Action: call.Action, Subject: call.Subject, Outcome: "ok", Detail: call.Detail,
	})
}
