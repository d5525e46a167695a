package reseller

import (
	"maps"
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// A customer who can't be read is asked again, apart from the others, after pauses that double from
// the first to the longest: some thirty requests a day, however often the account is due.
const (
	customerFirst = time.Minute
	customerMost  = time.Hour
)

// round is how far an account whose customers are asked one by one has been read since it was due.
type round struct {
	configured func() []string
	customers  []string // of them, as they were when the account was due
	owed       map[string]bool
	pauses     map[string]*pacing.Pause // of customers whose last reading failed
	asking     bool
	late       []string // became due while others were asked
}

func newRound(configured func() []string) *round {
	r := &round{configured: configured, owed: map[string]bool{}, pauses: map[string]*pacing.Pause{}}
	r.start()
	return r
}

// start makes all customers due. Those who pause still do: a schedule is no reason to ask them sooner.
func (r *round) start() {
	r.customers = nil
	here := map[string]bool{}
	for _, name := range r.configured() {
		if !here[name] {
			r.customers, here[name] = append(r.customers, name), true
		}
	}
	gone := func(name string) bool { return !here[name] }
	maps.DeleteFunc(r.owed, func(name string, _ bool) bool { return gone(name) })
	maps.DeleteFunc(r.pauses, func(name string, _ *pacing.Pause) bool { return gone(name) })
	r.late = slices.DeleteFunc(r.late, gone)
	r.owe(r.customers...)
}

// restart makes all customers due at once.
func (r *round) restart() {
	clear(r.pauses)
	r.start()
}

// add makes one customer due at once, who may have been changed through us.
func (r *round) add(name string) {
	if slices.Contains(r.customers, name) {
		delete(r.pauses, name)
		r.owe(name)
	}
}

func (r *round) owe(names ...string) {
	if r.asking {
		r.late = append(r.late, names...)
		return
	}
	for _, name := range names {
		r.owed[name] = true
	}
}

// ask begins a reading and returns the customers who are due.
func (r *round) ask(now time.Time) (names []string) {
	r.asking = true
	for _, name := range r.customers {
		if p := r.pauses[name]; r.owed[name] && (p == nil || p.Ends(now).IsZero()) {
			names = append(names, name)
		}
	}
	return names
}

// finish ends a reading; what was not settled is owed still.
func (r *round) finish() {
	r.asking = false
	r.owe(r.late...)
	r.late = nil
}

// until is when the next customer is due; zero if one is now, or none is owed.
func (r *round) until(now time.Time) (first time.Time) {
	for name := range r.owed {
		var ends time.Time
		if p := r.pauses[name]; p != nil {
			ends = p.Ends(now)
		}
		if ends.IsZero() {
			return ends
		}
		if first.IsZero() || ends.Before(first) {
			first = ends
		}
	}
	return first
}

// settle takes note of a reading that was recorded.
func (r *round) settle(s *report.Snapshot, now time.Time) {
	for _, name := range s.Read {
		if s.Failed[name] == nil {
			delete(r.owed, name)
			delete(r.pauses, name)
		}
	}
	for name := range s.Failed {
		if r.pauses[name] == nil {
			r.pauses[name] = &pacing.Pause{}
		}
		r.pauses[name].Wait(now, customerFirst, customerMost)
	}
}

// missing are the customers who are still owed once s is settled.
func (r *round) missing(s *report.Snapshot) (names []string) {
	for _, name := range r.customers {
		if r.owed[name] && (!slices.Contains(s.Read, name) || s.Failed[name] != nil) {
			names = append(names, name)
		}
	}
	return names
}

// kept are the customers of whom s says nothing.
func (r *round) kept(s *report.Snapshot) (names []string) {
	for _, name := range r.customers {
		if !slices.Contains(s.Read, name) {
			names = append(names, name)
		}
	}
	return names
}
