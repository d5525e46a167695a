package pacing

import (
	"testing"
	"time"

	"alpemix-collector/report"
)

func TestPauseFollowsTheWallClock(t *testing.T) {
	now := time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC)
	var p Pause
	p.Failed(&report.Failure{Class: report.Permanent}, now)
	for _, tc := range []struct {
		name string
		at   time.Time
		ends time.Time
	}{
		{"while it lasts", now.Add(time.Minute), now.Add(5 * time.Minute)},
		{"at its end", now.Add(5 * time.Minute), time.Time{}},
		{"after a sleep of the machine", now.Add(8 * time.Hour), time.Time{}},
		{"after the clock was set back", now.Add(-5 * time.Hour), time.Time{}},
	} {
		if got := p.Ends(tc.at); !got.Equal(tc.ends) {
			t.Errorf("%s: ends %v, want %v", tc.name, got, tc.ends)
		}
	}
	p = Pause{}
	p.Failed(&report.Failure{Class: report.Permanent}, time.Now())
	if p.Until != p.Until.Round(0) || p.Since != p.Since.Round(0) {
		t.Error("the pause carries the monotonic clock, which stands still while the machine sleeps")
	}
}

func TestReachedByEitherClock(t *testing.T) {
	now := time.Now()
	if Reached(now.Add(time.Second), now) || !Reached(now, now) {
		t.Error("by both clocks")
	}
	if !Reached(now.Add(time.Hour), now.Round(0).Add(2*time.Hour)) {
		t.Error("the wall clock alone has passed it")
	}
}

func TestPausesLeaveTimeBeforeADeadline(t *testing.T) {
	now := time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ wait, left, want time.Duration }{
		{time.Hour, 10 * time.Hour, time.Hour},
		{time.Hour, 2 * time.Hour, 30 * time.Minute},
		{time.Hour, time.Minute, 20 * time.Second},
		{5 * time.Second, time.Minute, 5 * time.Second},
		{time.Hour, time.Second, 20 * time.Second},
		{time.Hour, 0, time.Hour},
		{time.Hour, -time.Hour, time.Hour},
	} {
		var p Pause
		p.Hold(now, now.Add(tc.wait))
		p.Shorten(now, now.Add(tc.left))
		if got := p.Until.Sub(now); got != tc.want {
			t.Errorf("a wait of %v with %v left becomes %v, want %v", tc.wait, tc.left, got, tc.want)
		}
	}
}

func TestUnsentTriesPauseShortly(t *testing.T) {
	now := time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC)
	var p Pause
	for range 10 {
		p.Failed(&report.Failure{Class: report.Permanent, Unsent: true}, now)
		if wait := p.Until.Sub(now); wait > 5*time.Minute {
			t.Errorf("a pause of %v", wait)
		}
	}
}
