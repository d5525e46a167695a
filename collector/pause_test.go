package collector

import (
	"testing"
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
	} {
		var p pause
		for i, want := range tc.want {
			p.failed(&report.Failure{Class: tc.class}, now)
			if got := p.until.Sub(now); got != want {
				t.Errorf("%s: wait %d is %v, want %v", tc.class, i+1, got, want)
			}
		}
		if p.succeeded(); p != (pause{}) {
			t.Errorf("%s: after a success %+v is left", tc.class, p)
		}
	}
}

func TestPauseLeavesLimitsToTheVendor(t *testing.T) {
	now := time.Date(2024, 8, 22, 12, 0, 0, 0, time.UTC)
	p := pause{failures: 3}
	p.failed(&report.Failure{Class: report.Blocked, NotBefore: now.Add(10 * time.Minute)}, now)
	if want := now.Add(10 * time.Minute); !p.until.Equal(want) || p.failures != 3 {
		t.Errorf("until %v after %d failures, want %v after 3", p.until, p.failures, want)
	}
	p.failed(&report.Failure{Class: report.Throttle}, now) // the vendor said 205 without a time
	if want := now.Add(time.Second); !p.until.Equal(want) {
		t.Errorf("until %v, want %v", p.until, want)
	}
}

func TestFailuresPauseWhatTheyConcern(t *testing.T) {
	today, yesterday := report.Window{Kind: report.Today}, report.Window{Kind: report.Yesterday}
	latest := report.Window{Kind: report.Latest, Last: 50}
	for _, tc := range []struct {
		window  report.Window
		failure report.Failure
		want    report.Kind
	}{
		{today, report.Failure{Class: report.Transient, Kind: report.Today}, report.Today},
		{latest, report.Failure{Class: report.Transient, Kind: report.Latest}, report.Today},
		{yesterday, report.Failure{Class: report.Transient, Kind: report.Yesterday}, report.Yesterday},
		{yesterday, report.Failure{Class: report.Transient, Kind: report.Token}, report.Token},
		{today, report.Failure{Class: report.Permanent, Kind: report.Today}, report.Today},
		{yesterday, report.Failure{Class: report.Permanent, Kind: report.Yesterday}, report.Yesterday},
		{today, report.Failure{Class: report.Permanent, Kind: report.Token}, report.Token},
		{today, report.Failure{Class: report.Renew, Kind: report.Today}, report.Today},
	} {
		ps := newPauses()
		if ps.of(tc.window, &tc.failure) != ps[tc.want] {
			t.Errorf("%s, %+v: not under %s", tc.window, tc.failure, tc.want)
		}
	}
}
