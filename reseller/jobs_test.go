package reseller_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"alpemix-collector/report"
)

const (
	minute = time.Minute
	hour   = time.Hour
)

func TestAnAccountIsReadAtTheStartAndThenByItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := always("eu", has("eu", "a", 10, 1))
		o := newOffice(t, s)
		o.run(3 * hour)
		if got, want := s.times(monday), []time.Duration{0, 30 * minute, 90 * minute, 150 * minute}; !reflect.DeepEqual(got, want) {
			t.Errorf("read after %v, want %v", got, want)
		}
		if o.queued != 4 || o.store.count("remotepc", "eu") != 4 || len(o.store.fetches) != 4 {
			t.Errorf("told of %d, %d snapshots, %d requests", o.queued, o.store.count("remotepc", "eu"), len(o.store.fetches))
		}
	})
}

// TestSchedulesAreInTheZoneOfTheConfiguration: nine in Istanbul is six in UTC.
func TestSchedulesAreInTheZoneOfTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := always("eu")
		o := newOffice(t, s)
		o.every = "0 9 * * *"
		o.run(24 * hour)
		if got, want := s.times(monday), []time.Duration{0, 20*hour + 30*minute}; !reflect.DeepEqual(got, want) {
			t.Errorf("read after %v, want %v", got, want)
		}
	})
}

// TestAVendorThatHangsOrFailsCostsTheOthersNothing for a whole day.
func TestAVendorThatHangsOrFailsCostsTheOthersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alone := always("alone", has("alone", "a", 10, 1))
		o := newOffice(t, alone)
		o.run(24 * hour)
		want := alone.times(monday)

		hanging := &source{vendor: "remotepc", account: "hanging", answer: func(ctx context.Context, _ int) ([]report.Allotment, error) {
			<-ctx.Done()
			return nil, report.Fail(report.Transient, "canceled", "remotepc account hanging: %w", ctx.Err())
		}}
		defect := &source{vendor: "remotepc", account: "defect", answer: func(context.Context, int) ([]report.Allotment, error) { panic("planted") }}
		other := always("other", has("other", "a", 10, 1))
		o = newOffice(t, hanging, failing("down", report.Transient, "connect_refused"), failing("denied", report.Permanent, "http_403"), defect, other)
		began := time.Now()
		jobs := o.run(24 * hour)
		got := other.times(began)
		if len(got) != len(want) || o.store.count("remotepc", "other") != len(want) {
			t.Errorf("read after %v, alone after %v", got, want)
		}
		for _, at := range got[1:] {
			if began.Add(at).Minute() != 0 || began.Add(at).Second() != 0 {
				t.Errorf("read after %v", at)
			}
		}
		for _, account := range []string{"hanging", "down", "denied", "defect"} {
			if n := o.store.count("remotepc", account); n != 0 {
				t.Errorf("%s: %d snapshots stored", account, n)
			}
		}
		if n := len(hanging.times(began)); n != 1 {
			t.Errorf("hanging: %d reads", n)
		}
		if facts := jobs.Facts(); facts.Accounts[0].Failure != nil {
			t.Errorf("our own end counts as a failure of the vendor: %v", facts.Accounts[0].Failure)
		}
	})
}

// TestTriesGrowApartByTheKindOfFailure and end with a success.
func TestTriesGrowApartByTheKindOfFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, denied := failing("down", report.Transient, "connect_refused"), failing("denied", report.Permanent, "http_403")
		answer := down.answer
		down.answer = func(ctx context.Context, n int) ([]report.Allotment, error) {
			if n == 4 {
				return []report.Allotment{has("down", "a", 10, 1)}, nil
			}
			return answer(ctx, n)
		}
		o := newOffice(t, down, denied)
		jobs := o.open()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- jobs.Run(ctx) }()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		facts := jobs.Facts().Accounts[0]
		if facts.Failure == nil || facts.Failure.Reason != "connect_refused" || facts.FailedAt.Sub(monday) != 15*time.Second ||
			!facts.LastSuccess.IsZero() || facts.NextTry.Sub(monday) != 35*time.Second {
			t.Errorf("while it is down: %+v", facts)
		}
		time.Sleep(3*hour - 20*time.Second)
		synctest.Wait()
		if got, want := down.times(monday)[:6], []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 30 * minute, 30*minute + 5*time.Second}; !reflect.DeepEqual(got, want) {
			t.Errorf("down: read after %v, want %v", got, want)
		}
		if got, want := denied.times(monday), []time.Duration{0, 5 * minute, 15 * minute, 35 * minute, 75 * minute, 135 * minute}; !reflect.DeepEqual(got, want) {
			t.Errorf("denied: read after %v, want %v", got, want)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestAFailureChangesNothing: of a snapshot beside an error only the requests are used.
func TestAFailureChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := always("eu", has("eu", "a", 10, 8), has("eu", "b", 10, 1))
		o := newOffice(t, s)
		answer := s.answer
		s.answer = func(ctx context.Context, n int) ([]report.Allotment, error) {
			if n > 1 {
				return []report.Allotment{has("eu", "b", 10, 10)}, report.Fail(report.Transient, "body_cut", "remotepc account eu: half a list")
			}
			return answer(ctx, n)
		}
		jobs := o.run(35 * minute)
		if got, _ := answer(nil, 1); !reflect.DeepEqual(o.store.Allotments("remotepc", "eu"), got) {
			t.Errorf("known: %v", o.store.Allotments("remotepc", "eu"))
		}
		if n := len(s.times(monday)); n < 5 || len(o.store.fetches) != n || o.store.fetches[1].Outcome != "body_cut" {
			t.Errorf("%d reads, requests told: %v", n, o.store.fetches)
		}
		if facts := jobs.Facts().Accounts[0]; facts.Customers != 2 || facts.Allotments != 2 || !facts.LastSuccess.Equal(monday) {
			t.Errorf("%+v", facts)
		}
		if text := o.logged(); strings.Count(text, "threshold") != 1 {
			t.Errorf("events:\n%s", text)
		}
	})
}

func TestADiskThatIsFullForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := always("eu", has("eu", "a", 10, 10))
		o := newOffice(t, s)
		o.hook = &webhook{}
		o.store.setBroken(errDisk)
		time.AfterFunc(10*minute, func() { o.store.setBroken(nil) })
		o.run(20 * minute)
		v := o.values()
		if v["reseller_request_failures_total eu state remotepc"] < 3 || v["reseller_requests_total eu remotepc"] < 4 {
			t.Errorf("%v", v)
		}
		if o.store.count("remotepc", "eu") != 1 {
			t.Errorf("%d snapshots", o.store.count("remotepc", "eu"))
		}
		if got, want := o.hook.got(), "2026-07-01 a computers 80% 2026-07-01 a computers 100% "; got != want {
			t.Errorf("delivered %q, want %q", got, want)
		}
	})
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := always("good", has("good", "a", 10, 9))
		o := newOffice(t, failing("down", report.Transient, "connect_refused"), good, failing("denied", report.Permanent, "http_403"))
		o.hook = &webhook{}
		err := o.open().Once(t.Context())
		const want = "remotepc account down, request for list: it is connect_refused\nremotepc account denied, request for list: it is http_403"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if o.store.count("remotepc", "good") != 1 || o.hook.got() != "2026-07-01 a computers 80% " {
			t.Errorf("%d snapshots, events %q", o.store.count("remotepc", "good"), o.hook.got())
		}
		for _, s := range o.sources {
			if n := len(s.times(monday)); n != 1 {
				t.Errorf("%s: %d reads", s.account, n)
			}
		}
		o.sources = []*source{good}
		if err := o.open().Once(t.Context()); err != nil {
			t.Error(err)
		}
		o.hook.fail = func(report.Event) error { return report.Fail(report.Transient, "timeout", "the webhook: too slow") }
		good.answer = func(context.Context, int) ([]report.Allotment, error) {
			return []report.Allotment{has("good", "a", 10, 10)}, nil
		}
		if err := o.open().Once(t.Context()); err == nil || err.Error() != "an event of remotepc account good waits for its delivery: the webhook: too slow" {
			t.Error(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := o.open().Once(ended); err == nil || !strings.HasPrefix(err.Error(), "interrupted") {
			t.Error(err)
		}
	})
}

