package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/web"
)

// vendorFaults are what goes wrong at the vendor and on the way to it while processes are killed.
var vendorFaults = []simulator.Fault{
	{Cut: 700}, {Cut: 20_000}, {Cut: 400_000}, {Cut: 700, CutQuietly: true}, {Cut: 20_000, Stall: 300 * time.Millisecond},
	{Lag: 300 * time.Millisecond}, {Lost: simulator.ErrReset}, {Err: simulator.ErrRefused}, {Expire: true},
	{Page: simulator.MaintenancePage}, {Status: 502}, {ErrorNumber: 103}, {ErrorNumber: 202}, {ErrorNumber: 205}, {ErrorNumber: 999},
}

// killer kills the processes of a playground at moments that follow from a seed.
type killer struct {
	*playground
	world  *simulator.World
	random *rand.Rand
	faults func(simulator.Request) simulator.Fault
	kills  map[string]int // by kind
	gone   int            // connections that vanished after the last answer that listed them was cut, or died with its reader
}

// killSeed is KILL_SEED, or 1. A failing test prints it: it repeats a run as far as processes can be made to.
func killSeed(t *testing.T) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("KILL_SEED"), "1"), 10, 64)
	if err != nil {
		t.Fatalf("KILL_SEED: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("KILL_SEED=%d", seed)
		}
	})
	return seed
}

func newKiller(t *testing.T, o simulator.Options, environ ...string) *killer {
	t.Helper()
	seed := killSeed(t)
	for i := range o.Accounts {
		o.Accounts[i].Zone = noon(t)
	}
	return &killer{
		playground: newPlayground(t, o, environ...), world: o.World,
		random: rand.New(rand.NewPCG(seed, seed)), faults: simulator.RandomFaults(seed, 0.15, vendorFaults...), kills: map[string]int{},
	}
}

func (k *killer) killed() (total int) {
	for _, n := range k.kills {
		total += n
	}
	return total
}

// pause waits for a moment that is drawn.
func (k *killer) pause(t *testing.T, most time.Duration) {
	pause(t.Context(), time.Duration(k.random.Int64N(int64(most))))
}

// daemon kills p, which has to be alive, and its log must not hold a secret.
func (k *killer) daemon(t *testing.T, p *process, kind string) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	if status, ok := p.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("it ended before it was killed: %s\n%s", p.ProcessState, p.stderr)
	}
	if strings.Contains(p.stderr.String(), "secret-") {
		t.Errorf("a secret is in the log: %s", p.stderr)
	}
	k.kills[kind]++
}

// engine kills p's engine, if there is one other than the last, and returns its process id.
func (k *killer) engine(t *testing.T, p *process, last int, kind string) int {
	t.Helper()
	pid := p.engine(t)
	if pid == 0 || pid == last {
		return last
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		if !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		return last
	}
	k.kills[kind]++
	return pid
}

// round lets a daemon live for a while, with an engine that is killed now and then, and kills it: alone, together with its
// engine, or while it waits for a new one.
func (k *killer) round(t *testing.T) {
	t.Helper()
	const most = 800 * time.Millisecond
	p := k.start(t, "run")
	last := 0
	for range k.random.IntN(3) {
		k.pause(t, most)
		last = k.engine(t, p, last, "engine")
	}
	k.pause(t, most)
	switch k.random.IntN(3) {
	case 0:
		k.daemon(t, p, "daemon")
	case 1:
		k.engine(t, p, last, "engine with the daemon")
		k.daemon(t, p, "daemon with the engine")
	case 2:
		k.engine(t, p, last, "engine before the daemon")
		k.pause(t, 250*time.Millisecond)
		k.daemon(t, p, "daemon after the engine")
	}
}

// checkpoint lets p, which has just been started, read everything from a vendor without faults, stops the world, and compares.
func (k *killer) checkpoint(t *testing.T, p *process) {
	t.Helper()
	k.vendor.SetFault(nil)
	begun, since := time.Now(), len(k.vendor.Stats().Log)
	k.waitFor(t, p, func() bool { return k.readWhole(since) })
	read := time.Now()
	k.settled(t, p)
	t.Logf("after %d kills: read in %s, compared in %s", k.killed(), read.Sub(begun), time.Since(read))
	if s := k.vendor.Stats(); len(s.Violations) > 0 || len(s.Blocks) > 0 {
		t.Fatalf("limits broken: %+v %+v", s.Violations, s.Blocks)
	}
	k.vendor.SetFault(k.faults)
}

// settled stops the world and waits until all that p has read is in ClickHouse as it should be.
func (k *killer) settled(t *testing.T, p *process) {
	t.Helper()
	k.gate.Lock()
	defer k.gate.Unlock()
	k.waitFor(t, p, func() bool {
		s, err := statusAt(t.Context(), k.setting("COLLECTOR_HTTP_LISTEN"))
		return err == nil && s.Queue.Rows == 0 && !slices.ContainsFunc(s.Accounts, func(a web.Account) bool { return a.SealedUntil == nil })
	})
	for deadline := time.Now().Add(time.Minute); ; pause(t.Context(), 50*time.Millisecond) {
		wrong := k.wrong(t)
		if len(wrong) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %d things are wrong, the first: %s\n%s", k.kills, len(wrong), wrong[0], p.stderr)
		}
	}
}

