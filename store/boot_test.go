package store

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// TestClockSetDuringRestart: requests of two seconds ago are two seconds old, whatever the wall
// clock says after the restart.
func TestClockSetDuringRestart(t *testing.T) {
	const window = time.Minute
	for _, tt := range []struct {
		name        string
		wall, since time.Duration // that have passed between the runs, by either clock
		boot        string        // at the second
		free        bool          // a request may be sent
	}{
		{"nothing was set", 2 * time.Second, 2 * time.Second, "a", false},
		{"a window has passed", 2 * time.Minute, 2 * time.Minute, "a", true},
		{"set forward", time.Hour, 2 * time.Second, "a", false},
		{"set back", time.Second, 2 * time.Minute, "a", true},
		{"another start of the machine", time.Hour, 2 * time.Second, "b", true},
		{"no such clock", time.Hour, 0, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			run := func(at time.Duration, boot string, since time.Duration, do func(*Store)) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(at)
					s, err := open(dir, slog.New(slog.DiscardHandler), Options{Boot: func() (string, time.Duration) { return boot, since }}, noSync)
					if err != nil {
						t.Fatal(err)
					}
					do(s)
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			run(time.Hour, "a", time.Minute, func(s *Store) {
				id, _, err := s.Reserve("ip", "report", 1, window, time.Now())
				if err != nil || id == 0 {
					t.Fatal(id, err)
				}
				s.Settle("ip", id, true, time.Now())
				if err := s.SetBlock("other", time.Now().Add(window), window); err != nil {
					t.Fatal(err)
				}
			})
			run(time.Hour+tt.wall, tt.boot, time.Minute+tt.since, func(s *Store) {
				id, _, err := s.Reserve("ip", "report", 1, window, time.Now())
				if err != nil || (id != 0) != tt.free {
					t.Errorf("reserved %d, %v", id, err)
				}
				if until, _ := s.Block("other"); until.After(time.Now()) == tt.free {
					t.Errorf("blocked until %s at %s", until, time.Now())
				}
			})
		})
	}
}

func TestTheMachineTellsWhenItWasStarted(t *testing.T) {
	clock := newBootClock()
	boot, since := clock()
	again, later := clock()
	if boot == "" || boot != again || since <= 0 || later < since {
		t.Errorf("%q %s, then %q %s", boot, since, again, later)
	}
}
