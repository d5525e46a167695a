package reseller_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

// shrinking is an account of n customers whose list has only the first left of them from a time on.
func shrinking(n, left int, from, until time.Duration) *source {
	all := make([]report.Allotment, n)
	for i, name := range many(n) {
		all[i] = has("eu", name, 10, 1)
	}
	return &source{vendor: "remotepc", account: "eu", answer: func(context.Context, int) ([]report.Allotment, error) {
		if at := time.Since(monday); at >= from && at < until {
			return all[:left], nil
		}
		return all, nil
	}}
}

// TestAListThatSuddenlyLacksCustomersIsInDoubt, with a warning, a metric and a mark, and is believed
// when it stays so.
func TestAListThatSuddenlyLacksCustomersIsInDoubt(t *testing.T) {
	for _, tt := range []struct {
		n, left int
		doubt   bool
	}{
		{1, 0, true}, {2, 0, true}, {20, 0, true}, {20, 9, true}, {3, 0, true}, {4, 1, true}, {1000, 1, true},
		{20, 10, false}, {20, 19, false}, {2, 1, false}, {3, 1, false},
	} {
		t.Run(fmt.Sprint(tt.n, " to ", tt.left), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, shrinking(tt.n, tt.left, 20*minute, 1000*hour))
				jobs := o.open()
				ctx, stop := context.WithTimeout(t.Context(), 9*hour)
				defer stop()
				time.AfterFunc(4*hour, func() {
					f := jobs.Facts().Accounts[0]
					want := tt.left
					if tt.doubt {
						want = tt.n
					}
					if f.Customers != want || f.Partly != tt.doubt || f.LastSuccess.IsZero() || tt.doubt != (f.Missing == tt.n-tt.left) {
						t.Errorf("after some hours: %+v", f)
					}
					if missing := o.values()["reseller_missing_customers eu remotepc"]; tt.doubt != (missing == float64(tt.n-tt.left)) {
						t.Errorf("missing is %v", missing)
					}
					if tt.doubt && (f.Failure == nil || f.Failure.Reason != "list_in_doubt" || o.values()["reseller_request_failures_total eu list_in_doubt remotepc"] == 0) {
						t.Errorf("%+v", f)
					}
				})
				if err := jobs.Run(ctx); err != nil {
					t.Error(err)
				}
				f := jobs.Facts().Accounts[0]
				if f.Customers != tt.left || f.Partly || f.Missing != 0 || f.Failure != nil {
					t.Errorf("in the end: %+v", f)
				}
				if logged := strings.Contains(o.logged(), "the list is accepted now"); logged != tt.doubt {
					t.Errorf("%s", o.logged())
				}
				if n := len(o.sources[0].times(monday)); n > 22 {
					t.Errorf("read %d times", n)
				}
			})
		})
	}
}

// TestADoubtThatPassesLeavesNoTrace, however often the list is short for a while.
func TestADoubtThatPassesLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, shrinking(20, 0, 20*minute, 5*hour))
		jobs := o.run(7 * hour)
		if f := jobs.Facts().Accounts[0]; f.Customers != 20 || f.Missing != 0 || f.Failure != nil || f.Partly {
			t.Errorf("%+v", f)
		}
		if o.store.Doubt("remotepc", "eu") != (report.Doubt{}) {
			t.Error("the doubt stays")
		}
	})
}

// TestADoubtGoesOnAfterARestart: processes of one reading each come to believe the list, too, and say
// so far that they don't.
func TestADoubtGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, shrinking(20, 0, minute, 1000*hour))
		var outcomes []string
		for range 9 {
			err := o.open().Once(t.Context())
			outcome := "done"
			if f, ok := errors.AsType[*report.Failure](err); ok {
				outcome = f.Reason
			}
			outcomes = append(outcomes, outcome)
			time.Sleep(hour)
		}
		want := slices.Repeat([]string{"list_in_doubt"}, 6)
		if got := strings.Join(outcomes, " "); got != "done "+strings.Join(want, " ")+" done done" {
			t.Error(got)
		}
	})
}

// TestAPortalWhosePacksAreSuddenlyEmpty is in doubt, too; a customer who is no longer configured is not.
func TestAPortalWhosePacksAreSuddenlyEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPortal(fails())
		p.empty = func(_ string, at time.Duration) bool { return at > 20*minute }
		o := newOffice(t)
		o.portal, o.customers = p, many(10)
		if f := o.run(3 * hour).Facts().Accounts[0]; f.Customers != 10 || f.Missing != 10 || f.Failure == nil || f.Failure.Reason != "list_in_doubt" {
			t.Errorf("%+v", f)
		}
		if f := o.run(9 * hour).Facts().Accounts[0]; f.Customers != 0 || f.Missing != 0 || f.Failure != nil {
			t.Errorf("%+v", f)
		}
		p.empty = nil
		o.run(minute)
		o.customers = many(2)
		if f := o.run(minute).Facts().Accounts[0]; f.Customers != 2 || f.Missing != 0 || f.Failure != nil {
			t.Errorf("%+v", f)
		}
	})
}
