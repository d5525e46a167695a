package store

import (
	"testing"

	"alpemix-collector/report"
)

// TestReconsiderForgetsOnlyRejects: rows and twins stay seen, even after a restart.
func TestReconsiderForgetsOnlyRejects(t *testing.T) {
	s := openTest(t, t.TempDir())
	kept, twin := row("u1", "A"), row("u1", "B")
	twin.Twin = true
	rejected := report.Item{Raw: []byte(`{"uid":"u2"}`), Hash: 42, Seen: 42}
	commitTest(t, s, observation(kept, twin, rejected))
	drainAll(t, s)
	for range 2 { // the second time there is nothing to do
		if err := s.Reconsider("main"); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string) {
		t.Helper()
		if s.Seen("main", rejected.Hash) || !s.Seen("main", kept.Hash) || !s.Seen("main", twin.Hash) {
			t.Errorf("%s: the reject is seen: %v, the row: %v, the twin: %v", when,
				s.Seen("main", rejected.Hash), s.Seen("main", kept.Hash), s.Seen("main", twin.Hash))
		}
	}
	check("at once")
	s = reopen(t, s)
	check("after a restart")
	commitTest(t, s, observation(rejected))
	if entries := drainAll(t, s).Entries; len(entries) != 1 || entries[0].Hash != rejected.Hash {
		t.Errorf("read again: %+v", entries)
	}
}
