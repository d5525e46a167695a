package store

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// day returns a day of n connections of 385 bytes.
func day(n int) []report.Item {
	items := make([]report.Item, n)
	for i := range items {
		items[i] = row(fmt.Sprintf("%08x-%d", uint32(i)*2654435761, i), strings.Repeat("x", 350))
	}
	return items
}

// BenchmarkSeen looks up a day of 100,000 unchanged rows.
func BenchmarkSeen(b *testing.B) {
	s, err := open(b.TempDir(), slog.New(slog.DiscardHandler), Options{}, noSync)
	if err != nil {
		b.Fatal(err)
	}
	items := day(100_000)
	if err := s.Commit(observation(items...)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range items {
			if !s.Seen("main", items[i].Hash) {
				b.Fatal("not seen")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/lookup")
}

// BenchmarkFirstReadOfADay commits 100,000 rows at once and opens the file again.
func BenchmarkFirstReadOfADay(b *testing.B) {
	items := day(100_000)
	b.ReportAllocs()
	for b.Loop() {
		dir := b.TempDir()
		s, err := Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := s.Commit(observation(items...)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/commit")
		_ = s.Close()
		start = time.Now()
		if s, err = Open(dir, slog.New(slog.DiscardHandler)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/open")
		_ = s.Close()
	}
}

// BenchmarkPoll is an unchanged poll, and one with ten new rows that are drained at once.
func BenchmarkPoll(b *testing.B) {
	for _, fresh := range []int{0, 10} {
		b.Run(fmt.Sprint(fresh, " new"), func(b *testing.B) {
			s, err := Open(b.TempDir(), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Commit(observation(day(10_000)...)); err != nil {
				b.Fatal(err)
			}
			drain := func() {
				for {
					batch, ok, err := s.Next(50_000, 16<<20, false)
					if err != nil {
						b.Fatal(err)
					}
					if !ok {
						return
					}
					if err := s.Ack(batch); err != nil {
						b.Fatal(err)
					}
				}
			}
			drain()
			n := 0
			for b.Loop() {
				id, _, err := s.Reserve("ip", "report", 1<<30, 0, time.Now())
				if err != nil {
					b.Fatal(err)
				}
				s.Settle("ip", id, true, time.Now())
				o := observation()
				for range fresh {
					n++
					o.Items = append(o.Items, row(fmt.Sprint("new", n), "A"))
				}
				if err := s.Commit(o); err != nil {
					b.Fatal(err)
				}
				drain()
			}
			_ = s.Close()
		})
	}
}
