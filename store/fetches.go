package store

import (
	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// addFetch keeps f for the next transaction.
func (s *Store) addFetch(f report.Fetch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches = append(s.fetches, f)
}

// dropLastFetch takes back what addFetch did.
func (s *Store) dropLastFetch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches = s.fetches[:len(s.fetches)-1]
}

func putFetches(tx *bolt.Tx, fetches []report.Fetch) error {
	for _, f := range fetches {
		v, err := encodeFetch(f)
		if err != nil {
			return err
		}
		if err := enqueue(tx.Bucket(fetchesBucket), v); err != nil {
			return err
		}
	}
	return nil
}
