package main

import (
	"bytes"
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

// BenchmarkImport measures collector import of a large report.
func BenchmarkImport(b *testing.B) {
	const rows = 1_000_000
	dir := b.TempDir()
	day := report.DayOf(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)) // a Wednesday
	vendor := simulator.New(simulator.Options{
		World: &simulator.World{PerWorkday: rows}, Accounts: []simulator.Account{{Name: "main"}},
	})
	body := vendor.Report("main", day, (day + 2).Start(simulator.Istanbul))
	whole := filepath.Join(dir, "report.json")
	if err := os.WriteFile(whole, body, 0o600); err != nil {
		b.Fatal(err)
	}
	size, records := len(body), bytes.Count(body, []byte(`"uid":`))
	body = nil

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
	var imported time.Duration
	var peak int
	n := 0
	for b.Loop() {
		n++
		collect("", "sql", "--write", "TRUNCATE TABLE connection_rows")
		_, took, most := collect("", "import", "--account", "main", whole)
		imported, peak = imported+took, max(peak, most)
		stored, _, _ := collect("", "sql", "--format", "TSV", "SELECT count() FROM connections")
		if stored != fmt.Sprintln(records) {
			b.Fatalf("%s of %d records are stored", stored, records)
		}
	}
	b.ReportMetric(float64(n)*float64(size)/imported.Seconds()/1e6, "import-MB/s")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
}
