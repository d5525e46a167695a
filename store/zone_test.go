package store

import (
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

func TestSetZoneMakesEverythingUnseen(t *testing.T) {
	s := openTest(t, t.TempDir())
	if before, err := s.SetZone("main", "Europe/Istanbul"); before != "" || err != nil {
		t.Fatalf("%q, %v", before, err)
	}
	item := row("u1", "A")
	commitTest(t, s, observation(item))
	drainAll(t, s)
	if before, err := s.SetZone("main", "Europe/Istanbul"); before != "Europe/Istanbul" || err != nil || !s.Seen("main", item.Hash) {
		t.Fatalf("the same zone: %q, %v", before, err)
	}
	if before, err := s.SetZone("main", "Asia/Tokyo"); before != "Europe/Istanbul" || err != nil || s.Seen("main", item.Hash) {
		t.Fatalf("another zone: %q, %v, seen %v", before, err, s.Seen("main", item.Hash))
	}
	moved := item
	moved.StartedAt = item.StartedAt.Add(-6 * time.Hour)
	commitTest(t, s, observation(moved))
	entries := drainAll(t, s).Entries
	if len(entries) != 1 || !entries[0].MovedFrom.Equal(item.StartedAt) || !s.Seen("main", item.Hash) {
		t.Errorf("read again: %+v", entries)
	}
}

// TestZoneWithTheSameHours: records read in a zone whose clocks show the same are not read again.
func TestZoneWithTheSameHours(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		seen                bool
	}{
		{"an alias", "Europe/Istanbul", "Asia/Istanbul", true},
		{"an old name", "Europe/Istanbul", "Turkey", true},
		{"a fixed offset that is the same", "Europe/Istanbul", "Etc/GMT-3", true},
		{"an offset with the wrong sign", "Europe/Istanbul", "Etc/GMT+3", false},
		{"a zone that differs in summer only", "Europe/London", "Africa/Abidjan", false},
		{"a zone that differs in winter only", "Europe/Athens", "Europe/Istanbul", false},
		{"a neighbour an hour away", "Europe/Berlin", "Europe/Istanbul", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC)))
				s := openTest(t, t.TempDir())
				if _, err := s.SetZone("main", tt.before); err != nil {
					t.Fatal(err)
				}
				item := row("u1", "A")
				o := observation(item)
				o.Day = report.DayOf(time.Now())
				commitTest(t, s, o)
				before, err := s.SetZone("main", tt.after)
				if err != nil || s.Seen("main", item.Hash) != tt.seen || (before == "") != tt.seen {
					t.Errorf("before %q, %v, seen %v", before, err, s.Seen("main", item.Hash))
				}
				if again, err := s.SetZone("main", tt.after); again != tt.after || err != nil {
					t.Errorf("the zone is remembered as %q, %v", again, err)
				}
			})
		})
	}
}
