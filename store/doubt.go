package store

import (
	"encoding/json"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// Doubt returns what SetDoubt stored last for an account; the zero Doubt if nothing. It does no
// I/O.
func (s *Store) Doubt(vendor, account string) report.Doubt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if known := s.resellers[resellerKey{vendor, account}]; known != nil {
		return known.doubt
	}
	return report.Doubt{}
}

// SetDoubt stores that an account's list is in doubt, also across restarts; the zero Doubt ends
// that. It changes nothing for an unknown account.
func (s *Store) SetDoubt(vendor, account string, d report.Doubt) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	key := resellerKey{vendor, account}
	s.mu.RLock()
	before := s.resellers[key]
	s.mu.RUnlock()
	if before == nil || before.doubt == d {
		return nil
	}
	next := *before
	next.doubt = d
	v, err := json.Marshal(d)
	if err != nil {
		return err
	}
	err = s.updateLocked(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(resellersBucket).Bucket(key.bytes())
		if bucket == nil {
			return nil
		}
		return bucket.Put(doubtKey, v)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resellers[key] = &next
	return nil
}
