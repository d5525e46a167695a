package store

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

func known[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

// allotted returns an allotment of a customer in RemotePC's form.
func allotted(customer string, n, used float64) report.Allotment {
	return report.Allotment{
		Vendor: "remotepc", Account: "eu", Customer: customer, Resource: "computers", Allotted: known(n), Utilized: known(used), Active: known(true),
		CreatedOn: known(report.Day(19000)), Raw: fmt.Sprintf("{%v}", n),
	}
}

func snapshot(at time.Time, all ...report.Allotment) report.Snapshot {
	return report.Snapshot{Vendor: "remotepc", Account: "eu", At: at, Allotments: all}
}

func take(t *testing.T, s *Store, snap report.Snapshot, changes int) {
	t.Helper()
	if n, err := s.Snapshot(snap); err != nil || n != changes {
		t.Fatalf("%d changes, want %d: %v", n, changes, err)
	}
}

func set(t *testing.T, s *Store, a report.Allotment, at time.Time) {
	t.Helper()
	if err := s.SetAllotment(a, at); err != nil {
		t.Fatal(err)
	}
}

// history returns the history in a ClickHouse that has the whole queue, a line per period, of each
// identity the newest version.
type history map[string]report.AllotmentPeriod

func (h history) drain(t *testing.T, s *Store) report.QueuedBatch {
	t.Helper()
	b := drainAll(t, s)
	h.add(t, b)
	return b
}

func (h history) add(t *testing.T, b report.QueuedBatch) {
	t.Helper()
	for _, p := range b.Allotments {
		id := fmt.Sprintf("%q %q %q %q %d", p.Vendor, p.Account, p.Customer, p.Resource, p.ValidFrom.Unix())
		if old, ok := h[id]; !ok || p.Version > old.Version {
			h[id] = p
		} else if p.Version == old.Version && p != old {
			t.Errorf("two states of one period have version %d: %+v %+v", p.Version, old, p)
		}
	}
}

// lines leave out periods that lasted for no second.
func (h history) lines() []string {
	var lines []string
	clock := func(at time.Time) string {
		if at.IsZero() {
			return "now"
		}
		return at.Sub(noon).String()
	}
	number := func(n sql.Null[float64]) string {
		if !n.Valid {
			return "?"
		}
		return fmt.Sprint(n.V)
	}
	for _, p := range h {
		if !p.ValidTo.Equal(p.ValidFrom) {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s/%s%s %s-%s", p.Customer, p.Resource, number(p.Utilized), number(p.Allotted), p.Unit, clock(p.ValidFrom), clock(p.ValidTo))))
		}
	}
	slices.Sort(lines)
	return lines
}

func (h history) want(t *testing.T, want ...string) {
	t.Helper()
	if got := h.lines(); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func minutes(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func TestAPeriodEndsWhereTheNextBegins(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, snapshot(minutes(0).In(time.FixedZone("", 3600)), allotted("a", 5, 1), allotted("b", 1, 1), allotted("c", 2, 0)), 3)
	take(t, s, snapshot(minutes(1), allotted("c", 2, 0), allotted("a", 5, 2), allotted("b", 1, 1)), 1)
	s = reopen(t, s)
	take(t, s, snapshot(minutes(2), allotted("a", 5, 2), allotted("b", 1, 1)), 1)
	take(t, s, snapshot(minutes(3), allotted("b", 1, 1), allotted("a", 5, 2), allotted("c", 2, 0), allotted("d", 9, 9)), 2)
	b := h.drain(t, s)
	h.want(t, "a computers 1/5 0s-1m0s", "a computers 2/5 1m0s-now", "b computers 1/1 0s-now", "c computers 0/2 0s-2m0s", "c computers 0/2 3m0s-now", "d computers 9/9 3m0s-now")
	if len(b.Snapshots) != 4 {
		t.Errorf("%d marks", len(b.Snapshots))
	}
	want := report.SnapshotMark{Vendor: "remotepc", Account: "eu", At: minutes(3), Since: noon, Customers: 4, Version: uint64(minutes(3).UnixMicro())}
	if got := b.Snapshots[3]; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if p := h[`"remotepc" "eu" "a" "computers" `+fmt.Sprint(noon.Unix())]; p.At != noon || p.Allotment != allotted("a", 5, 1) {
		t.Errorf("what has ended has lost something: %+v", p)
	}
	var names []string
	for _, a := range s.Allotments("remotepc", "eu") {
		names = append(names, a.Customer)
	}
	if !slices.Equal(names, []string{"a", "b", "c", "d"}) || s.Allotments("remotepc", "us") != nil {
		t.Errorf("%v", names)
	}
}

// TestEveryColumnIsAChange, except the vendor's spelling and the time of reading.
func TestEveryColumnIsAChange(t *testing.T) {
	for name, change := range map[string]func(*report.Allotment){
		"allotted": func(a *report.Allotment) { a.Allotted.V++ }, "allotted is unknown": func(a *report.Allotment) { a.Allotted.Valid = false },
		"utilized": func(a *report.Allotment) { a.Utilized.V++ }, "utilized is unknown": func(a *report.Allotment) { a.Utilized.Valid = false },
		"unit": func(a *report.Allotment) { a.Unit = "GB" }, "active": func(a *report.Allotment) { a.Active.V = false },
		"active is unknown": func(a *report.Allotment) { a.Active.Valid = false },
		"created on":        func(a *report.Allotment) { a.CreatedOn.V++ }, "created on is unknown": func(a *report.Allotment) { a.CreatedOn.Valid = false },
		"raw": func(a *report.Allotment) { a.Raw = "other" },
	} {
		s := openTest(t, t.TempDir())
		take(t, s, snapshot(minutes(0), allotted("a", 5, 1)), 1)
		drainAll(t, s)
		other := allotted("a", 5, 1)
		change(&other)
		want := 1
		if name == "raw" {
			want = 0
		}
		take(t, s, snapshot(minutes(1), other), want)
		if b := drainAll(t, s); len(b.Allotments) != 2*want || len(b.Snapshots) != 1 {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

func TestAnEmptySnapshotEndsEverything(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, snapshot(minutes(0)), 0)
	take(t, s, snapshot(minutes(1), allotted("a", 5, 1)), 1)
	other := snapshot(minutes(1), allotted("a", 5, 1))
	other.Account = "us"
	take(t, s, other, 1)
	take(t, s, snapshot(minutes(2)), 1)
	b := h.drain(t, s)
	h.want(t, "a computers 1/5 1m0s-2m0s", "a computers 1/5 1m0s-now")
	if got := s.Allotments("remotepc", "eu"); len(got) != 0 || len(s.Allotments("remotepc", "us")) != 1 {
		t.Errorf("%v", got)
	}
	if b.Snapshots[1].Since != noon || b.Snapshots[2].Since != minutes(1) || b.Snapshots[3].Customers != 0 {
		t.Errorf("%+v", b.Snapshots)
	}
}

// TestUnreadCustomers: what is known of them stays; the others change, come and go, and no mark
// says that all was read.
func TestUnreadCustomers(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, snapshot(minutes(0), allotted("a", 5, 1), allotted("b", 5, 1), allotted("c", 5, 1)), 3)
	in := snapshot(minutes(1), allotted("a", 7, 1), allotted("d", 5, 1))
	in.Kept, in.Missing = []string{"b", "nobody"}, []string{"b"}
	take(t, s, in, 3)
	b := h.drain(t, s)
	h.want(t, "a computers 1/5 0s-1m0s", "a computers 1/7 1m0s-now", "b computers 1/5 0s-now", "c computers 1/5 0s-1m0s", "d computers 1/5 1m0s-now")
	if len(b.Snapshots) != 1 || !b.Snapshots[0].At.Equal(minutes(0)) {
		t.Errorf("%+v", b.Snapshots)
	}
}

// TestClockSetBack: no period starts before an earlier one, not even of another customer.
func TestClockSetBack(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, snapshot(minutes(10), allotted("a", 1, 0), allotted("gone", 1, 0)), 2)
	take(t, s, snapshot(minutes(5), allotted("a", 2, 0), allotted("new", 1, 0)), 3)
	s = reopen(t, s)
	take(t, s, snapshot(minutes(6), allotted("a", 3, 0), allotted("gone", 4, 0)), 3)
	take(t, s, snapshot(minutes(30), allotted("a", 3, 0)), 1)
	take(t, s, snapshot(minutes(31), allotted("a", 4, 0)), 1)
	h.drain(t, s)
	h.want(t, "a computers 0/3 10m0s-31m0s", "a computers 0/4 31m0s-now", "gone computers 0/4 10m0s-30m0s")
	take(t, s, snapshot(minutes(1<<20), allotted("a", 4, 0)), 0) // a wrong clock and nothing new
	take(t, s, snapshot(minutes(32), allotted("a", 5, 0)), 1)
	h.drain(t, s)
	h.want(t, "a computers 0/3 10m0s-31m0s", "a computers 0/4 31m0s-32m0s", "a computers 0/5 32m0s-now", "gone computers 0/4 10m0s-30m0s")
}

func TestWithinASecond(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	for i, n := range []float64{1, 2, 3} {
		take(t, s, snapshot(noon.Add(time.Duration(i)*300*time.Millisecond), allotted("a", n, 0)), 1)
	}
	take(t, s, snapshot(noon.Add(950*time.Millisecond)), 1)
	take(t, s, snapshot(noon.Add(960*time.Millisecond), allotted("a", 4, 0), allotted("b", 4, 0)), 2)
	take(t, s, snapshot(noon.Add(970*time.Millisecond), allotted("a", 4, 0)), 1)
	h.drain(t, s)
	h.want(t, "a computers 0/4 0s-now")
}

func TestOfTwoRowsOfOneAllotmentTheFirstCounts(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	for range 2 {
		_, err := s.Snapshot(snapshot(noon, allotted("a", 1, 0), allotted("a", 2, 0)))
		if err != nil {
			t.Fatal(err)
		}
	}
	b := h.drain(t, s)
	h.want(t, "a computers 0/1 0s-now")
	if len(b.Allotments) != 1 || b.Snapshots[1].Customers != 1 {
		t.Errorf("%+v", b)
	}
}

// TestImpossibleValuesAreUnknown: one such value must not stop the queue.
func TestImpossibleValuesAreUnknown(t *testing.T) {
	s := openTest(t, t.TempDir())
	odd := allotted("a\xff", math.NaN(), math.Inf(1))
	odd.Unit, odd.Raw, odd.CreatedOn.V = "\xfe", "{\xff}", -1
	late := allotted("later", 1, 0)
	late.CreatedOn.V = 1 << 16
	for range 2 { // and it is no change each time
		_, err := s.Snapshot(snapshot(noon, odd, late))
		if err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s)
	}
	b := drainAll(t, s)
	if len(b.Allotments) != 2 {
		t.Fatalf("%+v", b.Allotments)
	}
	got, want := b.Allotments[0].Allotment, allotted("a\uFFFD", 0, 0)
	want.Allotted, want.Utilized, want.CreatedOn = sql.Null[float64]{}, sql.Null[float64]{}, sql.Null[report.Day]{}
	want.Unit, want.Raw = "\uFFFD", "{\uFFFD}"
	if got != want || b.Allotments[1].CreatedOn.Valid {
		t.Errorf("got  %+v\nwant %+v\n%+v", got, want, b.Allotments[1])
	}
}

// limit is set through us; customer comes from a vendor that does not list limits.
func limit(name, resource string, n float64) report.Allotment {
	return report.Allotment{Vendor: "serwersms", Account: "pl", Customer: name, Resource: resource, Allotted: known(n), Unit: "SMS", Raw: "set"}
}

func customers(at time.Time, all ...report.Allotment) report.Snapshot {
	snap := report.Snapshot{Vendor: "serwersms", Account: "pl", At: at, WithoutLimits: true}
	for _, a := range all {
		a.Allotted, a.Unit, a.Raw = sql.Null[float64]{}, "", "listed"
		snap.Allotments = append(snap.Allotments, a)
	}
	return snap
}

func TestLimitsThatWereSetThroughUsStay(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	set(t, s, limit("77", "sms_full", 100), minutes(0))
	set(t, s, limit("88", "voice", 5), minutes(1))
	take(t, s, customers(minutes(2), limit("77", "", 0), limit("88", "", 0), limit("99", "", 0)), 3)
	set(t, s, limit("77", "sms_eco", 7), minutes(3))
	set(t, s, limit("77", "sms_full", 200), minutes(4))
	if n := transactions(t, s, func() { set(t, s, limit("77", "sms_full", 200), minutes(5)) }); n != 0 {
		t.Errorf("%d transactions for what is already so", n)
	}
	s = reopen(t, s)
	take(t, s, customers(minutes(6), limit("77", "", 0), limit("99", "", 0)), 2) // 88 is gone
	b := h.drain(t, s)
	h.want(t, "77  ?/? 2m0s-now", "77 sms_eco ?/7SMS 3m0s-now", "77 sms_full ?/100SMS 0s-4m0s", "77 sms_full ?/200SMS 4m0s-now",
		"88  ?/? 2m0s-6m0s", "88 voice ?/5SMS 1m0s-6m0s", "99  ?/? 2m0s-now")
	for _, m := range b.Snapshots {
		if !m.Since.IsZero() {
			t.Errorf("a vendor without limits cannot say since when all is known: %+v", m)
		}
	}
	// A customer's Active comes with the customer and applies to all its allotments.
	blocked := limit("77", "", 0)
	blocked.Active, blocked.CreatedOn = known(false), known(report.Day(19000))
	take(t, s, customers(minutes(7), blocked, limit("99", "", 0)), 3)
	for _, a := range s.Allotments("serwersms", "pl") {
		if a.Active.Valid != (a.Customer == "77") || a.CreatedOn.Valid != a.Active.Valid || a.Resource == "sms_full" && (a.Allotted != known(200.0) || a.Raw != "set") {
			t.Errorf("%+v", a)
		}
	}
}

// TestRowsOfResourcesWithoutLimits: a vendor may also name the resources of its customers.
func TestRowsOfResourcesWithoutLimits(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	listed, other := limit("77", "disk_gb", 0), limit("77", "mail", 0)
	listed.Utilized = known(1.5)
	take(t, s, customers(minutes(0), listed, other), 2)
	set(t, s, limit("77", "disk_gb", 10), minutes(1))
	take(t, s, customers(minutes(2), listed, other), 1)
	take(t, s, customers(minutes(3), limit("77", "", 0)), 2) // what is no longer listed is gone, except for the limit
	take(t, s, customers(minutes(4), limit("77", "", 0)), 0)
	h.drain(t, s)
	h.want(t, "77  ?/? 3m0s-now", "77 disk_gb 1.5/10SMS 2m0s-now", "77 disk_gb 1.5/? 0s-1m0s", "77 disk_gb ?/10SMS 1m0s-2m0s", "77 mail ?/? 0s-3m0s")
}

// TestEndOthers: what was ended comes back with the account.
func TestEndOthers(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	end := func(at time.Time, vendor string, want []string, named ...string) {
		t.Helper()
		s = reopen(t, s)
		if ended, err := s.EndOthers(vendor, named, at); err != nil || !slices.Equal(ended, want) {
			t.Errorf("%q, want %q: %v", ended, want, err)
		}
	}
	take(t, s, snapshot(minutes(0), allotted("a", 5, 1), allotted("b", 1, 1)), 2)
	set(t, s, limit("77", "sms_full", 100), minutes(0))
	end(minutes(1), "remotepc", nil, "us", "eu")
	end(minutes(2), "remotepc", []string{"eu"}, "us")
	end(minutes(3), "remotepc", nil)
	take(t, s, snapshot(minutes(4), allotted("a", 5, 1)), 1)
	h.drain(t, s)
	h.want(t, "77 sms_full ?/100SMS 0s-now", "a computers 1/5 0s-2m0s", "a computers 1/5 4m0s-now", "b computers 1/1 0s-2m0s")
}

func TestASnapshotThatFailsChangesNothing(t *testing.T) {
	s := openTest(t, t.TempDir())
	take(t, s, snapshot(minutes(0), allotted("a", 1, 0)), 1)
	before := s.version
	s.machine.BeforeWrite = func() error { return fmt.Errorf("no room") }
	if n, err := s.Snapshot(snapshot(minutes(1), allotted("a", 2, 0), allotted("b", 2, 0))); err == nil || n != 0 {
		t.Errorf("%d %v", n, err)
	}
	if err := s.SetAllotment(allotted("c", 1, 0), minutes(1)); err == nil {
		t.Error("no error")
	}
	s.machine.BeforeWrite = nil
	if got := s.Allotments("remotepc", "eu"); len(got) != 1 || got[0].Allotted.V != 1 || s.version != before {
		t.Errorf("%+v", got)
	}
	if rows, _ := s.QueueStats(); rows != 2 {
		t.Errorf("%d rows", rows)
	}
	take(t, s, snapshot(minutes(1), allotted("a", 2, 0)), 1)
}
