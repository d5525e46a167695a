package main

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"alpemix-collector/simulator"
)

// newSmallPlayground has one account whose running sessions change every second, and room in its limits for many starts.
func newSmallPlayground(t *testing.T) *playground {
	t.Helper()
	return newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 7, PerWorkday: 2000, HourlyMinimum: 200}, Accounts: []simulator.Account{{Name: "main", Zone: noon(t)}},
		Limits: simulator.Limits{Reports: 200, Tokens: 100, Window: time.Second},
	}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=1s", "COLLECTOR_ALPEMIX_LIMITS_REPORTS=200", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=100", "COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s")
}

// TestEngineKilledAtItsStart kills the embedded engine when it is started for the first time, at moments that go from before it
// has opened its folder to after the daemon has made its tables. The daemon comes by without help.
func TestEngineKilledAtItsStart(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 60, 150, 300, 500} {
		after *= time.Millisecond
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			c := newSmallPlayground(t)
			p := c.start(t, "run")
			engine := 0
			c.waitFor(t, p, func() bool { engine = p.engine(t); return engine != 0 })
			pause(t.Context(), after)
			if err := syscall.Kill(engine, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			c.waitFor(t, p, func() bool {
				s, err := statusAt(t.Context(), c.setting("COLLECTOR_HTTP_LISTEN"))
				return err == nil && len(s.Accounts) == 1 && s.Accounts[0].SealedUntil != nil
			})
			if code := p.interrupt(t); code != exitOK {
				t.Errorf("exit status %d\n%s", code, p.stderr)
			}
			if got := command(t, c.environ, "", "run", "--once"); got.code != exitOK {
				t.Errorf("%+v", got)
			}
			c.same(t)
		})
	}
}

// TestKilledAtItsEnd kills daemons that were asked to end, and ones that were to read once.
func TestKilledAtItsEnd(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"interrupted": {"run"}, "once": {"run", "--once"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := killSeed(t)
			random := rand.New(rand.NewPCG(seed, seed))
			c := newSmallPlayground(t)
			killed := 0
			for range 10 {
				p := c.start(t, args...)
				pause(t.Context(), time.Duration(random.Int64N(int64(800*time.Millisecond))))
				if name == "interrupted" {
					if err := p.Process.Signal(os.Interrupt); err != nil {
						t.Fatal(err)
					}
					pause(t.Context(), time.Duration(random.Int64N(int64(100*time.Millisecond))))
				}
				_ = p.Process.Kill() // or it has ended
				_ = p.Wait()
				switch status := p.ProcessState.Sys().(syscall.WaitStatus); {
				case status.Signal() == syscall.SIGKILL:
					killed++
				case status.Signal() == syscall.SIGINT: // before it could listen
				case p.ProcessState.ExitCode() != exitOK:
					t.Errorf("%s\n%s", p.ProcessState, p.stderr)
				}
			}
			t.Logf("%d of 10 were killed, the others had ended", killed)
			if got := command(t, c.environ, "", "run", "--once"); got.code != exitOK {
				t.Errorf("%+v", got)
			}
			c.same(t)
		})
	}
}
