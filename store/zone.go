package store

import (
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

var zoneKey = []byte("timezone")

// SetZone stores the time zone in which an account's records are parsed. It returns the previous
// zone, or "" if there was none or if it has the same hours. When the hours change, all records
// that can still be read count as not seen, so the next answer queues them again with their starts
// in the new zone.
func (s *Store) SetZone(account, zone string) (before string, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.db.View(func(tx *bolt.Tx) error {
		if b := accountBucket(tx, account); b != nil {
			before = string(b.Get(zoneKey))
		}
		return nil
	})
	if err != nil {
		return "", s.explain(err)
	}
	if before == zone {
		return before, nil
	}
	oldest, err := s.oldestDay(account)
	if err != nil {
		return "", err
	}
	if sameHours(before, zone, oldest) {
		before = ""
	}
	var hashes []uint64
	err = s.updateLocked(func(tx *bolt.Tx) error {
		b, err := tx.Bucket(accountsBucket).CreateBucketIfNotExists([]byte(account))
		if err != nil {
			return err
		}
		if before != "" {
			if hashes, err = forgetAll(b); err != nil {
				return err
			}
		}
		return b.Put(zoneKey, []byte(zone))
	})
	if err != nil {
		return "", err
	}
	s.unsee(account, hashes)
	return before, nil
}

// oldestDay returns the oldest day with remembered records of an account, or today.
func (s *Store) oldestDay(account string) (oldest report.Day, err error) {
	oldest = report.DayOf(time.Now().UTC())
	err = s.db.View(func(tx *bolt.Tx) error {
		return eachDay(accountBucket(tx, account), uidsBucket, func(day report.Day, _ *bolt.Bucket) error {
			oldest = min(oldest, day)
			return nil
		})
	})
	if err != nil {
		return 0, s.explain(err)
	}
	return oldest, nil
}

// sameHours compares two zones over all days of the remembered records, and over a year before and
// after now, because a zone that differs only in winter is another one in summer, too. Unknown
// names have no hours to compare.
func sameHours(a, b string, oldest report.Day) bool {
	zoneA, errA := time.LoadLocation(a)
	zoneB, errB := time.LoadLocation(b)
	if a == "" || errA != nil || errB != nil {
		return false
	}
	now := time.Now()
	t, end := now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)
	if first := (oldest - 1).UTC(); first.Before(t) {
		t = first
	}
	for ; t.Before(end); t = t.Add(time.Hour) {
		_, offsetA := t.In(zoneA).Zone()
		if _, offsetB := t.In(zoneB).Zone(); offsetA != offsetB {
			return false
		}
	}
	return true
}

// forgetAll marks every connection as forgotten and deletes the other records. It returns their
// hashes.
func forgetAll(account *bolt.Bucket) (hashes []uint64, err error) {
	err = eachDay(account, uidsBucket, func(_ report.Day, uids *bolt.Bucket) error {
		changed := map[string][]byte{} // a bucket must not change during iteration
		err := uids.ForEach(func(key, v []byte) error {
			id, err := decodeIdentity(v)
			id.forgotten = true
			changed[string(key)] = id.encode()
			hashes = append(hashes, id.Seen)
			return err
		})
		for key, v := range changed {
			if err == nil {
				err = uids.Put([]byte(key), v)
			}
		}
		return err
	})
	if err != nil || account.Bucket(othersBucket) == nil {
		return hashes, err
	}
	err = eachDay(account, othersBucket, func(_ report.Day, others *bolt.Bucket) error {
		return others.ForEach(func(key, _ []byte) error {
			hashes = append(hashes, number(key))
			return nil
		})
	})
	if err == nil {
		err = account.DeleteBucket(othersBucket)
	}
	return hashes, err
}