// wrong is everything in ClickHouse that is not as it should be when the world stands still.
func (k *killer) wrong(t *testing.T) (wrong []string) {
	t.Helper()
	gone := 0
	for _, d := range k.differences(t) {
		if k.vanished(d) {
			gone++
			continue
		}
		wrong = append(wrong, d.String())
	}
	k.gone = gone
	for what, query := range map[string]string{
		"doubles":                           "SELECT count() - uniqExact(account, uid) FROM connections",
		"connections in two partitions":     "SELECT count() FROM (SELECT account, uid FROM connection_rows GROUP BY account, uid HAVING uniqExact(_partition_id) > 1)",
		"sealed days that are not complete": "SELECT count() FROM days AS d LEFT JOIN (SELECT account, local_day, count() AS n FROM connections GROUP BY ALL) AS c ON c.account = d.account AND c.local_day = d.day WHERE d.state = 'sealed' AND d.rows != c.n",
		"accounts that have not just yesterday sealed and today open": fmt.Sprintf(
			"SELECT %d - count() FROM (SELECT account FROM days GROUP BY account HAVING count() = 2 AND min(state) = 'open' AND max(state) = 'sealed')", len(k.vendor.Accounts())),
	} {
		if got := k.ask(t, query); got != "0" {
			wrong = append(wrong, got+" "+what)
		}
	}
	return wrong
}

// vanished reports whether d is right all the same: no answer lists the connection any more, and what is stored is what was to
// be seen when it was read. The vendor does not know of that reading when it cut the answer, or when its reader was killed
// before it answered the vendor, or it believes in a later one whose reader was killed before he had it.
func (k *killer) vanished(d difference) bool {
	at := d.stored.FetchedAt
	if d.stored.UID == "" || bytes.Contains(k.vendor.Report(d.stored.Account, d.stored.LocalDay, time.Now()), []byte(`"`+d.stored.UID+`"`)) {
		return false
	}
	for seconds := range 10 {
		for _, c := range k.world.Connections(d.stored.Account, report.DayOf(d.stored.StartedAt.In(simulator.Istanbul)), at.Add(-time.Duration(seconds)*time.Second)) {
			c.LocalDay, c.FetchedAt = d.stored.LocalDay, at
			if c == d.stored {
				return true
			}
		}
	}
	return false
}

// TestKilledAtRandomMoments kills daemon and engine under load: nothing is lost or doubled, and the limits hold.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	// Many accounts, each with room in its limits: something is always on its way.
	t.Run("load", func(t *testing.T) {
		t.Parallel()
		newKiller(t, simulator.Options{
			World:    &simulator.World{Seed: 5, PerWorkday: 3000, HourlyMinimum: 120},
			Accounts: []simulator.Account{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}},
			Limits:   simulator.Limits{Reports: 20, Tokens: 10, Window: 2 * time.Second, PerAccount: true},
			Quirks:   simulator.Quirks{Vanish: 0.1, RawBackslashes: true, RawControls: true},
		}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=2s", "COLLECTOR_ALPEMIX_LIMITS_REPORTS=20", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=10",
			"COLLECTOR_ALPEMIX_LIMITS_SCOPE=account", "COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s").run(t, 110, 5)
	})
	// Accounts that share limits, and would ask for more than these: a request that is forgotten breaks them.
	t.Run("limits", func(t *testing.T) {
		t.Parallel()
		newKiller(t, simulator.Options{
			World:    &simulator.World{Seed: 6, PerWorkday: 8000, HourlyMinimum: 300},
			Accounts: []simulator.Account{{Name: "main"}, {Name: "second"}},
			Limits:   simulator.Limits{Reports: 8, Window: 2 * time.Second},
			Quirks:   simulator.Quirks{Vanish: 0.1},
		}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=2s", "COLLECTOR_ALPEMIX_LIMITS_REPORTS=8", "COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s").run(t, 100, 3)
	})
}

// run kills until there are so many, with so many checkpoints on the way, the last at the end.
func (k *killer) run(t *testing.T, kills, checkpoints int) {
	t.Helper()
	for i := range checkpoints {
		k.vendor.SetFault(k.faults)
		for k.killed() < kills*(i+1)/checkpoints {
			k.round(t)
		}
		p := k.start(t, "run")
		k.checkpoint(t, p)
		k.daemon(t, p, "daemon")
	}
	t.Logf("killed: %v; vendor: %d answers, by errornumber %v; %d connections vanished amid", k.kills, len(k.vendor.Stats().Log), k.vendor.Stats().Answers, k.gone)
	last := k.start(t, "run")
	k.waitFor(t, last, func() bool {
		_, err := statusAt(t.Context(), k.setting("COLLECTOR_HTTP_LISTEN"))
		return err == nil
	})
	if code := last.interrupt(t); code != exitOK {
		t.Errorf("interrupted: exit status %d\n%s", code, last.stderr)
	}
}
