package collector_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// lastingFaults are those that make every request fail for as long as they last, one of each sort.
func lastingFaults() map[string]simulator.Fault {
	faults := map[string]simulator.Fault{
		"refused": {Err: simulator.ErrRefused}, "reset": {Err: simulator.ErrReset}, "lost": {Lost: simulator.ErrReset},
		"page": {Page: simulator.MaintenancePage}, "cut": {Cut: 5}, "hangs": {Lag: time.Hour}, "stalls": {Cut: 5, Stall: time.Hour},
		"not TLS":           {Err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}},
		"unknown authority": {Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		"proxy away":        {Err: &net.OpError{Op: "proxyconnect", Net: "tcp", Err: simulator.ErrRefused}},
	}
	for _, number := range []int{
		100, 101, 102, 103, 104, 105, 106, 107, 108, 200, 201, 202, 203, 204, 205, -1, 999,
	} {
		faults[fmt.Sprint("error ", number)] = simulator.Fault{ErrorNumber: number}
	}
	for _, status := range []int{302, 401, 403, 404, 407, 429, 500, 502, 503} {
		faults[fmt.Sprint("status ", status)] = simulator.Fault{Status: status, Page: "-"}
	}
	return faults
}

// TestNoPauseOutlastsMidnight: whatever fails, and whenever it stops failing, the day that can be lost
// is read in time, and so is today. Until then the limits are kept, and nobody is hammered.
func TestNoPauseOutlastsMidnight(t *testing.T) {
	if testing.Short() {
		t.Skip("plays days")
	}
	for name, fault := range lastingFaults() {
		for _, early := range []time.Duration{25 * time.Minute, 5 * time.Minute, 90 * time.Second} {
			t.Run(fmt.Sprint(name, " until ", early), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					midnight := monday.Add(48 * time.Hour)
					recovered := midnight.Add(-early)
					d := newDesk(t, midnight.Add(-11*time.Hour), simulator.Options{
						World: &simulator.World{Seed: 3, PerWorkday: 40},
						Fault: func(r simulator.Request) simulator.Fault {
							if r.At.Before(recovered) {
								return fault
							}
							return simulator.Fault{}
						},
					})
					d.run(11*time.Hour - time.Second)
					if got := d.ch.days[report.DayOf(monday)]; got.State != report.DaySealed {
						t.Errorf("Monday is %+v, want sealed", got)
					}
					if n := d.answersByAccount(report.Today)["main"]; n == 0 {
						t.Error("Tuesday was not read before its midnight")
					}
					d.quietLimits()
				})
			})
		}
	}
}

// TestAllAccountsAreReadInTime: those that share the limits, with midnights of their own.
func TestAllAccountsAreReadInTime(t *testing.T) {
	for name, fault := range map[string]simulator.Fault{
		"error 200": {ErrorNumber: 200}, "error 107": {ErrorNumber: 107}, "error 204": {ErrorNumber: 204}, "status 404": {Status: 404, Page: "-"},
		"error 203": {ErrorNumber: 203},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				midnight := monday.Add(48 * time.Hour)
				d := newDesk(t, midnight.Add(-11*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 3, PerWorkday: 40},
					Fault: func(r simulator.Request) simulator.Fault {
						if r.At.Before(midnight.Add(-10 * time.Minute)) {
							return fault
						}
						return simulator.Fault{}
					},
				}, "a", "b", "c", "d", "e", "f", "g", "h")
				d.run(11*time.Hour - time.Second)
				for _, account := range d.accounts {
					if n := d.answersByAccount(report.Yesterday)[account]; n == 0 {
						t.Errorf("%s: Monday was not read", account)
					}
				}
				d.quietLimits()
			})
		})
	}
}
