package store

import (
	"testing"

	"alpemix-collector/report"
)

// TestRestOfARound: customers that were read before are kept, and none is missing any more.
func TestRestOfARound(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, snapshot(minutes(0), allotted("a", 5, 1), allotted("b", 5, 1)), 2)
	rest := snapshot(minutes(1), allotted("b", 6, 1))
	rest.Kept = []string{"a"}
	take(t, s, rest, 1)
	b := h.drain(t, s)
	h.want(t, "a computers 1/5 0s-now", "b computers 1/5 0s-1m0s", "b computers 1/6 1m0s-now")
	if n := len(b.Snapshots); n != 2 || b.Snapshots[1].Customers != 2 {
		t.Errorf("%+v", b.Snapshots)
	}
}

// TestListInDoubtKeepsOurLimits: for customers in the list, and for those not in it.
func TestListInDoubtKeepsOurLimits(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, customers(minutes(0), limit("a", "", 0), limit("b", "", 0)), 2)
	set(t, s, limit("a", "sms_eco", 10), minutes(1))
	set(t, s, limit("b", "sms_eco", 20), minutes(1))
	short := customers(minutes(2), limit("a", "", 0))
	short.Kept, short.Missing = []string{"b"}, []string{"b"}
	take(t, s, short, 0)
	if b := h.drain(t, s); len(b.Snapshots) != 1 {
		t.Errorf("%+v", b.Snapshots)
	}
}

func TestADeletedCustomerEndsAtOnce(t *testing.T) {
	s, h := openTest(t, t.TempDir()), history{}
	take(t, s, snapshot(minutes(0), allotted("a", 5, 1), allotted("b", 5, 1)), 2)
	for range 2 { // again, as after a crash
		if err := s.EndCustomer("remotepc", "eu", "a", minutes(1)); err != nil {
			t.Fatal(err)
		}
	}
	h.drain(t, s)
	h.want(t, "a computers 1/5 0s-1m0s", "b computers 1/5 0s-now")
}

func TestADoubtOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	want := report.Doubt{Since: minutes(1), Readings: 2}
	if err := s.SetDoubt("remotepc", "eu", want); err != nil || s.Doubt("remotepc", "eu") != (report.Doubt{}) {
		t.Errorf("of an account that is not known: %v %v", s.Doubt("remotepc", "eu"), err)
	}
	take(t, s, snapshot(minutes(0), allotted("a", 5, 1)), 1)
	if err := s.SetDoubt("remotepc", "eu", want); err != nil {
		t.Fatal(err)
	}
	take(t, s, snapshot(minutes(2), allotted("a", 6, 1)), 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s = openTest(t, dir); s.Doubt("remotepc", "eu") != want {
		t.Errorf("%+v", s.Doubt("remotepc", "eu"))
	}
	if err := s.SetDoubt("remotepc", "eu", report.Doubt{}); err != nil || s.Doubt("remotepc", "eu") != (report.Doubt{}) {
		t.Errorf("%+v %v", s.Doubt("remotepc", "eu"), err)
	}
}
