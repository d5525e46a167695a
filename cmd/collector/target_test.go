package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/report"
)

// TestTargetMakesTheSchemaAgain: a ClickHouse that was restored empty beneath a running daemon gets its schema.
func TestTargetMakesTheSchemaAgain(t *testing.T) {
	c := embeddedConfig(t)
	_, stop := started(t, c)
	defer stop()
	to := testTarget(t.Output(), c)
	defer func() {
		if err := to.Close(); err != nil {
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
	if err := reached(t, to).Query(t.Context(), "SELECT name FROM system.tables WHERE database = 'alpemix'", "TSV", &tables); err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(tables.String()) {
		if err := reached(t, to).Query(t.Context(), "DROP TABLE alpemix."+name+" SYNC", "", t.Output()); err != nil {
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
	if err := reached(t, to).Query(t.Context(), "DROP TABLE alpemix.connection_rows SYNC", "", t.Output()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := to.Write(t.Context(), batch); err == nil {
			t.Error("the table is gone, and a write succeeds")
		}
	}
}

// testTarget is the ClickHouse of a configuration as the daemon opens it.
func testTarget(log io.Writer, c *config.Config) *database.Target {
	return &database.Target{Opener: *(&app{stderr: log}).opener(c)}
}

// reached is the ClickHouse that the last write has reached.
func reached(t *testing.T, to *database.Target) *database.DB {
	t.Helper()
	db, err := to.Reached()
	if db == nil || err != nil {
		t.Fatalf("%v %v", db, err)
	}
	return db
}
