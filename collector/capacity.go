package collector

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Rate is the vendor's limit: the number of report requests in any window of time.
type Rate struct {
	Reports int
	Window  time.Duration
}

// Capacity says how often the limits of one scope allow reading its accounts.
type Capacity struct {
	Rate
	Accounts int
	Asked    time.Duration // average time between two reads of today by the schedules
	Every    time.Duration // time between two reads of an account's today, at best
	Days     time.Duration // time to read yesterday of all accounts once
}

// CapacityOf returns the capacity of each scope of the accounts, in order. Accounts whose Rate is
// zero have none.
func CapacityOf(accounts []Account, now time.Time) ([]Capacity, error) {
	var all []Capacity
	asked := map[string]float64{} // by scope, reads of today per second
	place := map[string]int{}
	for _, a := range accounts {
		if a.Rate.Reports <= 0 || a.Rate.Window <= 0 {
			continue
		}
		schedule, err := cron.ParseStandard(a.Today)
		if err != nil {
			return nil, fmt.Errorf("schedule of today: %w", err)
		}
		if _, ok := place[a.Scope]; !ok {
			place[a.Scope] = len(all)
			all = append(all, Capacity{Rate: a.Rate})
		}
		all[place[a.Scope]].Accounts++
		next := schedule.Next(now.In(a.Location))
		asked[a.Scope] += 1 / schedule.Next(next).Sub(next).Seconds()
	}
	for scope, i := range place {
		c := &all[i]
		c.Days = c.Window * time.Duration(c.Accounts) / time.Duration(c.Reports)
		c.Asked = time.Duration(float64(c.Accounts) / asked[scope] * float64(time.Second))
		c.Every = max(c.Asked, c.Days)
	}
	return all, nil
}

// Stale reports whether today can't be read as often as the schedules ask.
func (c Capacity) Stale() bool { return c.Every > c.Asked*3/2 }

// Loses reports whether days can be lost: reading yesterday of all accounts takes so long that
// after one failure, or one restart, there is no time for another try before the vendor's day ends.
func (c Capacity) Loses() bool { return c.Days > 12*time.Hour }

func (c Capacity) String() string {
	s := fmt.Sprintf("%d accounts share %d report requests in %s: today of each is read about every %s",
		c.Accounts, c.Reports, c.Window, round(c.Every))
	if c.Accounts == 1 {
		s = fmt.Sprintf("%d report requests in %s: today is read about every %s", c.Reports, c.Window, round(c.Every))
	}
	if c.Stale() {
		s += fmt.Sprintf(", and not every %s as the schedule asks", round(c.Asked))
	}
	if c.Loses() {
		s += fmt.Sprintf("; reading yesterday for all of them takes %s of the 24 hours in which it is served,"+
			" so days can be lost: collect some accounts from another address", round(c.Days))
	}
	return s
}

func round(d time.Duration) time.Duration {
	if d > time.Hour {
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}
