package store

import (
	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// Twins returns the account's records of a vendor day that were committed as twins: the value that
// each is remembered by, and its UID.
func (s *Store) Twins(account string, day report.Day) (map[uint64]string, error) {
	twins := map[uint64]string{}
	err := s.db.View(func(tx *bolt.Tx) error {
		b := accountBucket(tx, account)
		if b == nil || b.Bucket(othersBucket) == nil {
			return nil
		}
		others := b.Bucket(othersBucket).Bucket(dayKey(day))
		if others == nil {
			return nil
		}
		return others.ForEach(func(key, v []byte) error {
			if len(v) > 1 && v[0] == twinRecord {
				twins[number(key)] = string(v[1:])
			}
			return nil
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return twins, nil
}

// ForgetTwins makes these twins of a vendor day ordinary records: an answer that still lists one
// parses it again.
func (s *Store) ForgetTwins(account string, day report.Day, twins []uint64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := s.updateLocked(func(tx *bolt.Tx) error {
		others := accountBucket(tx, account).Bucket(othersBucket).Bucket(dayKey(day))
		for _, seen := range twins {
			if err := others.Delete(numberKey(seen)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.unsee(account, twins)
	return nil
}
