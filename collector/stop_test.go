package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestStop: a slow ClickHouse gets the queue before the collector stops. One that does not answer
// delays the stop for seconds only, and nothing is lost.
func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		slow, most time.Duration
		left       float64
	}{
		"slow":  {2 * time.Second, 5 * time.Second, 0},
		"hangs": {time.Hour, 4 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday, simulator.Options{})
				d.accounts = nil
				_, state := d.open()
				if err := state.Provisioned(report.Provisioning{At: time.Now().UTC(), Vendor: "remotepc", Account: "eu", Action: "user/add", Outcome: "ok"}); err != nil {
					t.Fatal(err)
				}
				if err := state.Close(); err != nil {
					t.Fatal(err)
				}
				d.ch.slow = c.slow
				const running = time.Second
				started := time.Now()
				d.run(running)
				if took := time.Since(started) - running; took > c.most {
					t.Errorf("stopping takes %v, more than %v", took, c.most)
				}
				if left := d.sums("")["sink_queue_rows"]; left != c.left {
					t.Errorf("%v rows are left, want %v", left, c.left)
				}
			})
		})
	}
}
