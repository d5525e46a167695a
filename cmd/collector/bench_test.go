package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// BenchmarkImport measures collector import of a large report against the engine's own reading of the same JSON file into the
// same table, one after the other on the same engine. "of-file()" above 1 means that import is the faster one;
// "of-file()-unmerged" is against an INSERT that does not merge its rows either, as import's do not.
func BenchmarkImport(b *testing.B) {
	const rows = 1_000_000
	dir := b.TempDir()
	day := report.DayOf(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)) // a Wednesday
	vendor := simulator.New(simulator.Options{
		World: &simulator.World{PerWorkday: rows}, Accounts: []simulator.Account{{Name: "main"}},
	})
	body := vendor.Report("main", day, (day + 2).Start(simulator.Istanbul))
	records := body[bytes.IndexByte(body, '[') : bytes.LastIndexByte(body, ']')+1]
	whole, array := filepath.Join(dir, "report.json"), filepath.Join(dir, "records.json")
	for path, text := range map[string][]byte{whole: body, array: records} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	size := len(body)
	body, records = nil, nil

	binary := built(b)
	c := embeddedConfig(b)
	_, stop := started(b, c)
	defer stop()
	collect := func(stdin string, args ...string) (stdout string, took time.Duration, peak int) {
		b.Helper()
		command := exec.Command(binary, args...)
		command.Env = []string{"COLLECTOR_STATE_DIR=" + c.StateDir, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + c.ClickHouse.Embedded.Listen}
		command.Stdin = strings.NewReader(stdin)
		command.Stderr = os.Stderr
		var out strings.Builder
		command.Stdout = &out
		began := time.Now()
		if err := command.Start(); err != nil {
			b.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		for {
			select {
			case err := <-ended:
				if err != nil {
					b.Fatalf("%v: %v", args, err)
				}
				return out.String(), time.Since(began), peak
			case <-time.After(20 * time.Millisecond):
				peak = max(peak, memory(command.Process.Pid, "VmHWM"))
			}
		}
	}
	collect("", "migrate", "up")
	ways := [...]struct{ metric, settings string }{{"of-file()", ""}, {"of-file()-unmerged", "SETTINGS optimize_on_insert = 0"}}
	var imported time.Duration
	var filed [len(ways)]time.Duration
	var peak int
	n := 0
	for b.Loop() {
		n++
		collect("", "sql", "--write", "TRUNCATE TABLE connection_rows")
		_, took, most := collect("", "import", "--account", "main", whole)
		imported, peak = imported+took, max(peak, most)
		want, _, _ := collect("", "sql", "--format", "TSV", "SELECT count(), sum(duration_seconds), sum(cityHash64(uid, started_at, raw)) FROM connections")
		for i, way := range ways {
			collect("", "sql", "--write", "TRUNCATE TABLE connection_rows")
			_, took, _ := collect(strings.ReplaceAll(fromFile, "FILE", array)+way.settings, "sql", "--write", "-")
			filed[i] += took
			got, _, _ := collect("", "sql", "--format", "TSV", "SELECT count(), sum(duration_seconds), sum(cityHash64(uid, started_at, raw)) FROM connections")
			if got != want {
				b.Fatalf("the two did not store the same: %q and %q", want, got)
			}
		}
	}
	b.ReportMetric(float64(n)*float64(size)/imported.Seconds()/1e6, "import-MB/s")
	for i, way := range ways {
		b.ReportMetric(filed[i].Seconds()/imported.Seconds(), way.metric)
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
}

// fromFile is what someone would write who needs no quarantine and no state.
const fromFile = `INSERT INTO connection_rows (account, uid, started_at, duration_seconds, mode, explanation, support_number,
	staff_name, staff_ip, staff_local_ip, staff_device, staff_alpemix_id,
	target_name, target_ip, target_local_ip, target_device, target_alpemix_id,
	local_day, first_seen_at, fetched_at, raw, hash, version, deleted)
WITH parseDateTime(j.dt, '%H:%i:%S %d\\%m\\%Y', 'Europe/Istanbul') AS t
SELECT 'main', j.uid, t, j.` + "`dur:`" + `, if(j.dir = 0, 'support', 'presentation'), j.exp, j.supnum,
	j.uname, j.ip, j.lip, j.unum, j.aid, j.tuname, j.tip, j.tlip, j.tunum, j.taid,
	toDate(t), now(), now(), json, xxHash64(json), 1, 0
FROM (SELECT json, JSONExtract(json, 'Tuple(uid String, dt String, ` + "`dur:`" + ` UInt32, dir UInt8, exp String, supnum String,
	uname String, ip String, lip String, unum String, aid String, tuname String, tip String, tlip String, tunum String, taid String)') AS j
	FROM file('FILE', 'JSONAsString'))
`
