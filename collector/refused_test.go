package collector_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestWhatTheVendorKeepsRefusingIsShown: refused tokens and counted limits are failures, whatever our
// own count of the limits forbids in the same cycle.
func TestWhatTheVendorKeepsRefusingIsShown(t *testing.T) {
	reports := func(r simulator.Request) bool { return r.Kind != report.Token }
	for _, tc := range []struct {
		name   string
		fault  simulator.Fault
		of     func(simulator.Request) bool
		reason string
		tokens int // the most in six hours
	}{
		{"201", simulator.Fault{ErrorNumber: 201}, reports, "token_ip_changed", 90},
		{"202", simulator.Fault{ErrorNumber: 202}, reports, "token_expired", 90},
		{"203", simulator.Fault{ErrorNumber: 203}, reports, "token_invalid", 90},
		{"205", simulator.Fault{ErrorNumber: 205}, reports, "report_limit", 1},
		{"429", simulator.Fault{Status: 429, Page: "-"}, reports, "http_429", 1},
		{"205 for the token", simulator.Fault{ErrorNumber: 205}, func(r simulator.Request) bool { return r.Kind == report.Token }, "report_limit", 361},
		{"203 for yesterday alone", simulator.Fault{ErrorNumber: 203}, func(r simulator.Request) bool { return r.Kind == report.Yesterday }, "token_invalid", 90},
		{"205 for yesterday alone", simulator.Fault{ErrorNumber: 205}, func(r simulator.Request) bool { return r.Kind == report.Yesterday }, "report_limit", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 2, PerWorkday: 50},
					Fault: func(r simulator.Request) simulator.Fault {
						if tc.of(r) {
							return tc.fault
						}
						return simulator.Fault{}
					},
				})
				c, state := d.open()
				ctx, cancel := context.WithTimeout(t.Context(), 6*time.Hour)
				defer cancel()
				done := make(chan error, 1)
				go func() { done <- c.Run(ctx) }()
				for range 5 {
					time.Sleep(time.Hour + 7*time.Second)
					synctest.Wait()
					a := c.Facts().Accounts[0]
					if a.Failure == nil || a.Failure.Reason != tc.reason {
						t.Errorf("what the status shows: %v", a.Failure)
					}
					if d.sums("reason")["alpemix_failing "+tc.reason] != 1 {
						t.Error("alpemix_failing is not set")
					}
				}
				<-done
				if err := state.Close(); err != nil {
					t.Error(err)
				}
				if n := d.vendor.Stats().Requests[report.Token]; n > tc.tokens {
					t.Errorf("%d token requests in 6 h, want at most %d", n, tc.tokens)
				}
				if strings.Contains(tc.name, "alone") && d.answersByAccount(report.Today)["main"] < 100 {
					t.Errorf("%d reads of today", d.answersByAccount(report.Today)["main"])
				}
				if tc.fault.ErrorNumber != 205 {
					d.quietLimits()
				}
			})
		})
	}
}

