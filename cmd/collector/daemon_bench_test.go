package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// BenchmarkDaemon measures a real daemon on a day of 10,000 connections, of which some run and change at every poll. The
// vendor's window is shortened, so that polls follow each other faster than in life; the processor time of a poll is told as
// that of 3 polls a minute. Memory is that after the first reads, and the most that they took.
func BenchmarkDaemon(b *testing.B) {
	const polls, window = 20, 500 * time.Millisecond
	evening := time.Date(2026, 3, 4, 20, 0, 0, 0, simulator.Istanbul) // a Wednesday
	begun := time.Now()
	p := newPlayground(b, simulator.Options{
		World: &simulator.World{PerWorkday: 10_000}, Accounts: []simulator.Account{{Name: "main"}},
		Limits: simulator.Limits{Window: window, TokenLife: 24 * time.Hour},
		Now:    func() time.Time { return evening.Add(time.Since(begun)) },
	}, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=1s", "COLLECTOR_ALPEMIX_SCHEDULE_TODAY=@every 1s")
	binary := filepath.Join(b.TempDir(), "collector")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	daemon := p.startBinary(b, binary, "run")
	answered := func() int { s := p.vendor.Stats().Requests; return s[report.Today] + s[report.Latest] }
	p.waitFor(b, daemon, func() bool { return answered() >= 3 })
	var percent float64
	for b.Loop() {
		first, spent := answered(), processorTime(b, daemon.Process.Pid)
		p.waitFor(b, daemon, func() bool { return answered() >= first+polls })
		spent = processorTime(b, daemon.Process.Pid) - spent
		percent = 100 * 3 * spent.Seconds() / float64(answered()-first) / 60
	}
	b.ReportMetric(percent, "%-of-a-core")
	b.ReportMetric(float64(memory(b, daemon.Process.Pid, "VmRSS"))/(1<<20), "MB")
	b.ReportMetric(float64(memory(b, daemon.Process.Pid, "VmHWM"))/(1<<20), "peak-MB")
	if code := daemon.interrupt(b); code != exitOK {
		b.Errorf("exit status %d\n%s", code, daemon.stderr)
	}
	p.same(b)
}

// processorTime is what a process has spent so far, in steps of 10 ms.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory is a line of /proc/PID/status, in bytes.
func memory(b *testing.B, pid int, line string) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), line+":")
	var kilobytes int
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes << 10
}
