package reseller_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"alpemix-collector/report"
)

// TestThresholds walks one customer through a year. Each step is a share of use and the events that it brings.
func TestThresholds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now report.Allotment
		s := &source{vendor: "remotepc", account: "eu", answer: func(context.Context, int) ([]report.Allotment, error) {
			return []report.Allotment{now}, nil
		}}
		o := newOffice(t, s)
		for _, step := range []struct {
			name               string
			at                 string // UTC; midnight in Istanbul is at 21:00
			allotted, utilized float64
			want               string
		}{
			{"below", "2026-07-06 10:00", 10, 7.9, ""},
			{"80 %", "2026-07-06 11:00", 10, 8, "2026-07-01 a computers 80% "},
			{"still there", "2026-07-06 12:00", 10, 9, ""},
			{"back below", "2026-07-07 12:00", 10, 1, ""},
			{"and there again", "2026-07-08 12:00", 10, 9, ""},
			{"100 %", "2026-07-09 12:00", 10, 10, "2026-07-01 a computers 100% "},
			{"more allotted", "2026-07-10 12:00", 100, 10, ""},
			{"reached once more in the month", "2026-07-31 20:59", 100, 100, ""},
			{"a new month in Istanbul, not yet in UTC", "2026-07-31 21:00", 10, 9, "2026-08-01 a computers 80% "},
			{"both at once", "2026-09-02 12:00", 10, 12, "2026-09-01 a computers 80% 2026-09-01 a computers 100% "},
			{"nothing allotted, something used", "2026-10-02 12:00", 0, 1, "2026-10-01 a computers 80% 2026-10-01 a computers 100% "},
			{"nothing of nothing", "2026-11-02 12:00", 0, 0, ""},
			{"the same month a year later", "2027-07-06 12:00", 10, 8, "2027-07-01 a computers 80% "},
		} {
			at, err := time.Parse("2006-01-02 15:04", step.at)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(at))
			now = has("eu", "a", step.allotted, step.utilized)
			o.hook = &webhook{}
			o.run(time.Second) // each time a new process
			if got := o.hook.got(); got != step.want {
				t.Errorf("%s: told %q, want %q", step.name, got, step.want)
			}
		}
	})
}

// TestUnknownIsNoThreshold: neither an unknown allotment nor an unknown use.
func TestUnknownIsNoThreshold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := has("eu", "a", 1, 1), has("eu", "b", 1, 1)
		a.Allotted.Valid, a.Allotted.V = false, 0
		b.Utilized.Valid = false
		o := newOffice(t, always("eu", a, b))
		o.hook = &webhook{}
		o.run(time.Second)
		if got := o.hook.got(); got != "" {
			t.Errorf("told %q", got)
		}
	})
}

// refuses fails every delivery.
func refuses(class report.Class, reason string) func(report.Event) error {
	return func(report.Event) error { return report.Fail(class, reason, "the webhook: %s", reason) }
}

func (w *webhook) since(began time.Time) (all []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.tries {
		all = append(all, at.Sub(began))
	}
	return all
}

// TestAReceiverThatIsAway is tried less and less often, with one event for all, also over a restart, until it is back.
func TestAReceiverThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 8), has("eu", "b", 10, 10)))
		o.hook = &webhook{fail: refuses(report.Transient, "connect_refused")}
		jobs := o.run(10 * minute)
		want := []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second, 155 * time.Second, 275 * time.Second, 395 * time.Second, 515 * time.Second}
		if got := o.hook.since(monday); !reflect.DeepEqual(got, want) {
			t.Errorf("tried after %v, want %v", got, want)
		}
		if n := jobs.Facts().EventsWaiting; n != 3 {
			t.Errorf("%d events wait", n)
		}
		if problems, err := testutil.GatherAndLint(o.metrics); err != nil || len(problems) != 0 {
			t.Errorf("as promtool check metrics: %v %v", problems, err)
		}
		if v := o.values(); v["reseller_webhook_failures_total connect_refused"] != 9 || v["reseller_webhook_queue_events"] != 3 || v["reseller_webhook_deliveries_total"] != 0 {
			t.Errorf("%v", v)
		}
		o.hook.fail = nil
		o.run(time.Second)
		if got, want := o.hook.got(), "2026-07-01 a computers 80% 2026-07-01 b computers 80% 2026-07-01 b computers 100% "; got != want {
			t.Errorf("delivered %q, want %q", got, want)
		}
		if v := o.values(); v["reseller_webhook_queue_events"] != 0 || v["reseller_webhook_deliveries_total"] != 3 || v["reseller_threshold_events_total eu 80 computers remotepc"] != 0 {
			t.Errorf("%v", v)
		}
	})
}

