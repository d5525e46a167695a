package store

import (
	"cmp"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// Accounts returns all accounts with known days. It does no I/O.
func (s *Store) Accounts() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.days))
}

// Days returns the account's vendor days, oldest first. It does no I/O.
func (s *Store) Days(account string) []report.DayStatus {
	s.mu.RLock()
	defer s.mu.RUnlock()
	days := make([]report.DayStatus, 0, len(s.days[account]))
	for _, d := range s.days[account] {
		days = append(days, d)
	}
	slices.SortFunc(days, func(a, b report.DayStatus) int { return cmp.Compare(a.Day, b.Day) })
	return days
}

// changedDays returns the days of o that differ from the known ones.
func (s *Store) changedDays(o report.Observation) []report.DayStatus {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var changed []report.DayStatus
	for _, d := range o.Days {
		d.Account = o.Account
		d.SealedAt, d.ReadAt = d.SealedAt.Round(0).UTC(), d.ReadAt.Round(0).UTC() // times read from disk have no monotonic clock
		known, ok := s.days[o.Account][d.Day]
		d.Version = known.Version
		if !ok || d != known || o.Repeat {
			changed = append(changed, d)
		}
	}
	return changed
}

// setDays updates the memory; the caller holds mu.
func (s *Store) setDays(days []report.DayStatus) {
	for _, d := range days {
		if s.days[d.Account] == nil {
			s.days[d.Account] = map[report.Day]report.DayStatus{}
		}
		s.days[d.Account][d.Day] = d
	}
}

// storeDays stores the observation's changed days and queues them after its rows.
func (c *commit) storeDays(tx *bolt.Tx, account *bolt.Bucket) error {
	if len(c.days) == 0 {
		return nil
	}
	days, err := account.CreateBucketIfNotExists(daysBucket)
	if err != nil {
		return err
	}
	queue := tx.Bucket(queueBucket)
	for i := range c.days {
		c.days[i].Version = c.version
		b, err := encodeDay(c.days[i])
		if err != nil {
			return err
		}
		key := dayKey(c.days[i].Day)
		known, err := decodeDay(days.Get(key))
		queued := err != nil || !sameForOthers(known, c.days[i]) || c.o.Repeat
		if err := days.Put(key, b); err != nil {
			return err
		}
		if !queued {
			continue
		}
		c.queuedDays++
		if err := enqueue(queue, append([]byte{dayEntry}, b...)); err != nil {
			return err
		}
	}
	return nil
}

// sameForOthers reports whether ClickHouse already has this state of a day.
func sameForOthers(a, b report.DayStatus) bool {
	a.ReadAt, a.WatchedAt, a.Listed, a.Version = b.ReadAt, b.WatchedAt, b.Listed, b.Version
	return a == b
}
