package store

import "testing"

func TestSeenAllocatesNothing(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "a")
	commitTest(t, s, observation(item))
	if n := testing.AllocsPerRun(100, func() {
		if !s.Seen("main", item.Hash) || s.Seen("main", 12345) || s.Seen("other", item.Hash) {
			t.Error("wrong")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