// TestOnceEnds: whatever the vendor keeps saying, and says why it failed.
func TestOnceEnds(t *testing.T) {
	for name, fault := range lastingFaults() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 2, PerWorkday: 50},
					Fault: func(r simulator.Request) simulator.Fault {
						if r.Kind != report.Token {
							return fault
						}
						return simulator.Fault{}
					},
				}, "a", "b", "c")
				c, state := d.open()
				defer func() { _ = state.Close() }()
				began := time.Now()
				err := c.Once(t.Context())
				if err == nil {
					t.Error("no error")
				}
				for _, account := range d.accounts {
					if !strings.Contains(fmt.Sprint(err), "account "+account) {
						t.Errorf("nothing of account %s in %v", account, err)
					}
				}
				if took := time.Since(began); took > 40*time.Minute {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestOnceEndsAfterFewWindows: Once waits three windows for a limit that lasts, one for the first
// refused report and two for the other, however many accounts meet it. Where the vendor refuses one of
// the two reports, the accounts' other reports need a window each.
func TestOnceEndsAfterFewWindows(t *testing.T) {
	for refused, of := range map[string]func(report.Kind) bool{
		"everything": func(report.Kind) bool { return true },
		"tokens":     func(k report.Kind) bool { return k == report.Token },
		"reports":    func(k report.Kind) bool { return k != report.Token },
		"yesterday":  func(k report.Kind) bool { return k == report.Yesterday },
		"today":      func(k report.Kind) bool { return k == report.Today },
	} {
		for code, fault := range map[string]simulator.Fault{"204": {ErrorNumber: 204}, "205": {ErrorNumber: 205}, "429": {Status: 429, Page: "-"}} {
			for _, scope := range []string{"ip", "account"} {
				for _, accounts := range [][]string{{"a"}, {"a", "b", "c", "d", "e"}} {
					t.Run(fmt.Sprint(refused, " ", code, " ", scope, " ", len(accounts)), func(t *testing.T) {
						most := 3 * 62 * time.Second
						if scope == "ip" && (refused == "yesterday" || refused == "today") {
							most += time.Duration(len(accounts)) * 62 * time.Second
						}
						onceUnder(t, scope, accounts, most, func(r simulator.Request) simulator.Fault {
							if of(r.Kind) {
								return fault
							}
							return simulator.Fault{}
						})
					})
				}
			}
		}
	}
}

// onceUnder does Once under faults: it fails for each account, and ends within most.
func onceUnder(t *testing.T, scope string, accounts []string, most time.Duration, fault func(simulator.Request) simulator.Fault) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
			World: &simulator.World{Seed: 2, PerWorkday: 50}, Limits: simulator.Limits{PerAccount: scope == "account"}, Fault: fault,
		}, accounts...)
		d.scope = scope
		c, state := d.open()
		defer func() { _ = state.Close() }()
		began := time.Now()
		err := c.Once(t.Context())
		for _, account := range accounts {
			if !strings.Contains(fmt.Sprint(err), "account "+account+": ") {
				t.Errorf("nothing of account %s in %v", account, err)
			}
		}
		if took := time.Since(began); took > most {
			t.Errorf("it took %v, at most %v expected: %v", took, most, err)
		}
	})
}

// TestOnceRenewsARefusedToken although the limits make it wait for the second try.
func TestOnceRenewsARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{World: &simulator.World{Seed: 2, PerWorkday: 50}}, "a", "b", "c")
		for range 2 {
			c, state := d.open()
			if err := c.Once(t.Context()); err != nil {
				t.Error(err)
			}
			if err := state.Close(); err != nil {
				t.Error(err)
			}
			d.vendor.ForgetTokens()
		}
		d.quietLimits()
	})
}

// TestASlowAnswerHoldsNobodyUp: one account whose answers hang costs the others a part of the limits.
func TestASlowAnswerHoldsNobodyUp(t *testing.T) {
	for name, fault := range map[string]simulator.Fault{"hangs": {Lag: time.Hour}, "stalls": {Cut: 100, Stall: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(9*time.Hour), simulator.Options{
					World: &simulator.World{Seed: 2, PerWorkday: 50},
					Fault: func(r simulator.Request) simulator.Fault {
						if r.Account == "hangs" {
							return fault
						}
						return simulator.Fault{}
					},
				}, "hangs", "a", "b")
				d.run(2 * time.Hour)
				d.quietLimits()
				var last, longest = map[string]time.Time{}, time.Duration(0)
				for _, e := range d.vendor.Stats().Log {
					if e.Kind == report.Today && e.Code == 0 && e.Account != "hangs" {
						if before, ok := last[e.Account]; ok {
							longest = max(longest, e.At.Sub(before))
						}
						last[e.Account] = e.At
					}
				}
				if longest > 3*time.Minute || len(last) != 2 {
					t.Errorf("%v between two reads of an account, last reads %v", longest, last)
				}
			})
		})
	}
}
