package sink

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"alpemix-collector/report"
)

// benchRows is large enough for several blocks and one INSERT; the two ways are to be compared within one run.
const benchRows = 500_000

// BenchmarkImport brings the same records into the same table by Import, from parsed connections, and by the engine's own
// INSERT … SELECT … FROM file() of their JSON.
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
	b.Run("SelectFromFile", func(b *testing.B) {
		d := open(b)
		file := filepath.Join(b.TempDir(), "records.json")
		f, err := os.Create(file)
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriter(f)
		for n := range benchRows {
			c := connection(n)
			fmt.Fprintln(w, c.Raw)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		f.Close()
		for b.Loop() {
			b.StopTimer()
			ask(b, d, "TRUNCATE TABLE connection_rows")
			runtime.GC()
			b.StartTimer()
			ask(b, d, selectFromFile, file)
		}
		b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

const selectFromFile = `INSERT INTO connection_rows SELECT 'main', r.1, parseDateTime(r.2, '%%H:%%i:%%s %%d\\%%m\\%%Y', 'UTC') AS start, r.3,
	if(r.4 = 0, 1, 2), r.5, r.6, r.7, r.8, r.9, r.10, r.11, r.12, r.13, r.14, r.15, r.16, toDate(start), now(), now(), json, xxHash64(json),
	toUnixTimestamp64Micro(now64(6)), 0
FROM (SELECT json, JSONExtract(json, 'Tuple(uid String, dt String, ` + "`dur:`" + ` UInt32, dir UInt8, exp String, supnum String, uname String,
	ip String, lip String, unum String, aid String, tuname String, tip String, tlip String, tunum String, taid String)') AS r
	FROM file('%s', 'JSONAsString', 'json String'))`
