// Package reliability_test proves the promise of docs/reliability.md: every connection that the vendor showed us while it could be
// read is in ClickHouse exactly once, with its last content. Seeded simulations play days of trouble in milliseconds, with the
// real loop, client, parser, store and sink between a vendor and a ClickHouse in memory.
package reliability_test

import (
	"bufio"
	"flag"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var (
	firstSeed = flag.Uint64("seed", 1, "the first seed to simulate")
	seeds     = flag.Uint64("seeds", 300, "how many seeds to simulate")
)

// batches are simulated side by side; the seeds of a batch follow one another.
const batches = 8

// TestSimulation plays seeds. One that fails prints what happened last and the command that plays it again.
func TestSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	var simulated [batches]time.Duration
	var played atomic.Uint64
	var failed atomic.Bool // the first failure ends all
	t.Run("batch", func(t *testing.T) {
		for batch := range uint64(batches) {
			t.Run(strconv.FormatUint(batch, 10), func(t *testing.T) {
				t.Parallel()
				for n := batch; n < *seeds && !failed.Load(); n += batches {
					simulated[batch] += simulate(t, *firstSeed+n)
					played.Add(1)
					failed.CompareAndSwap(false, t.Failed())
				}
			})
		}
	})
	var total time.Duration
	for _, length := range simulated {
		total += length
	}
	t.Logf("%d seeds, %.0f simulated days", played.Load(), total.Hours()/24)
}

// TestFoundSeeds plays the seeds that have failed before, each for the reason that testdata/seeds.txt gives. What was wrong has a
// test of its own besides: a change of the scenarios changes what a seed plays.
func TestFoundSeeds(t *testing.T) {
	file, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		number, why, found := strings.Cut(lines.Text(), " ")
		if strings.HasPrefix(number, "#") {
			continue
		}
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil || !found {
			t.Fatalf("testdata/seeds.txt: %q is not a seed and why it failed", lines.Text())
		}
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			t.Log(why)
			simulate(t, seed)
		})
	}
}

// simulate plays one seed and tells how much time passed in it.
func simulate(t *testing.T, seed uint64) time.Duration {
	s := newSimulation(t, newScenario(seed))
	defer s.end()
	defer func() {
		if t.Failed() {
			t.Logf("%s\n%s\nplay it again: make simulate SEED=%d SEEDS=1", s.scenario, &s.trace, seed)
		}
	}()
	for _, l := range s.scenario.lives {
		s.live(l)
		if t.Failed() {
			break
		}
	}
	s.judge()
	return s.physical.Sub(s.scenario.start)
}
