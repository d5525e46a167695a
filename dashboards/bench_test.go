package dashboards_test

import (
	"database/sql"
	"flag"
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

var benchmarkRows = flag.Int("rows", 100_000, "connections of a year for BenchmarkQueries")

// BenchmarkQueries measures each query for 30 days of a year of -rows connections: go test ./dashboards -bench Queries -rows 10000000.
func BenchmarkQueries(b *testing.B) {
	server := filled(b)
	options, err := clickhouse.ParseDSN(server.DSN("alpemix"))
	if err != nil {
		b.Fatal(err)
	}
	writer := clickhouse.OpenDB(options)
	defer func() { _ = writer.Close() }()
	crowd(b, writer, *benchmarkRows)
	for _, d := range read(b) {
		v := looked(b, server, &d)
		measure := func(name, query string) {
			b.Run(d.UID+"/"+name, func(b *testing.B) {
				for b.Loop() {
					ask(b, server, v.expand(b, query))
				}
			})
		}
		for _, variable := range d.Templating.List {
			if query := variable.sql(b); query != "" {
				measure("variable "+variable.Name, query)
			}
		}
		for _, a := range d.Annotations.List {
			if a.Target.RawSQL != "" {
				measure("annotation "+a.Name, a.Target.RawSQL)
			}
		}
		for _, p := range d.drawn() {
			for _, q := range p.Targets {
				if q.RawSQL != "" {
					measure(p.Title, q.RawSQL)
				}
			}
		}
	}
}

// crowd adds connections of the past year: 40 staff, 5000 targets, mostly on workdays by day.
func crowd(b *testing.B, db *sql.DB, rows int) {
	b.Helper()
	const step = 1_000_000
	for first := 0; first < rows; first += step {
		_, err := db.ExecContext(b.Context(), fmt.Sprintf(`
			INSERT INTO connection_rows (account, uid, started_at, duration_seconds, mode, explanation, support_number, staff_name, staff_ip, staff_local_ip,
				staff_device, staff_alpemix_id, target_name, target_ip, target_local_ip, target_device, target_alpemix_id, local_day, first_seen_at, fetched_at, raw, hash, version, deleted)
			WITH
				toDateTime(%d - intDiv(number * 31536000, %d), 'UTC') AS at, sipHash64(number) AS h, toString(h %% 40) AS s, toString(intDiv(h, 64) %% 5000) AS t
			SELECT 'main', toString(number), at, 60 + h %% 3000, if(h %% 20 = 0, 'presentation', 'support'), concat('yazıcı çalışmıyor ', toString(h %% 1000)), t,
				concat('staff ', s), concat('10.1.1.', s), concat('192.168.1.', s), concat('d', s), concat('a', s),
				concat('TARGET ', t), concat('8.8.', t), concat('192.168.', t), concat('dt', t), concat('at', t), toDate(at, 'Europe/Istanbul'), at, at,
				concat('{"uid":"', toString(number), '"}'), h, toUnixTimestamp(at) * 1000000, 0
			FROM numbers(%d, %d)`, today.Unix(), rows, first, min(step, rows-first)))
		if err != nil {
			b.Fatal(err)
		}
	}
}
