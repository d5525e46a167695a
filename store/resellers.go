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

// resellerKey is an account with a reseller.
type resellerKey struct{ vendor, account string }

func (k resellerKey) bytes() []byte { return appendText(appendText(nil, k.vendor), k.account) }

// reseller is what is known of an account.
type reseller struct {
	readingRecord
	doubt   report.Doubt
	periods map[string]report.AllotmentPeriod // those that are valid now, by their keys on disk
}

// readingRecord is the times of an account on disk. Its names are part of the format.
type readingRecord struct {
	Since time.Time `json:"since"` // when this file began to know the account
	Last  time.Time `json:"last"`  // from when the last change is valid: whatever the clock says, the next is not before it
}

func allotmentKey(a report.Allotment) string {
	return string(appendText(appendText(nil, a.Customer), a.Resource))
}

// Allotments are those known of an account now, always in the same order. It does no I/O.
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

// Snapshot takes over what a whole reading of an account told, in one transaction, and counts the allotments that came, changed
// or went. It queues a new period for each that came or changed, the end of the old one for each that changed or went, and always
// the mark of the snapshot, unless customers are Missing. The snapshot's requests are none of its business.
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
		if _, twice := r.told[allotmentKey(a)]; !twice {
			r.told[allotmentKey(a)] = a
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
			r.told[key], customers[p.Customer] = p.Allotment, p.Allotment
		}
	}
	if len(snap.Missing) > 0 {
		return s.take(r, nil)
	}
	mark := markRecord{Vendor: snap.Vendor, Account: snap.Account, At: r.at, Since: r.next.Since, Customers: uint64(len(customers))}
	if snap.WithoutLimits {
		mark.Since = time.Time{}
	}
	return s.take(r, &mark)
}

// SetAllotment takes over an allotment that was set through us at a moment. Whatever else is known of the account stays.
func (s *Store) SetAllotment(a report.Allotment, at time.Time) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	r := s.revise(a.Vendor, a.Account, at)
	for key, p := range r.known {
		r.told[key] = p.Allotment
	}
	a = r.clean(a)
	r.told[allotmentKey(a)] = a
	_, err := s.take(r, nil)
	return err
}

// EndCustomer ends all that is known of a customer who was deleted through us at a moment.
func (s *Store) EndCustomer(vendor, account, customer string, at time.Time) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	r := s.revise(vendor, account, at)
	for key, p := range r.known {
		if p.Customer != customer {
			r.told[key] = p.Allotment
		}
	}
	_, err := s.take(r, nil)
	return err
}

// EndOthers ends all that is known of accounts with a vendor, but for those that are named, and tells which it ended.
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
		if _, err := s.take(s.revise(vendor, account, at), nil); err != nil {
			return ended, err
		}
		ended = append(ended, account)
	}
	return ended, nil
}

// revise begins a revision of an account; the caller holds writing.
func (s *Store) revise(vendor, account string, at time.Time) *revision {
	r := &revision{key: resellerKey{vendor, account}, at: at.UTC(), told: map[string]report.Allotment{}}
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

// take stores a revision and queues what it changes, with a mark if there is one.
func (s *Store) take(r *revision, mark *markRecord) (changes int, err error) {
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

// readResellers collects what the file knows of resellers.
func (l *loaded) readResellers(tx *bolt.Tx) error {
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
