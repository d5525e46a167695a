package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/simulator"
)

// sample is what a daemon and its engine have at one time; zero where one does not run or does not answer.
type sample struct{ memory, goroutines, files, stateFile, queue, engineMemory, engineFiles float64 }

// level is one measure of a soak. From the second third to the last it may rise by a share of itself, and by something more for
// what is just going on.
type level struct {
	name        string
	of          func(sample) float64
	unit        float64
	share, more float64
	warm        bool // it counts only after some minutes, when caches are full and a killed engine has caught up
}

var levels = []level{
	{"daemon MB", func(s sample) float64 { return s.memory }, 1 << 20, 0.2, 8, true},
	{"goroutines", func(s sample) float64 { return s.goroutines }, 1, 0.1, 8, false},
	{"daemon files", func(s sample) float64 { return s.files }, 1, 0.1, 8, false},
	{"engine MB", func(s sample) float64 { return s.engineMemory }, 1 << 20, 0.25, 64, true},
	{"engine files", func(s sample) float64 { return s.engineFiles }, 1, 0.25, 50, true},
	{"state file MB", func(s sample) float64 { return s.stateFile }, 1 << 20, 0.2, 4, false},
	{"queue rows", func(s sample) float64 { return s.queue }, 1, 1, 2000, true},
}

// median and most are those of the samples in which there is something to measure.
func (l level) median(samples []sample) (median, most float64) {
	var values []float64
	for _, s := range samples {
		if v := l.of(s) / l.unit; v > 0 {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, 0
	}
	slices.Sort(values)
	return values[len(values)/2], values[len(values)-1]
}

func (k *killer) sample(t *testing.T, p *process) (s sample) {
	t.Helper()
	files := func(pid int) float64 {
		list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)) // or it is gone
		return float64(len(list))
	}
	s.memory, s.files = float64(memory(p.Process.Pid, "VmRSS")), files(p.Process.Pid)
	if engine := p.engine(t); engine != 0 {
		s.engineMemory, s.engineFiles = float64(memory(engine, "VmRSS")), files(engine)
	}
	if info, err := os.Stat(filepath.Join(k.setting("COLLECTOR_STATE_DIR"), "state.db")); err == nil {
		s.stateFile = float64(info.Size())
	}
	answer, err := http.Get(daemon.PageURL(k.setting("COLLECTOR_HTTP_LISTEN")) + "/metrics")
	if err != nil { // it has just been started
		return s
	}
	defer func() { _ = answer.Body.Close() }()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch number, _ := strconv.ParseFloat(value, 64); name {
		case "go_goroutines":
			s.goroutines = number
		case "sink_queue_rows":
			s.queue = number
		}
	}
	return s
}

// hang makes p's engine stand still until the returned function is called.
func (k *killer) hang(t *testing.T, p *process) (over func()) {
	t.Helper()
	pid := 0
	k.waitFor(t, p, func() bool { pid = p.engine(t); return pid != 0 })
	over = func() { _ = syscall.Kill(pid, syscall.SIGCONT) } // or it is gone
	t.Cleanup(over)                                          // standing still it would not see its daemon's end
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
	return over
}

// keepDown kills p's engines as soon as they start, until the returned function is called.
func (k *killer) keepDown(t *testing.T, p *process) (over func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var killing sync.WaitGroup
	killing.Go(func() {
		for ctx.Err() == nil {
			if pid := p.engine(t); pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL) // or it has ended
			}
			pause(ctx, 50*time.Millisecond)
		}
	})
	return func() {
		cancel()
		killing.Wait()
	}
}

// TestSoak runs the collector as it is shipped for SOAK, or for 20 seconds, and demands that everything stays level. The usual
// load is one account with 300 connections a workday and three polls a minute. This is a hundred times that: eight accounts
// with 4,000 connections each, polled once a second each as far as the limits allow, which count in windows of two seconds
// instead of sixty. One answer in twenty goes wrong. In each third of the time the engine is killed once, and ClickHouse is down for a tenth of
// the whole: it hangs, or it is down.
func TestSoak(t *testing.T) {
	t.Parallel()
	length, err := time.ParseDuration(cmp.Or(os.Getenv("SOAK"), "20s"))
	if err != nil {
		t.Fatalf("SOAK: %v; 10m is right", err)
	}
	var accounts []simulator.Account
	for i := range 8 {
		accounts = append(accounts, simulator.Account{Name: fmt.Sprint("account", i)})
	}
	k := newKiller(t, simulator.Options{
		World: &simulator.World{Seed: 9, PerWorkday: 4000, HourlyMinimum: 170}, Accounts: accounts,
		Limits: simulator.Limits{Window: 2 * time.Second, PerAccount: true}, Quirks: simulator.Quirks{Vanish: 0.1},
	}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=2s", "COLLECTOR_ALPEMIX_LIMITS_SCOPE=account",
		"COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s", "COLLECTOR_ALPEMIX_SCHEDULE_YESTERDAY=* * * * *")
	k.vendor.SetFault(simulator.RandomFaults(1, 0.05, vendorFaults...))
	binary := built(t)
	p := k.startBinary(t, binary, "run")
	var thirds [3][]sample
	for i := range thirds {
		during := func(share float64) {
			for end := time.Now().Add(time.Duration(share * float64(length) / 3)); time.Now().Before(end); pause(t.Context(), min(length/100, 3*time.Second)) {
				thirds[i] = append(thirds[i], k.sample(t, p))
			}
		}
		during(0.15)
		k.engine(t, p, 0, "engine")
		during(0.25)
		away := k.hang
		if i%2 == 1 {
			away = k.keepDown
		}
		over := away(t, p)
		during(0.3)
		over()
		during(0.3)
	}
	k.vendor.SetFault(nil)
	k.waitFor(t, p, func() bool { return k.sample(t, p).queue == 0 })
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("interrupted: exit status %d\n%s", code, p.stderr)
	}
	p = k.startBinary(t, binary, "run")
	k.checkpoint(t, p)
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("interrupted: exit status %d\n%s", code, p.stderr)
	}
	judge(t, thirds, length >= 2*time.Minute)
	t.Logf("in %s the engine was killed %d times, and the vendor gave %.0f answers a minute, by errornumber %v",
		length, k.killed(), float64(len(k.vendor.Stats().Log))/length.Minutes(), k.vendor.Stats().Answers)
}

// judge prints the levels and compares the last third with the second: the first is for warming up.
func judge(t *testing.T, thirds [3][]sample, warm bool) {
	t.Helper()
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "medians of thirds\tfirst\tsecond\tlast\tmost\t")
	for _, l := range levels {
		var median [3]float64
		var most float64
		for i, samples := range thirds {
			m, highest := l.median(samples)
			median[i], most = m, max(most, highest)
		}
		_, _ = fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t\n", l.name, median[0], median[1], median[2], most)
		if allowed := median[1]*(1+l.share) + l.more; median[2] > allowed && (warm || !l.warm) {
			t.Errorf("%s rose from %.0f to %.0f; at most %.0f is level", l.name, median[1], median[2], allowed)
		}
	}
	_ = w.Flush()
	t.Logf("\n%s", table.String())
}
