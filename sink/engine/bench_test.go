package engine

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// BenchmarkInsert inserts 300,000 rows of realistic size into one table, with clickhouse-go and
// with the engine's own JSONEachRow reader. The ratio is what counts.
func BenchmarkInsert(b *testing.B) {
	const rows = 300_000
	addr, dir := sharedEngine(b)
	table := func(b *testing.B) string {
		name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
		c := connect(b, addr, dir, clickhouse.CompressionNone)
		if err := c.Exec(b.Context(), "CREATE TABLE "+name+` (uid String, started_at DateTime('UTC'), duration UInt32, staff LowCardinality(String),
			ip LowCardinality(String), device String, raw String CODEC(ZSTD)) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(started_at) ORDER BY (started_at, uid)`); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Exec(b.Context(), "DROP TABLE "+name) })
		return name
	}
	uid := func(i int) string { return fmt.Sprintf("%09d", i*7919%1_000_000_000) }
	at := func(i int) time.Time { return time.Unix(1_767_225_600+int64(i)*8, 0).UTC() }
	staff := func(i int) string { return fmt.Sprintf("Ayşe Yılmaz %d", i%20) }
	raw := fmt.Sprintf("%0300d", 7)

	for _, method := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4} {
		b.Run("clickhouse-go/"+method.String(), func(b *testing.B) {
			name := table(b)
			c := connect(b, addr, dir, method)
			for b.Loop() {
				batch, err := c.PrepareBatch(b.Context(), "INSERT INTO "+name)
				if err != nil {
					b.Fatal(err)
				}
				for i := range rows {
					if err := batch.Append(uid(i), at(i), uint32(i%3600), staff(i), "10.0.0.7", uid(i+1), raw); err != nil {
						b.Fatal(err)
					}
				}
				if err := batch.Send(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("JSONEachRow", func(b *testing.B) {
		name := table(b)
		var lines strings.Builder
		for i := range rows {
			fmt.Fprintf(&lines, `{"uid":%q,"started_at":%q,"duration":%d,"staff":%q,"ip":"10.0.0.7","device":%q,"raw":%q}`+"\n",
				uid(i), at(i).Format(time.DateTime), i%3600, staff(i), uid(i+1), raw)
		}
		insert := "query=" + url.QueryEscape("INSERT INTO "+name+" FORMAT JSONEachRow")
		for b.Loop() {
			r := asDaemon(b, newRequest(b, http.MethodPost, addr, insert, lines.String()))
			if a := send(b, r); a.status != 200 {
				b.Fatal(a.body)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkSelect reads 1,000,000 rows as the engine writes them and as clickhouse-go requests
// them.
func BenchmarkSelect(b *testing.B) {
	addr, dir := sharedEngine(b)
	const query = "SELECT number, toString(number) AS s, toLowCardinality(toString(number % 20)) AS l FROM numbers(1000000)"
	b.Run("Native", func(b *testing.B) {
		for b.Loop() {
			if a := post(b, addr, "default_format=Native", query); a.status != 200 {
				b.Fatal(a.body)
			}
		}
	})
	b.Run("clickhouse-go", func(b *testing.B) {
		c := connect(b, addr, dir, clickhouse.CompressionNone)
		for b.Loop() {
			rows, err := c.Query(b.Context(), query)
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
			}
			if err := rows.Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
