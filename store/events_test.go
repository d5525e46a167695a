package store

import (
	"fmt"
	"reflect"
	"testing"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

func event(customer string, month report.Day, percent int) report.Event {
	return report.Event{
		At: noon, Month: month, Vendor: "remotepc", Account: "eu", Customer: customer, MappedTo: "Acme", Resource: "computers", Percent: percent,
		Allotted: 10, Utilized: 8.5, Unit: "PC",
	}
}

func raise(t *testing.T, s *Store, e report.Event, deliver, want bool) {
	t.Helper()
	if first, err := s.Raise(e, deliver); err != nil || first != want {
		t.Errorf("%+v is the first: %v, want %v; %v", e, first, want, err)
	}
}

func undelivered(t *testing.T, s *Store, want ...report.Event) {
	t.Helper()
	got, err := s.Undelivered()
	if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v %v\nwant %+v", got, err, want)
	}
}

func TestAnEventIsRaisedOnce(t *testing.T) {
	s := openTest(t, t.TempDir())
	const month = report.Day(20000)
	a80, a100, b80 := event("a", month, 80), event("a", month, 100), event("b", month, 80)
	undelivered(t, s)
	raise(t, s, a80, true, true)
	raise(t, s, b80, false, true)
	raise(t, s, a100, true, true)
	later := a80
	later.At, later.Utilized = minutes(60), 9
	if n := transactions(t, s, func() { raise(t, s, later, true, false) }); n != 0 {
		t.Errorf("%d transactions for what has been raised", n)
	}
	s = reopen(t, s)
	raise(t, s, b80, true, false)
	undelivered(t, s, a80, a100)
	for range 2 {
		if err := s.Delivered(a80.ID()); err != nil {
			t.Fatal(err)
		}
	}
	s = reopen(t, s)
	undelivered(t, s, a100)
	raise(t, s, a80, true, false)
	raise(t, s, event("a", month+31, 80), true, true)
	undelivered(t, s, a100, event("a", month+31, 80))
}

func TestEventsAreForgottenAfterAYear(t *testing.T) {
	s := openTest(t, t.TempDir())
	const month = report.Day(20000)
	for i := range 20 {
		raise(t, s, event(fmt.Sprint(i), month, 80), false, true)
		raise(t, s, event(fmt.Sprint(i), month+1, 80), false, true)
	}
	raise(t, s, event("a", month+eventDays, 80), false, true)
	raise(t, s, event("0", month, 80), false, false)
	raise(t, s, event("a", month+eventDays+1, 80), false, true)
	kept := 0
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(eventsBucket).ForEach(func(key, _ []byte) error { kept++; return nil })
	})
	if err != nil || kept != 22 {
		t.Errorf("%d events are remembered, %v", kept, err)
	}
	raise(t, s, event("0", month, 80), false, true)
}

func TestAnEventThatCannotBeWrittenIsNotRaised(t *testing.T) {
	s := openTest(t, t.TempDir())
	s.machine.BeforeWrite = func() error { return fmt.Errorf("no room") }
	if first, err := s.Raise(event("a", 1, 80), true); err == nil || first {
		t.Errorf("%v %v", first, err)
	}
	s.machine.BeforeWrite = nil
	raise(t, s, event("a", 1, 80), true, true)
	undelivered(t, s, event("a", 1, 80))
}
