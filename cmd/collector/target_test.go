package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// TestTargetMakesTheSchemaAgain: a ClickHouse that was restored empty beneath a running daemon gets its schema.
func TestTargetMakesTheSchemaAgain(t *testing.T) {
	c := embeddedConfig(t)
	_, stop := started(t, c)
	defer stop()
	log := slog.New(slog.DiscardHandler)
	to := &target{app: &app{stderr: t.Output()}, config: c, log: log}
	defer func() {
		if err := to.close(); err != nil {
			t.Error(err)
		}
	}()
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	row := report.Connection{
		Account: "main", UID: "u", StartedAt: at, Duration: time.Minute, Mode: report.ModeSupport, LocalDay: report.DayOf(at),
		FirstSeenAt: at, FetchedAt: at, Raw: "{}", Hash: 1, Version: 1,
	}
	batch := report.Batch{Connections: []report.Connection{row}}
	if err := to.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	var tables strings.Builder
	if err := to.opened.Query(t.Context(), "SELECT name FROM system.tables WHERE database = 'alpemix'", "TSV", &tables); err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(tables.String()) {
		if err := to.opened.Query(t.Context(), "DROP TABLE alpemix."+name+" SYNC", "", t.Output()); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Write(t.Context(), batch); err == nil {
		t.Error("the tables are gone, and a write succeeds")
	}
	if err := to.Write(t.Context(), batch); err != nil {
		t.Errorf("the second write: %v", err)
	}
	stored, err := to.ReadBack(t.Context(), "main", report.DayOf(at))
	if err != nil || len(stored) != 1 {
		t.Errorf("%v %v", stored, err)
	}
	// Tables without which the record of migrations has stayed are not made again: nothing worse happens than the same error.
	if err := to.opened.Query(t.Context(), "DROP TABLE alpemix.connection_rows SYNC", "", t.Output()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := to.Write(t.Context(), batch); err == nil {
			t.Error("the table is gone, and a write succeeds")
		}
	}
}
