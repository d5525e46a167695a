package store

import (
	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

var zoneKey = []byte("timezone")

// SetZone remembers the time zone in which an account's records are read and returns the one before, empty if there was none.
// When it changes, all records that can still be read are made unseen: the next answer queues them again, with the starts
// that they have in the new zone.
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

// forgetAll marks every connection as forgotten and drops the other records; it returns their hashes.
func forgetAll(account *bolt.Bucket) (hashes []uint64, err error) {
	err = eachDay(account, uidsBucket, func(_ report.Day, uids *bolt.Bucket) error {
		changed := map[string][]byte{} // a bucket must not change while it is walked through
		err := uids.ForEach(func(key, v []byte) error {
			id, err := decodeIdentity(v)
			id.forgotten = true
			changed[string(key)] = id.encode()
			hashes = append(hashes, id.Hash)
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
