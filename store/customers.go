package store

import (
	"bytes"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// lineRecord is a report.CustomerLine on disk, and customerRecord a report.CustomerChange. The JSON
// names are part of the file format.
type (
	lineRecord struct {
		Customer string `json:"customer"`
		Vendor   string `json:"vendor"`
		Account  string `json:"account,omitempty"`
		Field    string `json:"field"`
		Value    string `json:"value"`
	}
	customerRecord struct {
		lineRecord
		Removed bool   `json:"removed,omitempty"`
		Version uint64 `json:"version"`
	}
)

// lineKey encodes a whole line, which is its own key.
func lineKey(l report.CustomerLine) []byte {
	var key []byte
	for _, part := range []string{l.Vendor, l.Account, l.Field, l.Value, l.Customer} {
		key = appendText(key, part)
	}
	return key
}

func lineOfKey(key []byte) report.CustomerLine {
	r := reader{rest: key}
	return report.CustomerLine{Vendor: r.text(), Account: r.text(), Field: r.text(), Value: r.text(), Customer: r.text()}
}

// SetCustomers replaces the known customers. In one transaction it queues the lines that were added
// or removed since the last call, and returns their number. Without changes there is no
// transaction.
func (s *Store) SetCustomers(lines []report.CustomerLine) (changes int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return 0, err
	}
	come, gone, err := s.changedLines(lines)
	if err != nil || len(come)+len(gone) == 0 {
		return 0, err
	}
	err = s.announce(time.Now(), func(o *outbox) error {
		known := o.tx.Bucket(customersBucket)
		for _, key := range gone {
			if err := o.putLine(key, true); err != nil {
				return err
			}
			if err := known.Delete(key); err != nil {
				return err
			}
		}
		for _, key := range come {
			if err := o.putLine(key, false); err != nil {
				return err
			}
			if err := known.Put(key, present); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(come) + len(gone), nil
}

// Customers returns the lines of the last SetCustomers.
func (s *Store) Customers() (lines []report.CustomerLine, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(customersBucket).ForEach(func(key, _ []byte) error {
			lines = append(lines, lineOfKey(key))
			return nil
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return lines, nil
}

func (o *outbox) putLine(key []byte, removed bool) error {
	return o.put(customerEntry, customerRecord{lineRecord(lineOfKey(key)), removed, o.version})
}

// changedLines returns the keys of lines that were added and removed.
func (s *Store) changedLines(lines []report.CustomerLine) (come, gone [][]byte, err error) {
	fresh := map[string]bool{}
	for _, l := range lines {
		fresh[string(lineKey(l))] = true
	}
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(customersBucket).ForEach(func(key, _ []byte) error {
			if !fresh[string(key)] {
				gone = append(gone, bytes.Clone(key))
			}
			delete(fresh, string(key))
			return nil
		})
	})
	if err != nil {
		return nil, nil, s.explain(err)
	}
	for _, l := range lines { // in their order, without repetitions
		if key := lineKey(l); fresh[string(key)] {
			come = append(come, key)
			delete(fresh, string(key))
		}
	}
	return come, gone, nil
}
