package reseller_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/reseller"
)

// portal plays an account whose customers are asked one by one. refuses returns how a customer fails.
type portal struct {
	source
	refuses func(name string, at time.Duration) *report.Failure
	stops   func(at time.Duration) error // what concerns all
	empty   func(name string, at time.Duration) bool
	odd     string
	asked   map[string][]time.Duration
}

func newPortal(refuses func(name string, at time.Duration) *report.Failure) *portal {
	return &portal{source: source{vendor: "ccportal", account: "kommitt"}, refuses: refuses, asked: map[string][]time.Duration{}}
}

func (p *portal) Snapshot(_ context.Context, customers []string) (report.Snapshot, error) {
	at := time.Since(monday)
	s := report.Snapshot{Vendor: p.vendor, Account: p.account, At: time.Now().UTC(), Failed: map[string]*report.Failure{}}
	if p.stops != nil {
		if err := p.stops(at); err != nil {
			return s, err
		}
	}
	for _, name := range customers {
		p.asked[name] = append(p.asked[name], at)
		f := p.refuses(name, at)
		fetch := report.Fetch{Job: "pack/list", Outcome: "ok"}
		if f != nil {
			fetch.Outcome, s.Failed[name] = f.Reason, f
		} else if p.empty != nil && p.empty(name, at) {
			s.Read = append(s.Read, name)
		} else {
			a := has(p.account, name, 10, 1)
			a.Vendor = p.vendor
			s.Read, s.Allotments = append(s.Read, name), append(s.Allotments, a)
			if p.odd != "" {
				s.Odd = []string{p.odd}
			}
		}
		s.Requests = append(s.Requests, fetch)
	}
	return s, nil
}

func fails(names ...string) func(string, time.Duration) *report.Failure {
	return func(name string, _ time.Duration) *report.Failure {
		if !slices.Contains(names, name) {
			return nil
		}
		return report.Fail(report.Transient, "server_error", "customer %s: ccportal account kommitt, request for pack/list: HTTP 500", name)
	}
}

func many(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint(10000+i))
	}
	return names
}

// TestOneWhoAlwaysFailsCostsNoRounds: the others are read by the schedule, that customer after pauses of its own.
func TestOneWhoAlwaysFailsCostsNoRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails("10007"))
		o := newOffice(t)
		o.portal, o.customers = p, many(500)
		jobs := o.run(24 * hour)
		for name, times := range p.asked {
			switch n := len(times); {
			case name == "10007" && (n < 20 || n > 40):
				t.Errorf("the one who fails was asked %d times: %v", n, times)
			case name != "10007" && n != 25: // at the start and every hour
				t.Errorf("customer %s was asked %d times: %v", name, n, times)
			}
		}
		f := jobs.Facts().Accounts[0]
		if !f.Partly || f.Missing != 1 || f.Failure == nil || f.LastSuccess.IsZero() || f.Customers != 499 {
			t.Errorf("%+v", f)
		}
		v := o.values()
		if v["reseller_missing_customers kommitt ccportal"] != 1 || v["reseller_last_success_timestamp_seconds kommitt ccportal"] == 0 {
			t.Errorf("%v", v)
		}
		if _, failing := v["reseller_failing kommitt server_error ccportal"]; failing {
			t.Error("a partial reading counts as none")
		}
		if text := o.logged(); !strings.Contains(text, "customers are not up to date") || !strings.Contains(text, "customer 10007: ") {
			t.Errorf("%.500s", text)
		}
	})
}

// TestOneWhoFailsForAWhile is read soon after, alone.
func TestOneWhoFailsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(func(name string, at time.Duration) *report.Failure {
			if at < 10*minute {
				return fails("10001")(name, at)
			}
			return nil
		})
		o := newOffice(t)
		o.portal, o.customers = p, many(3)
		jobs := o.run(29 * minute)
		if got := fmt.Sprint(p.asked["10001"], p.asked["10000"]); got != "[0s 1m0s 3m0s 7m0s 15m0s] [0s]" {
			t.Error(got)
		}
		if f := jobs.Facts().Accounts[0]; f.Partly || f.Missing != 0 || f.Failure != nil || f.Customers != 3 {
			t.Errorf("%+v", f)
		}
		if v := o.values(); v["reseller_missing_customers kommitt ccportal"] != 0 {
			t.Errorf("%v", v)
		}
	})
}

