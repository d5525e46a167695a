package store

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// Reconsider makes the next answer parse rejected records again, because whether a record is
// plausible depends on the clock, too.
func (s *Store) Reconsider(account string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	rejected := map[report.Day][][]byte{} // keys of others
	err := s.db.View(func(tx *bolt.Tx) error {
		return eachDay(accountBucket(tx, account), othersBucket, func(day report.Day, others *bolt.Bucket) error {
			return others.ForEach(func(key, kind []byte) error {
				if len(kind) == 1 && kind[0] == rejectedRecord {
					rejected[day] = append(rejected[day], bytes.Clone(key))
				}
				return nil
			})
		})
	})
	if err != nil {
		return s.explain(err)
	}
	if len(rejected) == 0 {
		return nil
	}
	var hashes []uint64
	err = s.updateLocked(func(tx *bolt.Tx) error {
		others := accountBucket(tx, account).Bucket(othersBucket)
		for day, keys := range rejected {
			for _, key := range keys {
				hashes = append(hashes, number(key))
				if err := others.Bucket(dayKey(day)).Delete(key); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.unsee(account, hashes)
	return nil
}

// Forget makes the next answer queue these connections again, even if their content is unchanged.
// Everything else known about them stays.
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
			hashes = append(hashes, id.Seen)
			if err := b.Bucket(uidsBucket).Bucket(dayKey(day)).Put([]byte(uid), id.encode()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.unsee(account, hashes)
	return nil
}

// Prune deletes what was observed of days before the given one. The vendor must no longer serve
// those days, because a deleted connection that is served again counts as new. The states of days
// are kept.
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
			hashes, gone = append(hashes, id.Seen), append(gone, id.Identity)
			return err
		})
	})
	if err != nil {
		return err
	}
	s.unsee(account, hashes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[account] = s.seen[account].compact()
	for _, id := range gone {
		tally(s.totals[account], id, -1)
	}
	return nil
}

// prunable reports whether there is anything before a day, so that most calls of Prune need no
// transaction.
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

// deleteDays calls do for every entry of the days before the given one, and deletes those days.
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
