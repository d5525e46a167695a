package store

import (
	"testing"
	"time"
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
