package store

import "maps"

// seenSet is a set of what records are remembered by, see report.Item.
type seenSet map[uint64]struct{}

func (h seenSet) add(seen uint64) { h[seen] = struct{}{} }

// compact returns a copy of its size: a map keeps the room of what was deleted from it.
func (h seenSet) compact() seenSet {
	small := make(seenSet, len(h))
	maps.Copy(small, h)
	return small
}

// Seen reports whether a record that is remembered by this, see report.Item, is already queued or
// stored. It does no I/O and allocates nothing: a poll of an unchanged day is 100,000 of these calls
// and nothing else.
func (s *Store) Seen(account string, seen uint64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, is := s.seen[account][seen]
	return is
}

// seenOf returns the account's set, for change; the caller holds mu.
func (s *Store) seenOf(account string) seenSet {
	set, ok := s.seen[account]
	if !ok {
		set = seenSet{}
		s.seen[account] = set
	}
	return set
}

// unsee drops hashes from the memory, after the disk has dropped them.
func (s *Store) unsee(account string, gone []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.seenOf(account)
	for _, hash := range gone {
		delete(set, hash)
	}
}
