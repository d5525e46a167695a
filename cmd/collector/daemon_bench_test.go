package main

import (
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// BenchmarkDaemon measures a real daemon on a day of 10,000 connections, of which some run and change at every poll. The
// vendor's window is shortened, so that polls follow each other faster than in life; the processor time of a poll is reported as
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
	daemon := p.startBinary(b, built(b), "run")
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
	b.ReportMetric(float64(memory(daemon.Process.Pid, "VmRSS"))/(1<<20), "MB")
	b.ReportMetric(float64(memory(daemon.Process.Pid, "VmHWM"))/(1<<20), "peak-MB")
	if code := daemon.interrupt(b); code != exitOK {
		b.Errorf("exit status %d\n%s", code, daemon.stderr)
	}
	p.same(b)
}
