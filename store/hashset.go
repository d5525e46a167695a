package store

import "sync/atomic"

// hashSet is a set of hashes that one goroutine changes while others look up without a lock: a poll of an unchanged day is
// 100,000 look-ups and nothing else. It is an open-addressed table with linear probing, at most three quarters full: some
// 16 bytes a hash. The hashes are XXH64 values, so their low bits serve as the slot.
type hashSet struct {
	table atomic.Pointer[[]atomic.Uint64] // its length is a power of two
	used  int                             // slots that are not free, removed ones included
	live  int
}

// Two values mark slots. A hash of these values is kept as its neighbour, which costs no more than any collision of XXH64.
const (
	slotFree    = 0
	slotRemoved = 1
	smallest    = 16 // slots
)

func newHashSet() *hashSet {
	h := &hashSet{}
	h.rebuild(0)
	return h
}

func slotValue(hash uint64) uint64 {
	if hash <= slotRemoved {
		return hash + 2
	}
	return hash
}

func (h *hashSet) has(hash uint64) bool {
	v, table := slotValue(hash), *h.table.Load()
	mask := uint64(len(table) - 1)
	for i := v & mask; ; i = (i + 1) & mask {
		switch table[i].Load() {
		case v:
			return true
		case slotFree:
			return false
		}
	}
}

func (h *hashSet) add(hash uint64) {
	if h.has(hash) {
		return
	}
	if table := *h.table.Load(); h.used >= len(table)/4*3 {
		h.rebuild(h.live + 1)
	}
	if insert(*h.table.Load(), slotValue(hash)) {
		h.used++
	}
	h.live++
}

// insert puts v into the first slot that holds no hash and tells whether that slot was free rather than removed.
func insert(table []atomic.Uint64, v uint64) (free bool) {
	mask := uint64(len(table) - 1)
	for i := v & mask; ; i = (i + 1) & mask {
		if old := table[i].Load(); old <= slotRemoved {
			table[i].Store(v)
			return old == slotFree
		}
	}
}

func (h *hashSet) remove(hash uint64) {
	v, table := slotValue(hash), *h.table.Load()
	mask := uint64(len(table) - 1)
	for i := v & mask; ; i = (i + 1) & mask {
		switch table[i].Load() {
		case v:
			table[i].Store(slotRemoved)
			h.live--
			return
		case slotFree:
			return
		}
	}
}

// rebuild moves the hashes to a table with room for n, so that a set that was once large shrinks again.
func (h *hashSet) rebuild(n int) {
	slots := smallest
	for slots/2 < n {
		slots *= 2
	}
	table := make([]atomic.Uint64, slots)
	h.used = 0
	if old := h.table.Load(); old != nil {
		for i := range *old {
			if v := (*old)[i].Load(); v > slotRemoved {
				insert(table, v)
				h.used++
			}
		}
	}
	h.table.Store(&table)
}

// Seen reports whether a record that is remembered by this, see report.Item, is already queued or stored. It does no I/O,
// takes no lock and allocates nothing.
func (s *Store) Seen(account string, seen uint64) bool {
	set := (*s.seen.Load())[account]
	return set != nil && set.has(seen)
}

// seenOf is the account's set, for change; the caller holds writing.
func (s *Store) seenOf(account string) *hashSet {
	sets := *s.seen.Load()
	if set := sets[account]; set != nil {
		return set
	}
	next := make(map[string]*hashSet, len(sets)+1)
	for name, set := range sets {
		next[name] = set
	}
	next[account] = newHashSet()
	s.seen.Store(&next)
	return next[account]
}