// TestAFailureOfAnyKindNamesVendorAndAccount, also one that the source forgot to sort.
func TestAFailureOfAnyKindNamesVendorAndAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t,
			&source{vendor: "remotepc", account: "eu", answer: func(context.Context, int) ([]report.Allotment, error) { panic("planted") }},
			&source{vendor: "remotepc", account: "us", answer: func(context.Context, int) ([]report.Allotment, error) { return nil, errors.New("unsorted") }})
		err := o.open().Once(t.Context())
		if err == nil || !strings.Contains(err.Error(), "remotepc account eu: a defect in the collector") || !strings.Contains(err.Error(), "remotepc account us: unsorted") {
			t.Error(err)
		}
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := has("eu", "c", 100, 0)
		web.Resource, web.Unit, web.Utilized.Valid = "web", "MB", false
		large := has("eu", "d", 2, 0)
		large.Resource, large.Unit, large.Utilized.Valid = "web", "GB", false
		disk := has("eu", "c", 50, 0)
		disk.Resource, disk.Unit, disk.Utilized.Valid = "disk_gb", "GB", false
		unknown := report.Allotment{Vendor: "remotepc", Account: "eu", Customer: "e"}
		o := newOffice(t, always("eu", has("eu", "a", 10, 9), has("eu", "b", 5, 5), has("eu", "c", 1, 3), has("eu", "d", 0, 0), web, large, disk, unknown),
			failing("down", report.Permanent, "http_403"))
		jobs := o.run(time.Second)
		if problems, err := testutil.GatherAndLint(o.metrics); err != nil || len(problems) != 0 {
			t.Errorf("as promtool check metrics: %v %v", problems, err)
		}
		want := map[string]float64{
			"reseller_last_success_timestamp_seconds eu remotepc":            float64(monday.Unix()),
			"reseller_allotted eu computers remotepc":                        16,
			"reseller_utilized eu computers remotepc":                        17,
			"reseller_allotment_exhausted_customers eu computers remotepc":   2,
			"reseller_allotment_reached_customers eu 80 computers remotepc":  3,
			"reseller_allotment_reached_customers eu 100 computers remotepc": 2,
			"reseller_failing down http_403 remotepc":                        1,
			"reseller_allotted eu web remotepc":                              2148,
			"reseller_allotted eu disk_gb remotepc":                          50,
			"reseller_pending_customers eu remotepc":                         0,
			"reseller_pending_customers down remotepc":                       0,
			"reseller_unread_values eu remotepc":                             0,
			"reseller_unread_values down remotepc":                           0,
			"reseller_missing_customers eu remotepc":                         0,
			"reseller_missing_customers down remotepc":                       0,
			"reseller_requests_total eu remotepc":                            1,
			"reseller_requests_total down remotepc":                          1,
			"reseller_request_failures_total down http_403 remotepc":         1,
			"reseller_threshold_events_total eu 80 computers remotepc":       3,
			"reseller_threshold_events_total eu 100 computers remotepc":      2,
			"reseller_customers_file_valid":                                  1,
			"reseller_customers_file_lines":                                  0,
			"reseller_customers_file_warnings":                               0,
		}
		if got := o.values(); !maps.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if f := jobs.Facts().Accounts[0]; f.Customers != 5 || f.Allotments != 7 || f.Pending != 0 || f.NextTry.Sub(monday) != 30*minute {
			t.Errorf("%+v", f)
		}
	})
}

// TestAServerWithoutSnapshots is asked by the schedule and is no trouble.
func TestAServerWithoutSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing("de", report.Permanent, report.NotOffered)
		o := newOffice(t, s)
		o.store.known["remotepc/de"] = []report.Allotment{has("de", "a", 10, 0)} // set through us
		jobs := o.run(2 * hour)
		if got, want := s.times(monday), []time.Duration{0, 30 * minute, 90 * minute}; !reflect.DeepEqual(got, want) {
			t.Errorf("read after %v, want %v", got, want)
		}
		if f := jobs.Facts().Accounts[0]; !f.NotOffered || f.Failure != nil || f.Customers != 1 || !f.LastSuccess.IsZero() {
			t.Errorf("%+v", f)
		}
		if v := o.values(); v["reseller_requests_total de remotepc"] != 3 || v["reseller_request_failures_total de not_offered remotepc"] != 0 || v["reseller_allotted de computers remotepc"] != 10 {
			t.Errorf("%v", v)
		}
		if o.store.count("remotepc", "de") != 0 || len(o.store.fetches) != 3 || strings.Contains(o.logged(), "not_offered") {
			t.Errorf("%d snapshots, %d requests:\n%s", o.store.count("remotepc", "de"), len(o.store.fetches), o.logged())
		}
		if err := o.open().Once(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestAClockThatCannotBeRight: nothing is asked by it, for what is recorded under it cannot be taken back.
func TestAClockThatCannotBeRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := always("eu", has("eu", "a", 10, 1))
		o := &office{t: t, store: newMemory(), sources: []*source{s}, every: "@hourly"} // a bubble begins in 2000
		if err := o.open().Once(t.Context()); err == nil || !strings.Contains(err.Error(), "2000-01-01 00:00:00: set it") {
			t.Error(err)
		}
		o.run(2 * hour)
		if n := len(s.times(monday)); n != 0 || !strings.Contains(o.logged(), "clock cannot be right") {
			t.Errorf("%d reads", n)
		}
		time.Sleep(time.Until(monday))
		o.run(time.Second)
		if n := len(s.times(monday)); n != 1 {
			t.Errorf("%d reads", n)
		}
	})
}
