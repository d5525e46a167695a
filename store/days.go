package store

import (
	"cmp"
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// Days are the account's vendor days, oldest first. It does no I/O.
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

// changedDays are the days of o that differ from what is known.
func (s *Store) changedDays(o report.Observation) []report.DayStatus {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var changed []report.DayStatus
	for _, d := range o.Days {
		d.Account = o.Account
		d.SealedAt, d.ReadAt = d.SealedAt.Round(0).UTC(), d.ReadAt.Round(0).UTC() // what is read back has no monotonic clock
		known, ok := s.days[o.Account][d.Day]
		d.Version = known.Version
		if !ok || d != known {
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

// storeDays records the observation's changed days and queues them behind its rows.
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
		tell := err != nil || !sameForOthers(known, c.days[i])
		if err := days.Put(key, b); err != nil {
			return err
		}
		if !tell {
			continue
		}
		c.toldDays++
		if err := enqueue(queue, append([]byte{dayEntry}, b...)); err != nil {
			return err
		}
	}
	return nil
}

// sameForOthers tells whether ClickHouse already has this state of a day.
func sameForOthers(a, b report.DayStatus) bool {
	a.ReadAt, a.Version = b.ReadAt, b.Version
	return a == b
}

// Reconsider makes the next answer decode again what was rejected: whether a record can be true depends on the clock, too.
func (s *Store) Reconsider(account string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var hashes []uint64
	find := func(tx *bolt.Tx, do func(b *bolt.Bucket, key []byte) error) error {
		return eachDay(accountBucket(tx, account), othersBucket, func(_ report.Day, b *bolt.Bucket) error {
			var keys [][]byte
			err := b.ForEach(func(key, kind []byte) error {
				if len(kind) == 1 && kind[0] == rejectedRecord {
					keys = append(keys, key)
				}
				return nil
			})
			for _, key := range keys {
				err = errors.Join(err, do(b, key))
			}
			return err
		})
	}
	any := false
	err := s.db.View(func(tx *bolt.Tx) error {
		return find(tx, func(*bolt.Bucket, []byte) error { any = true; return nil })
	})
	if err != nil {
		return s.explain(err)
	}
	if !any {
		return nil
	}
	err = s.updateLocked(func(tx *bolt.Tx) error {
		return find(tx, func(b *bolt.Bucket, key []byte) error {
			hashes = append(hashes, number(key))
			return b.Delete(key)
		})
	})
	if err != nil {
		return err
	}
	seen := s.seenOf(account)
	for _, hash := range hashes {
		seen.remove(hash)
	}
	return nil
}

// Forget makes the next answer queue these connections again, although their content has not changed. What else is known of
// them stays.
func (s *Store) Forget(account string, uids []string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var hashes []uint64
	err := s.updateLocked(func(tx *bolt.Tx) error {
		b := accountBucket(tx, account)
		for _, uid := range slices.Sorted(slices.Values(uids)) {
			id, day, ok, err := find(b, []byte(uid))
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			id.forgotten = true
			hashes = append(hashes, id.Hash)
			if err := b.Bucket(uidsBucket).Bucket(dayKey(day)).Put([]byte(uid), id.encode()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	seen := s.seenOf(account)
	for _, hash := range hashes {
		seen.remove(hash)
	}
	return nil
}

// Prune forgets what was observed of days before the given one. The vendor must no longer tell those days: a forgotten
// connection that is told again counts as new. The states of days are kept.
func (s *Store) Prune(account string, before report.Day) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if due, err := s.prunable(account, before); err != nil || !due {
		return err
	}
	var hashes []uint64
	var gone []report.Identity
	err := s.updateLocked(func(tx *bolt.Tx) error {
		b := accountBucket(tx, account)
		return deleteDays(b, before, func(kind string, key, v []byte) error {
			if kind == string(othersBucket) {
				hashes = append(hashes, number(key))
				return nil
			}
			id, err := decodeIdentity(v)
			hashes, gone = append(hashes, id.Hash), append(gone, id.Identity)
			return err
		})
	})
	if err != nil {
		return err
	}
	seen := s.seenOf(account)
	for _, hash := range hashes {
		seen.remove(hash)
	}
	seen.rebuild(seen.live)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range gone {
		tally(s.totals[account], id, -1)
	}
	return nil
}

// prunable tells whether there is anything before a day, so that most calls of Prune cost no transaction.
func (s *Store) prunable(account string, before report.Day) (due bool, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		b := accountBucket(tx, account)
		for _, kind := range [][]byte{uidsBucket, othersBucket} {
			if err := eachDay(b, kind, func(day report.Day, _ *bolt.Bucket) error {
				due = due || day < before
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = s.explain(err)
	}
	return due, err
}

// deleteDays hands every entry of the days before to do and deletes those days.
func deleteDays(account *bolt.Bucket, before report.Day, do func(kind string, key, v []byte) error) error {
	for _, kind := range [][]byte{uidsBucket, othersBucket} {
		var gone []report.Day
		err := eachDay(account, kind, func(day report.Day, b *bolt.Bucket) error {
			if day >= before {
				return nil
			}
			gone = append(gone, day)
			return b.ForEach(func(key, v []byte) error { return do(string(kind), key, v) })
		})
		if err != nil {
			return err
		}
		for _, day := range gone {
			if err := account.Bucket(kind).DeleteBucket(dayKey(day)); err != nil {
				return err
			}
		}
	}
	return nil
}
