package collector_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// long is an answer of many long records that is generated while it is read. At its end it notes how much
// memory is in use.
type long struct {
	records int
	used    uint64 // bytes
}

func (l *long) Open() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() {
		_, _ = io.WriteString(w, `{"errornumber":0,"results":[`)
		for i := range l.records {
			_, _ = io.WriteString(w, strings.Repeat(",", min(i, 1))+row(fmt.Sprint(i), "10:00:00", strings.Repeat("x", 4000)))
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		l.used = m.HeapAlloc
		_, _ = io.WriteString(w, `]}`)
		_ = w.Close()
	}()
	return r, nil
}

func (l *long) Size() int64  { return int64(l.records) * 4200 }
func (l *long) Close() error { return nil }

func (l *long) Fetch(_ context.Context, w report.Window) (report.Body, error) {
	b := report.Body{Account: "main", Window: w, Content: report.Bytes(`{"errornumber":0,"results":[]}`), AskedAt: time.Now(), FetchedAt: time.Now(), Status: 200,
		Requests: []report.Fetch{{At: time.Now(), Vendor: "alpemix", Account: "main", Job: string(w.Kind), Outcome: "ok"}}}
	if w.Kind == report.Today {
		b.Content = l
	}
	return b, nil
}
func (l *long) TokenExpiry() time.Time { return time.Time{} }
func (l *long) Budget(report.Kind) int { return 1 }

// Reading an answer keeps a few bytes of each record in memory, not its text.
func TestMemoryOfALargeDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{})
		f := &long{records: 15_000}
		c, store := d.open(func(a *collector.Account) { a.Fetcher = f })
		defer store.Close()
		d.ch.setAway(true) // what is queued is on disk
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_ = c.Run(ctx)
		if rows, _ := store.QueueStats(); rows < uint64(f.records) {
			t.Errorf("%d of %d records are queued", rows, f.records)
		}
		if f.used > uint64(f.Size()/2) {
			t.Errorf("%d MB are in use after an answer of %d MB", f.used>>20, f.Size()>>20)
		}
		t.Logf("%d MB", f.used>>20)
	})
}