// TestAPortalThatIsDown is failing, not partly read, and is read soon after it is back.
func TestAPortalThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails())
		p.stops = func(at time.Duration) error {
			if at > minute && at < 3*hour {
				return report.Fail(report.Transient, "connect_refused", "ccportal account kommitt: nobody there")
			}
			return nil
		}
		o := newOffice(t)
		o.portal, o.customers = p, many(20)
		jobs := o.open()
		ctx, stop := context.WithTimeout(t.Context(), 3*hour+10*minute)
		defer stop()
		during := make(chan reseller.AccountFacts, 1)
		time.AfterFunc(2*hour, func() { during <- jobs.Facts().Accounts[0] })
		if err := jobs.Run(ctx); err != nil {
			t.Error(err)
		}
		after := jobs.Facts().Accounts[0].Failure
		if f := <-during; f.Failure == nil || f.Failure.Reason != "connect_refused" || f.Partly || after != nil {
			t.Errorf("%v %v, after it %v", f.Failure, f.Partly, after)
		}
		for name, times := range p.asked {
			if len(times) != 2 || times[1] > 3*hour+2*minute {
				t.Errorf("customer %s was asked after %v", name, times)
			}
		}
	})
}

// TestEachKindOfFailureIsLogged: the first customer who fails does not hide how others do.
func TestEachKindOfFailureIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(func(name string, _ time.Duration) *report.Failure {
			switch {
			case name < "10003":
				return report.Fail(report.Permanent, "not_found", "customer %s: HTTP 404", name)
			case name < "10005":
				return report.Fail(report.Transient, "server_error", "customer %s: HTTP 500", name)
			case name < "10018":
				return report.Fail(report.Transient, "kind_"+name, "customer %s: odd", name)
			}
			return nil
		})
		o := newOffice(t)
		o.portal, o.customers = p, many(20)
		o.run(time.Second)
		text := o.logged()
		for _, want := range []string{"customer 10000: HTTP 404", "customer 10003: HTTP 500", "failed=3", "failed=2", "more=7"} {
			if !strings.Contains(text, want) {
				t.Errorf("the log lacks %q", want)
			}
		}
		if n := strings.Count(text, "customers are not up to date"); n != 8 {
			t.Errorf("%d lines:\n%.3000s", n, text)
		}
	})
}

// TestEveryCustomerFails: that is a failure of the account, with a bounded number of requests.
func TestEveryCustomerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails(many(100)...))
		o := newOffice(t)
		o.portal, o.customers = p, many(100)
		jobs := o.run(24 * hour)
		requests := 0
		for _, times := range p.asked {
			requests += len(times)
		}
		if f := jobs.Facts().Accounts[0]; f.Partly || f.Failure == nil || requests > 40*100 {
			t.Errorf("%d requests; %+v", requests, f)
		}
	})
}

// TestACustomerWhoWasChangedThroughUs is read at once, alone.
func TestACustomerWhoWasChangedThroughUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails())
		o := newOffice(t)
		o.portal, o.customers = p, many(3)
		jobs := o.open()
		time.AfterFunc(10*minute, func() {
			jobs.Changed("ccportal", "kommitt", "10001")
			jobs.Changed("ccportal", "kommitt", "nobody")
			jobs.Changed("remotepc", "kommitt", "10000")
		})
		ctx, stop := context.WithTimeout(t.Context(), 20*minute)
		defer stop()
		if err := jobs.Run(ctx); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(p.asked); got != "map[10000:[0s] 10001:[0s 10m0s] 10002:[0s]]" {
			t.Error(got)
		}
	})
}

// TestCustomersAreTakenFromTheConfigurationAgain whenever the account is due.
func TestCustomersAreTakenFromTheConfigurationAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails("10000"))
		o := newOffice(t)
		o.portal = p
		start := time.Now()
		o.configured = func() []string {
			if time.Since(start) < 10*minute {
				return many(3)
			}
			return many(4)[1:]
		}
		f := o.run(2 * hour).Facts().Accounts[0]
		if f.Customers != 3 || f.Missing != 0 || f.Failure != nil || len(p.asked["10003"]) != 2 {
			t.Errorf("%+v %v", f, p.asked)
		}
	})
}

// TestAValueThatCannotBeReadIsLoggedOnce for each value.
func TestAValueThatCannotBeReadIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails())
		p.odd = "customer 10000 has pack web with the value \"Tarif L\""
		o := newOffice(t)
		o.portal, o.customers = p, many(3)
		o.run(5 * hour)
		if n := strings.Count(o.logged(), "values could not be read"); n != 1 || !strings.Contains(o.logged(), "Tarif L") {
			t.Errorf("%d times:\n%s", n, o.logged())
		}
		if n := o.values()["reseller_unread_values kommitt ccportal"]; n != 1 {
			t.Errorf("the metric says %v", n)
		}
	})
}
