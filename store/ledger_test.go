package store

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const window = time.Minute

func reserve(t *testing.T, s *Store, limit int) (uint64, time.Duration) {
	t.Helper()
	id, notBefore, err := s.Reserve("ip", "report", limit, window, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if notBefore.IsZero() != (id != 0) {
		t.Fatalf("id %d, not before %v", id, notBefore)
	}
	return id, time.Until(notBefore)
}

func TestARequestOccupiesTheWindowUntilLongAfterItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, t.TempDir())
		a, _ := reserve(t, s, 2)
		time.Sleep(10 * time.Minute) // it may run for longer than a window
		b, _ := reserve(t, s, 2)
		if id, wait := reserve(t, s, 2); id != 0 || wait != window {
			t.Errorf("a third one: %d, %v", id, wait)
		}
		s.Settle("ip", a, true, time.Now())
		time.Sleep(20 * time.Second)
		s.Settle("ip", b, false, time.Now())
		if _, wait := reserve(t, s, 2); wait != 40*time.Second {
			t.Errorf("after the first answer: %v", wait)
		}
		if got := s.Remaining("ip", "report", 2, window, time.Now().Add(40*time.Second)); got != 1 {
			t.Errorf("%d remain when the first has left the window", got)
		}
		time.Sleep(40 * time.Second)
		reserve(t, s, 2)
		// The second timed out after 20 s, and may be counted until 30 s after it was sent.
		if got := s.Remaining("ip", "report", 2, window, time.Now().Add(30*time.Second)); got != 1 {
			t.Errorf("%d remain when the lost one has left", got)
		}
		if got := s.Remaining("ip", "report", 2, window, time.Now().Add(30*time.Second-1)); got != 0 {
			t.Errorf("%d remain just before", got)
		}
		if s.Remaining("ip", "token", 5, window, time.Now()) != 5 || s.Remaining("other", "report", 2, window, time.Now()) != 2 {
			t.Error("kinds or scopes are mixed")
		}
	})
}

func TestTheLedgerOutlivesTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, t.TempDir())
		a, _ := reserve(t, s, 3)
		s.Settle("ip", a, true, time.Now())
		time.Sleep(10 * time.Second)
		b, _ := reserve(t, s, 3)
		s.Settle("ip", b, false, time.Now())
		reserve(t, s, 3) // is running when the process ends
		time.Sleep(40 * time.Second)
		s = reopen(t, s)
		var waits []time.Duration
		for limit := range 3 {
			_, wait := reserve(t, s, limit+1)
			waits = append([]time.Duration{wait}, waits...)
		}
		// The first left 50 s ago; the second may have been counted 10 s ago; the third counts as
		// done now.
		if waits[0] != 10*time.Second || waits[1] != 50*time.Second || waits[2] != window {
			t.Errorf("%v", waits)
		}
	})
}

// TestLoadedTimesAreMonotonic runs outside of synctest, whose clock has no monotonic part.
func TestLoadedTimesAreMonotonic(t *testing.T) {
	s := openTest(t, t.TempDir())
	id, _ := reserve(t, s, 3)
	s.Settle("ip", id, true, time.Now())
	reserve(t, s, 3)
	if err := s.SetBlock("ip", time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	sc := s.scopes["ip"]
	for _, at := range []time.Time{sc.requests[0].ended, sc.requests[1].ended, sc.blockedUntil} {
		if !strings.Contains(at.String(), " m=") {
			t.Errorf("%v: a clock that is set while the process runs would move it", at)
		}
	}
}

func TestAClockThatWasSetBackLocksNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, t.TempDir())
		ahead := time.Now().Add(1000 * time.Hour) // the clock was wrong by this
		for _, answered := range []bool{true, false} {
			id, _, err := s.Reserve("ip", "report", 3, window, ahead)
			if err != nil {
				t.Fatal(err)
			}
			s.Settle("ip", id, answered, ahead)
		}
		if err := s.SetBlock("ip", ahead.Add(time.Hour), time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := s.SetToken("main", "key", "value", ahead); err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s)
		if _, wait := reserve(t, s, 2); wait != window {
			t.Errorf("the first slot is free after %v", wait)
		}
		if _, wait := reserve(t, s, 1); wait != window+countsFor {
			t.Errorf("both are free after %v", wait)
		}
		if until, wait := s.Block("ip"); time.Until(until) != time.Hour || wait != time.Hour {
			t.Errorf("blocked for %v of %v", time.Until(until), wait)
		}
		if _, at := s.Token("main", "key"); at.After(time.Now()) {
			t.Errorf("the token was asked for in the future, %v", at)
		}
	})
}

func TestExhaustFillsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, t.TempDir())
		a, _ := reserve(t, s, 3)
		s.Settle("ip", a, true, time.Now())
		time.Sleep(30 * time.Second)
		if err := s.Exhaust("ip", "report", 3, time.Now()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, wait := reserve(t, s, 3); wait != window {
				t.Errorf("%v", wait)
			}
			s = reopen(t, s)
		}
		time.Sleep(window)
		if got := s.Remaining("ip", "report", 3, window, time.Now()); got != 3 {
			t.Errorf("%d remain", got)
		}
	})
}

func TestBlocksAndTokensAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, t.TempDir())
		if until, wait := s.Block("ip"); !until.IsZero() || wait != 0 {
			t.Errorf("%v %v", until, wait)
		}
		now := time.Now()
		if err := s.SetBlock("ip", now.Add(time.Hour), time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := s.SetToken("main", "key", "value", now); err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s)
		if until, wait := s.Block("ip"); !until.Equal(now.Add(time.Hour)) || wait != time.Hour {
			t.Errorf("%v %v", until, wait)
		}
		if value, at := s.Token("main", "key"); value != "value" || !at.Equal(now) {
			t.Errorf("%s %v", value, at)
		}
		if value, _ := s.Token("main", "other credentials"); value != "" {
			t.Error("the token of other credentials")
		}
		if err := s.SetBlock("ip", time.Time{}, 0); err != nil {
			t.Fatal(err)
		}
		if err := s.SetToken("main", "key", "", time.Time{}); err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s)
		if until, wait := s.Block("ip"); !until.IsZero() || wait != 0 {
			t.Errorf("%v %v", until, wait)
		}
		if value, _ := s.Token("main", "key"); value != "" {
			t.Error("the token is still there")
		}
	})
}

func TestAnUnchangedPollCostsOneTransaction(t *testing.T) {
	s := openTest(t, t.TempDir())
	poll := func() {
		id, _ := reserve(t, s, 1000)
		s.Settle("ip", id, true, time.Now())
		commitTest(t, s, observation())
	}
	if n := transactions(t, s, func() {
		for range 5 {
			poll()
		}
	}); n != 5 {
		t.Errorf("%d transactions for 5 polls", n)
	}
}