// TestAnEventThatIsRefused does not hold up the others, and is given up after a day.
func TestAnEventThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 8), has("eu", "b", 10, 8)))
		o.hook = &webhook{fail: func(e report.Event) error {
			if e.Customer == "a" {
				return report.Fail(report.Permanent, "http_4xx", "the webhook: it does not like a")
			}
			return nil
		}}
		o.run(time.Second)
		if got := o.hook.got(); got != "2026-07-01 b computers 80% " {
			t.Errorf("delivered %q", got)
		}
		o.run(23 * hour)
		if n := len(o.store.waiting); n != 1 {
			t.Errorf("%d events wait after 23 hours", n)
		}
		tries := len(o.hook.since(monday))
		if tries < 24 || tries > 32 {
			t.Errorf("%d tries", tries)
		}
		o.run(2 * hour)
		if n := len(o.store.waiting); n != 0 {
			t.Errorf("%d events wait after 25 hours", n)
		}
		if v := o.values(); v["reseller_webhook_dropped_total"] != 1 || len(o.hook.since(monday)) > tries+4 {
			t.Errorf("%v after %d tries", v, len(o.hook.since(monday)))
		}
		if text := o.logged(); strings.Count(text, "given up") != 1 {
			t.Errorf("log:\n%s", text)
		}
	})
}

// TestWithoutAWebhook nothing waits, and one that is configured later is told of what comes later.
func TestWithoutAWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := always("eu", has("eu", "a", 10, 8))
		o := newOffice(t, s)
		o.run(time.Second)
		if v := o.values(); v["reseller_threshold_events_total eu 80 computers remotepc"] != 1 || len(o.store.waiting) != 0 {
			t.Errorf("%v, %d wait", v, len(o.store.waiting))
		}
		s.answer = always("eu", has("eu", "a", 10, 10)).answer
		o.hook = &webhook{}
		o.run(time.Second)
		if got := o.hook.got(); got != "2026-07-01 a computers 100% " {
			t.Errorf("delivered %q", got)
		}
	})
}

// TestADeliveryThatCannotBeRecorded is recorded later, and the event is not delivered twice.
func TestADeliveryThatCannotBeRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 8)))
		o.hook = &webhook{}
		o.hook.fail = func(report.Event) error { o.store.setBroken(errDisk); return nil }
		time.AfterFunc(5*minute, func() { o.store.setBroken(nil) })
		o.run(10 * minute)
		if len(o.hook.since(monday)) != 1 || len(o.store.waiting) != 0 {
			t.Errorf("delivered at %v, %d wait", o.hook.since(monday), len(o.store.waiting))
		}
	})
}

// TestOurOwnEndIsNoFailureOfTheReceiver: the event waits for the next start.
func TestOurOwnEndIsNoFailureOfTheReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, always("eu", has("eu", "a", 10, 8)))
		o.hook = &webhook{}
		jobs := o.open()
		ctx, stop := context.WithCancel(t.Context())
		o.hook.fail = func(report.Event) error { stop(); return errors.New("cut") }
		if err := jobs.Run(ctx); err != nil {
			t.Error(err)
		}
		if v := o.values(); len(o.store.waiting) != 1 || v["reseller_webhook_failures_total internal"] != 0 {
			t.Errorf("%d wait, %v", len(o.store.waiting), v)
		}
	})
}

// TestAReceiverThatWasBackIsTriedAsOftenAsAtFirst when it goes away again.
func TestAReceiverThatWasBackIsTriedAsOftenAsAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{vendor: "remotepc", account: "eu", answer: func(_ context.Context, n int) ([]report.Allotment, error) {
			return []report.Allotment{has("eu", "a", 10, float64(6+2*n))}, nil // 80 % at once, 100 % at the next reading
		}}
		o := newOffice(t, s)
		o.hook = &webhook{}
		o.hook.fail = func(report.Event) error {
			if n := len(o.hook.tries); n == 4 || n == 6 {
				return nil
			}
			return report.Fail(report.Transient, "timeout", "the webhook: too slow")
		}
		o.run(hour)
		want := []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 30 * minute, 30*minute + 5*time.Second}
		if got := o.hook.since(monday); !reflect.DeepEqual(got, want) {
			t.Errorf("tried after %v, want %v", got, want)
		}
	})
}
