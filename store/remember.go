package store

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// databaseKey is the key in meta of the id of the database that was last written to.
var databaseKey = []byte("database")

// Database returns the id of the database that the state belongs to, or "" before the first.
func (s *Store) Database() (id string, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		id = string(tx.Bucket(metaBucket).Get(databaseKey))
		return nil
	})
	if err != nil {
		return "", s.explain(err)
	}
	return id, nil
}

// SetDatabase stores the id of the database that the state belongs to.
func (s *Store) SetDatabase(id string) error {
	return s.update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(databaseKey, []byte(id)) })
}

// Remembered returns what is known of an account's connections since a day, by UID.
func (s *Store) Remembered(account string, from report.Day) (map[string]report.Identity, error) {
	known := map[string]report.Identity{}
	err := s.db.View(func(tx *bolt.Tx) error {
		return eachDay(accountBucket(tx, account), uidsBucket, func(_ report.Day, uids *bolt.Bucket) error {
			return uids.ForEach(func(uid, v []byte) error {
				id, err := decodeIdentity(v)
				if err == nil && id.LocalDay >= from {
					known[string(uid)] = id.Identity
				}
				return err
			})
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return known, nil
}

// Remember imports what ClickHouse holds of an account's connections, by UID, and makes the next
// answer queue them again. So their old starts are withdrawn if the vendor moved them, and they
// keep the time at which they were first seen.
func (s *Store) Remember(account string, held map[string]report.Identity) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	var dropped []uint64
	var before, after []report.Identity
	err := s.updateLocked(func(tx *bolt.Tx) error {
		b, err := tx.Bucket(accountsBucket).CreateBucketIfNotExists([]byte(account))
		if err != nil {
			return err
		}
		for _, uid := range slices.Sorted(maps.Keys(held)) {
			next := identity{held[uid], true}
			known, day, ok, err := find(b, []byte(uid))
			if err != nil {
				return err
			}
			if ok {
				dropped, before = append(dropped, known.Seen), append(before, known.Identity)
				if err := b.Bucket(uidsBucket).Bucket(dayKey(day)).Delete([]byte(uid)); err != nil {
					return err
				}
			}
			uids, err := dayBucket(b, uidsBucket, max(day, next.LocalDay))
			if err != nil {
				return err
			}
			if err := uids.Put([]byte(uid), next.encode()); err != nil {
				return err
			}
			after = append(after, next.Identity)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.unsee(account, dropped)
	s.mu.Lock()
	defer s.mu.Unlock()
	totals := s.totalsOf(account)
	for _, id := range before {
		tally(totals, id, -1)
	}
	for _, id := range after {
		tally(totals, id, +1)
	}
	return nil
}

// Repeat queues the known customers and allotments that ClickHouse lacks, and returns their
// numbers. It withdraws lines that ClickHouse has and customers.csv does not, unless no
// customers.csv was ever read.
func (s *Store) Repeat(held report.Held) (customers, allotments int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return 0, 0, err
	}
	lines, gone, err := s.linesNotHeld(held.Customers)
	if err != nil {
		return 0, 0, err
	}
	periods := s.periodsNotHeld(held.Allotments)
	if len(lines)+len(gone)+len(periods) == 0 {
		return 0, 0, nil
	}
	err = s.announce(time.Now(), func(o *outbox) error {
		for _, key := range lines {
			if err := o.putLine(key, false); err != nil {
				return err
			}
		}
		for _, key := range gone {
			if err := o.putLine(key, true); err != nil {
				return err
			}
		}
		for _, p := range periods {
			if err := o.put(allotmentEntry, newPeriodRecord(p)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return len(lines) + len(gone), len(periods), nil
}

// linesNotHeld returns the keys of known lines that ClickHouse lacks, and of lines that only
// ClickHouse has.
func (s *Store) linesNotHeld(held map[report.CustomerLine]bool) (missing, gone [][]byte, err error) {
	known := map[report.CustomerLine]bool{}
	lines, err := s.Customers()
	if err != nil {
		return nil, nil, err
	}
	for _, l := range lines {
		known[l] = true
		if !held[l] {
			missing = append(missing, lineKey(l))
		}
	}
	for l := range held {
		if len(known) > 0 && !known[l] {
			gone = append(gone, lineKey(l))
		}
	}
	slices.SortFunc(gone, bytes.Compare)
	return missing, gone, nil
}

// periodsNotHeld returns the valid periods of which ClickHouse has neither the period nor a later
// one.
func (s *Store) periodsNotHeld(held map[report.AllotmentKey]time.Time) (missing []report.AllotmentPeriod) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, known := range s.resellers {
		for _, p := range known.periods {
			from, ok := held[report.AllotmentKey{Vendor: p.Vendor, Account: p.Account, Customer: p.Customer, Resource: p.Resource}]
			if !ok || from.Before(p.ValidFrom) {
				missing = append(missing, p)
			}
		}
	}
	slices.SortFunc(missing, func(a, b report.AllotmentPeriod) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Resource, b.Resource))
	})
	return missing
}
