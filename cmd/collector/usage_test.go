package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/report"
	"alpemix-collector/web"
)

// TestUsageTellsWhyClickHouseIsAway: the page has the reason that what writes has met.
func TestUsageTellsWhyClickHouseIsAway(t *testing.T) {
	c := embeddedConfig(t)
	away, err := config.Load("", []string{"COLLECTOR_CLICKHOUSE_DSN=http://" + c.ClickHouse.Embedded.Listen + "/alpemix"})
	if err != nil {
		t.Fatal(err)
	}
	to := testTarget(t.Output(), away)
	d := &daemon{config: away, target: to}
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

// daemonUsage is what a running daemon's page tells of ClickHouse.
func daemonUsage(t *testing.T, listen string) *web.Usage {
	t.Helper()
	for deadline := time.Now().Add(patience); ; pause(t.Context(), 50*time.Millisecond) {
		answer, err := http.Get(pageURL(listen) + "/api/v1/usage")
		if err != nil {
			t.Fatal(err)
		}
		var a web.UsageAnswer
		if err := errors.Join(json.NewDecoder(answer.Body).Decode(&a), answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if a.Usage != nil {
			return a.Usage
		}
		if time.Now().After(deadline) {
			t.Fatalf("ClickHouse tells the page nothing: %+v", a.Error)
		}
	}
}
