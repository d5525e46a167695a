package store

import "maps"

// seenSet is the set of values that records are remembered by, see report.Item.
type seenSet map[uint64]struct{}

func (h seenSet) add(seen uint64) { h[seen] = struct{}{} }

// compact returns a copy that fits: a map keeps the memory of deleted entries.
func (h seenSet) compact() seenSet {
	small := make(seenSet, len(h))
	maps.Copy(small, h)
	return small
}

// Seen reports whether a record that is remembered by seen (see report.Item) is already queued or
// stored. It does no I/O and allocates nothing, because a poll of an unchanged day is 100,000 of
// these calls and nothing else.
func (s *Store) Seen(account string, seen uint64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, is := s.seen[account][seen]
	return is
}

// seenOf returns the account's set, for changes. The caller holds mu.
func (s *Store) seenOf(account string) seenSet {
	set, ok := s.seen[account]
	if !ok {
		set = seenSet{}
		s.seen[account] = set
	}
	return set
}

// unsee removes hashes from memory, after they were removed from disk.
func (s *Store) unsee(account string, gone []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.seenOf(account)
	for _, hash := range gone {
		delete(set, hash)
	}
}
