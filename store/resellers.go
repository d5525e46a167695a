package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// resellerKey identifies an account with a reseller.
type resellerKey struct{ vendor, account string }

func (k resellerKey) bytes() []byte { return appendText(appendText(nil, k.vendor), k.account) }

// reseller is what is known of an account.
type reseller struct {
	readingRecord
	doubt   report.Doubt
	periods map[string]report.AllotmentPeriod // valid periods, by their keys on disk
}

// readingRecord has the times of an account on disk. The JSON names are part of the file format.
type readingRecord struct {
	Since time.Time `json:"since"` // since when this file knows the account
	Last  time.Time `json:"last"`  // when the last change became valid; the next one is never before it, whatever the clock says
}

func allotmentKey(a report.Allotment) string {
	return string(appendText(appendText(nil, a.Customer), a.Resource))
}

// Allotments returns the known allotments of an account, always in the same order. It does no I/O.
func (s *Store) Allotments(vendor, account string) []report.Allotment {
	s.mu.RLock()
	known := s.resellers[resellerKey{vendor, account}]
	s.mu.RUnlock()
	if known == nil {
		return nil
	}
	all := make([]report.Allotment, 0, len(known.periods))
	for _, key := range slices.Sorted(maps.Keys(known.periods)) {
		all = append(all, known.periods[key].Allotment)
	}
	return all
}

// Snapshot stores a complete snapshot of an account in one transaction, and returns how many
// allotments came, changed or went. It queues a new period for each that came or changed, the end
// of the old one for each that changed or went, and the mark of the snapshot unless customers are
// Missing. It ignores the snapshot's requests.
func (s *Store) Snapshot(snap report.Snapshot) (changes int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return 0, err
	}
	r := s.revise(snap.Vendor, snap.Account, snap.At)
	customers := map[string]report.Allotment{}
	for _, a := range snap.Allotments {
		a = r.clean(a)
		if _, twice := r.latest[allotmentKey(a)]; !twice {
			r.latest[allotmentKey(a)] = a
		}
		if _, twice := customers[a.Customer]; !twice {
			customers[a.Customer] = a
		}
	}
	if snap.WithoutLimits {
		r.keepLimits(customers)
	}
	for key, p := range r.known {
		if slices.Contains(snap.Kept, p.Customer) {
			r.latest[key], customers[p.Customer] = p.Allotment, p.Allotment
		}
	}
	if len(snap.Missing) > 0 {
		return s.store(r, nil)
	}
	mark := markRecord{Vendor: snap.Vendor, Account: snap.Account, At: r.at, Since: r.next.Since, Customers: uint64(len(customers))}
	if snap.WithoutLimits {
		mark.Since = time.Time{}
	}
	return s.store(r, &mark)
}

// SetAllotment stores an allotment that was set through us at a time. Everything else known of the
// account stays.
func (s *Store) SetAllotment(a report.Allotment, at time.Time) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	r := s.revise(a.Vendor, a.Account, at)
	for key, p := range r.known {
		r.latest[key] = p.Allotment
	}
	a = r.clean(a)
	r.latest[allotmentKey(a)] = a
	_, err := s.store(r, nil)
	return err
}

// EndCustomer ends all allotments of a customer that was deleted through us at a time.
func (s *Store) EndCustomer(vendor, account, customer string, at time.Time) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	r := s.revise(vendor, account, at)
	for key, p := range r.known {
		if p.Customer != customer {
			r.latest[key] = p.Allotment
		}
	}
	_, err := s.store(r, nil)
	return err
}

// EndOthers ends all allotments of accounts with a vendor, except those in named. It returns the
// accounts that it ended.
func (s *Store) EndOthers(vendor string, named []string, at time.Time) (ended []string, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return nil, err
	}
	var others []string
	s.mu.RLock()
	for key, known := range s.resellers {
		if key.vendor == vendor && len(known.periods) > 0 && !slices.Contains(named, key.account) {
			others = append(others, key.account)
		}
	}
	s.mu.RUnlock()
	slices.Sort(others)
	for _, account := range others {
		if _, err := s.store(s.revise(vendor, account, at), nil); err != nil {
			return ended, err
		}
		ended = append(ended, account)
	}
	return ended, nil
}

// revise starts a revision of an account. The caller holds writing.
func (s *Store) revise(vendor, account string, at time.Time) *revision {
	r := &revision{key: resellerKey{vendor, account}, at: at.UTC(), latest: map[string]report.Allotment{}}
	r.from = r.at.Truncate(time.Second)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if before := s.resellers[r.key]; before != nil {
		r.known, r.next = before.periods, *before
		if before.Last.After(r.from) {
			r.from = before.Last
		}
	} else {
		r.next.Since = r.from
	}
	return r
}

// store stores a revision and queues its changes, and the mark unless it is nil.
func (s *Store) store(r *revision, mark *markRecord) (changes int, err error) {
	if changes = r.compare(); changes == 0 && mark == nil {
		return 0, nil
	}
	err = s.announce(r.at, func(o *outbox) error {
		if err := r.store(o); err != nil || mark == nil {
			return err
		}
		mark.Version = o.version
		return o.put(snapshotEntry, mark)
	})
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resellers[r.key] = &r.next
	return changes, nil
}

// readResellers loads what the file knows of resellers.
func (l *loader) readResellers(tx *bolt.Tx) error {
	accounts := tx.Bucket(resellersBucket)
	return accounts.ForEachBucket(func(name []byte) error {
		r := reader{rest: name}
		key := resellerKey{r.text(), r.text()}
		known := &reseller{periods: map[string]report.AllotmentPeriod{}}
		l.resellers[key] = known
		account := accounts.Bucket(name)
		if err := json.Unmarshal(account.Get(readingKey), &known.readingRecord); err != nil {
			return fmt.Errorf("%s account %s: %w", key.vendor, key.account, err)
		}
		if v := account.Get(doubtKey); v != nil {
			if err := json.Unmarshal(v, &known.doubt); err != nil {
				return fmt.Errorf("%s account %s: %w", key.vendor, key.account, err)
			}
		}
		return account.Bucket(allotmentsBucket).ForEach(func(name, v []byte) error {
			p, err := decodePeriod(v)
			if err != nil {
				return fmt.Errorf("%s account %s: %w", key.vendor, key.account, err)
			}
			known.periods[string(name)] = p
			return nil
		})
	})
}
