package store

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"alpemix-collector/report"
)

func next(t *testing.T, s *Store, maxRows, maxBytes int, withFetches bool) report.QueuedBatch {
	t.Helper()
	b, ok, err := s.Next(maxRows, maxBytes, withFetches)
	if err != nil || !ok {
		t.Fatalf("next: %v %v", ok, err)
	}
	return b
}

func TestABatchIsIdenticalHoweverOftenItIsTried(t *testing.T) {
	s := openTest(t, t.TempDir())
	var items []report.Item
	for i := range 10 {
		items = append(items, row(fmt.Sprint("u", i), "A"))
	}
	o := observation(items...)
	o.Fetches = []report.Fetch{{At: noon, Account: "main"}}
	commitTest(t, s, o)
	want := next(t, s, 4, 1<<20, false)
	if len(want.Entries) != 4 || len(want.Fetches) != 1 {
		t.Fatalf("%d entries, %d fetches", len(want.Entries), len(want.Fetches))
	}
	more := observation(row("u0", "B"), row("v", "A"))
	more.Fetches = o.Fetches
	more.Days = []report.DayStatus{{Account: "main", Day: 3, State: report.DayOpen}}
	commitTest(t, s, more)
	for _, again := range []func() report.QueuedBatch{
		func() report.QueuedBatch { return next(t, s, 100, 1<<20, true) },
		func() report.QueuedBatch { s = reopen(t, s); return next(t, s, 1, 1, false) },
	} {
		if got := again(); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if err := s.Ack(report.QueuedBatch{First: 1, Last: 3}); err == nil {
		t.Error("a batch that is not in flight was acknowledged")
	}
	if err := s.Ack(want); err != nil {
		t.Fatal(err)
	}
	if err := s.Ack(want); err == nil {
		t.Error("acknowledged twice")
	}
	s = reopen(t, s)
	if rows, oldest := s.QueueStats(); rows != 8 || !oldest.Equal(noon) {
		t.Errorf("%d rows since %v", rows, oldest)
	}
	rest := next(t, s, 100, 1<<20, false)
	if len(rest.Entries) != 8 || rest.First != want.Last+1 || len(rest.Days) != 1 || len(rest.Fetches) != 1 {
		t.Errorf("the rest: %d entries from %d, %d days, %d fetches", len(rest.Entries), rest.First, len(rest.Days), len(rest.Fetches))
	}
}

func TestBatchesAreBounded(t *testing.T) {
	s := openTest(t, t.TempDir())
	var items []report.Item
	for i := range 20 {
		items = append(items, row(fmt.Sprintf("u%02d", i), strings.Repeat("x", 1000)))
	}
	commitTest(t, s, observation(items...))
	for _, tt := range []struct{ rows, bytes, want int }{
		{1, 1 << 20, 1}, {0, 0, 1}, {100, 1, 1}, {100, 3500, 3}, {5, 1 << 20, 5}, {100, 1 << 20, 9},
	} {
		b := next(t, s, tt.rows, tt.bytes, false)
		if len(b.Entries) != tt.want {
			t.Errorf("%d rows, %d bytes: %d entries", tt.rows, tt.bytes, len(b.Entries))
		}
		if err := s.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := s.Next(100, 1<<20, true); ok || err != nil {
		t.Errorf("more: %v %v", ok, err)
	}
}

func TestFetchesWaitForRows(t *testing.T) {
	s := openTest(t, t.TempDir())
	o := observation()
	for i := range 3 {
		o.Fetches = []report.Fetch{{At: noon, Account: "main", Rows: uint64(i)}}
		commitTest(t, s, o)
	}
	if _, ok, err := s.Next(100, 1<<20, false); ok || err != nil {
		t.Errorf("fetches alone made a batch: %v %v", ok, err)
	}
	s = reopen(t, s) // an orderly end keeps them
	if rows, oldest := s.QueueStats(); rows != 0 || !oldest.IsZero() {
		t.Errorf("%d rows since %v", rows, oldest)
	}
	b := next(t, s, 2, 1<<20, true)
	if len(b.Fetches) != 2 || len(b.Entries) != 0 || b.Fetches[1].Rows != 1 {
		t.Errorf("%+v", b)
	}
	if err := s.Ack(b); err != nil {
		t.Fatal(err)
	}
	commitTest(t, s, observation(row("u1", "A")))
	if b := next(t, s, 100, 1<<20, false); len(b.Fetches) != 1 || len(b.Entries) != 1 {
		t.Errorf("%+v", b)
	}
}
