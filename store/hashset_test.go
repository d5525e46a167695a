package store

import (
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestHashSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, want := newHashSet(), map[uint64]bool{}
		hash := rapid.OneOf(rapid.Uint64Range(2, 40), rapid.Map(rapid.Uint64Range(0, 60), func(n uint64) uint64 { return n<<32 | 16 }))
		t.Repeat(map[string]func(*rapid.T){
			"add":     func(t *rapid.T) { v := hash.Draw(t, "hash"); h.add(v); want[v] = true },
			"remove":  func(t *rapid.T) { v := hash.Draw(t, "hash"); h.remove(v); delete(want, v) },
			"rebuild": func(*rapid.T) { h.rebuild(h.live) },
			"": func(t *rapid.T) {
				if h.live != len(want) {
					t.Fatalf("%d live of %d", h.live, len(want))
				}
				v := hash.Draw(t, "hash")
				if h.has(v) != want[v] {
					t.Fatalf("has %d: %v", v, h.has(v))
				}
			},
		})
	})
}

func TestHashSetKnowsTheValuesThatMarkSlots(t *testing.T) {
	h := newHashSet()
	for _, v := range []uint64{slotFree, slotRemoved} {
		if h.has(v) {
			t.Errorf("%d is in an empty set", v)
		}
		h.add(v)
		if !h.has(v) {
			t.Errorf("%d was added", v)
		}
		h.remove(v)
		if h.has(v) {
			t.Errorf("%d was removed", v)
		}
	}
}

// TestHashSetIsReadWhileItChanges is for the race detector, and for hashes that must never seem gone.
func TestHashSetIsReadWhileItChanges(t *testing.T) {
	h := newHashSet()
	h.add(77)
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !h.has(77) {
					t.Error("77 is gone")
					return
				}
			}
		})
	}
	for range 20_000 {
		v := rand.Uint64()
		h.add(v)
		if v%3 == 0 {
			h.remove(v)
		}
	}
	close(stop)
	readers.Wait()
}

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
