package collector_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/simulator"
)

// TestABlockShowsWhenTheNextTryIs, in the process that met it and in one that was started meanwhile.
func TestABlockShowsWhenTheNextTryIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(10*time.Hour), simulator.Options{
			World: &simulator.World{Seed: 3, PerWorkday: 40},
			Fault: func(simulator.Request) simulator.Fault { return simulator.Fault{ErrorNumber: 204} },
		}, "a")
		for range 2 {
			c, state := d.open()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			time.AfterFunc(time.Minute, func() {
				f := c.Facts().Accounts[0]
				if f.Failure == nil || !f.PausedUntil.After(time.Now()) {
					t.Errorf("paused until %v after %v", f.PausedUntil, f.Failure)
				}
			})
			if err := c.Run(ctx); err != nil {
				t.Error(err)
			}
			cancel()
			if err := state.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
