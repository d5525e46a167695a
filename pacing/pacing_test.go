package pacing

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

func TestPauseGrowsByClass(t *testing.T) {
	now := time.Date(2024, 8, 22, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		class report.Class
		want  []time.Duration
	}{
		{report.Transient, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 2 * time.Minute, 2 * time.Minute}},
		{report.Permanent, []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour}},
		{report.Renew, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 30 * time.Minute}},
	} {
		var p Pause
		for i, want := range tc.want {
			p.Failed(&report.Failure{Class: tc.class}, now)
			if got := p.Until.Sub(now); got != want {
				t.Errorf("%s: wait %d is %v, want %v", tc.class, i+1, got, want)
			}
		}
		if p.Succeeded(); p != (Pause{}) {
			t.Errorf("%s: after a success %+v is left", tc.class, p)
		}
	}
}

func TestPauseLeavesLimitsToTheVendor(t *testing.T) {
	now := time.Date(2024, 8, 22, 12, 0, 0, 0, time.UTC)
	p := Pause{Failures: 3}
	p.Failed(&report.Failure{Class: report.Blocked, NotBefore: now.Add(10 * time.Minute)}, now)
	if want := now.Add(10 * time.Minute); !p.Until.Equal(want) || p.Failures != 4 {
		t.Errorf("until %v after %d failures, want %v after 4", p.Until, p.Failures, want)
	}
	p.Failed(&report.Failure{Class: report.Throttle}, now) // the vendor said 205 without a time
	if want := now.Add(time.Second); !p.Until.Equal(want) {
		t.Errorf("until %v, want %v", p.Until, want)
	}
}

func TestSleepEndsWithWhatComesFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		nudged, ended time.Duration // 0: never
		until         time.Duration // 0: no limit
		want          time.Duration
	}{
		"the time":       {0, 0, time.Minute, time.Minute},
		"a nudge":        {time.Second, 0, time.Minute, time.Second},
		"the context":    {0, time.Second, time.Minute, time.Second},
		"no time, nudge": {time.Hour, 0, 0, time.Hour},
		"a past time":    {0, 0, -time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancel(t.Context())
				defer end()
				wake := make(chan struct{}, 1)
				start := time.Now()
				if tc.nudged != 0 {
					time.AfterFunc(tc.nudged, func() { Nudge(wake); Nudge(wake) })
				}
				if tc.ended != 0 {
					time.AfterFunc(tc.ended, end)
				}
				var until time.Time
				if tc.until != 0 {
					until = start.Add(tc.until)
				}
				Sleep(ctx, wake, until)
				if got := time.Since(start); got != tc.want {
					t.Errorf("slept %v, want %v", got, tc.want)
				}
			})
		})
	}
}
