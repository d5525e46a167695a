package daemon

import (
	"log/slog"
	"strings"
	"testing"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/report"
	"alpemix-collector/rules/prometheustest"
)

// TestUsageSaysWhyClickHouseIsUnreachable: the page has the reason that what writes has met.
func TestUsageSaysWhyClickHouseIsUnreachable(t *testing.T) {
	away, err := config.Load("", []string{"COLLECTOR_CLICKHOUSE_DSN=http://" + prometheustest.FreeAddress(t) + "/alpemix"})
	if err != nil {
		t.Fatal(err)
	}
	to := &database.Target{Opener: database.Opener{Config: away, Log: slog.New(slog.DiscardHandler)}}
	d := &Daemon{Config: away, Target: to}
	if u, err := d.usage(t.Context()); u != nil || err != nil {
		t.Errorf("before the first write: %v %v", u, err)
	}
	if err := to.Write(t.Context(), report.Batch{Days: []report.DayStatus{{Account: "main"}}}); err == nil {
		t.Fatal("written to nobody")
	}
	if u, err := d.usage(t.Context()); u != nil || err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v %v", u, err)
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
}
