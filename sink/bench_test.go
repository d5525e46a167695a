package sink

import (
	"runtime"
	"testing"
	"time"

	"alpemix-collector/report"
)

// benchRows is large enough for several blocks and one INSERT.
const benchRows = 500_000

// BenchmarkImport stores parsed connections by Import.
func BenchmarkImport(b *testing.B) {
	base := make([]report.Connection, 10*blockRows)
	for i := range base {
		base[i] = connection(i)
	}
	b.Run("Stream", func(b *testing.B) {
		d := open(b)
		for round := 0; b.Loop(); round++ {
			b.StopTimer()
			ask(b, d, "TRUNCATE TABLE connection_rows")
			runtime.GC()
			b.StartTimer()
			i := d.Writer().Import(b.Context())
			for n := range benchRows {
				c := base[n%len(base)]
				c.StartedAt = c.StartedAt.Add(time.Duration(n/len(base)) * time.Second) // or the server drops the block as known
				c.Version += uint64(round)
				if err := i.Add(&c); err != nil {
					b.Fatal(err)
				}
			}
			if err := i.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
