package store

import (
	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// addFetches keeps fetches in memory for the next transaction.
func (s *Store) addFetches(fetches []report.Fetch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches = append(s.fetches, fetches...)
}

// dropFetches removes the last n fetches that addFetches added.
func (s *Store) dropFetches(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches = s.fetches[:len(s.fetches)-n]
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
