package collector_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestWhatOthersQueueIsWrittenAtOnce: a collector without accounts still owns the drain.
func TestWhatOthersQueueIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday, simulator.Options{})
		d.accounts = nil
		c, state := d.open()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		synctest.Wait()
		day := report.DayOf(monday)
		err := state.Commit(report.Observation{
			Account: "elsewhere", Day: day, FetchedAt: time.Now(), Days: []report.DayStatus{{Day: day, State: report.DayOpen, Rows: 7}},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Queued()
		synctest.Wait()
		if d.ch.days[day].Rows != 7 {
			t.Error("not written")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
}
