package collector

import (
	"testing"

	"alpemix-collector/report"
)

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
		{today, report.Failure{Class: report.Blocked, Kind: report.Today}, report.Token},
	} {
		if got := concern(tc.window, &tc.failure); got != tc.want {
			t.Errorf("%s, %+v: under %s, not %s", tc.window, tc.failure, got, tc.want)
		}
	}
}
