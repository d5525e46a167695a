package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// loginsBucket maps vendor and account to the fingerprint of the login.
var loginsBucket = []byte("logins")

// Rename recognizes logins that were renamed since the last call. It moves everything known of
// them, including what waits for ClickHouse. Names may be swapped. It returns the renamed accounts,
// and those that have another login now.
func (s *Store) Rename(logins []report.Login) (renamed []report.Move, changed []report.Login, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.updateLocked(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(loginsBucket)
		if err != nil {
			return err
		}
		known, err := knownLogins(bucket)
		if err != nil {
			return err
		}
		renamed, changed = report.Renames(known, logins), report.Changed(known, logins)
		for _, m := range report.InOrder(renamed) {
			if err := moveAccount(tx, m); err != nil {
				return err
			}
		}
		for _, m := range renamed {
			if err := bucket.Delete(resellerKey{m.Vendor, m.From}.bytes()); err != nil {
				return err
			}
		}
		for _, k := range known { // a displaced login is recognised when it comes back
			if i := slices.IndexFunc(renamed, func(m report.Move) bool { return m.Displaced && m.Vendor == k.Vendor && m.From == k.Account }); i >= 0 {
				logins = append(slices.Clip(logins), report.Login{Vendor: k.Vendor, Account: renamed[i].To, Fingerprint: k.Fingerprint})
			}
		}
		for _, l := range logins {
			if err := bucket.Put(resellerKey{l.Vendor, l.Account}.bytes(), []byte(l.Fingerprint)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(renamed) == 0 {
		return nil, changed, err
	}
	s.mu.Lock()
	s.scopes, s.tokens = map[string]*scope{}, map[string]token{}
	s.mu.Unlock()
	return renamed, changed, s.load(time.Now())
}

// knownLogins returns the logins of the last call of Rename.
func knownLogins(b *bolt.Bucket) (logins []report.Login, err error) {
	err = b.ForEach(func(key, fingerprint []byte) error {
		r := reader{rest: key}
		logins = append(logins, report.Login{Vendor: r.text(), Account: r.text(), Fingerprint: string(fingerprint)})
		return nil
	})
	return logins, err
}

// moveAccount moves everything known of an account, and what waits for ClickHouse. It replaces what
// another account had stored under the new name.
func moveAccount(tx *bolt.Tx, m report.Move) error {
	if m.Vendor != "alpemix" {
		if err := moveReseller(tx, m); err != nil {
			return err
		}
		return moveQueue(tx, m)
	}
	if err := moveBucket(tx.Bucket(accountsBucket), []byte(m.From), []byte(m.To)); err != nil {
		return err
	}
	if b := accountBucket(tx, m.To); b != nil && b.Bucket(daysBucket) != nil {
		if err := rewrite(b.Bucket(daysBucket), func(v []byte) ([]byte, error) { return moveDay(v, m) }); err != nil {
			return err
		}
	}
	scopes := tx.Bucket(ledgerBucket)
	from, to := []byte("account "+m.From), []byte("account "+m.To) // see limits.scope
	if v := scopes.Get(from); v != nil {
		if err := scopes.Put(to, bytes.Clone(v)); err != nil {
			return err
		}
		if err := scopes.Delete(from); err != nil {
			return err
		}
	}
	for _, name := range []string{m.From, m.To} { // a new one is requested
		if err := tx.Bucket(tokensBucket).Delete([]byte(name)); err != nil {
			return err
		}
	}
	return moveQueue(tx, m)
}

func moveReseller(tx *bolt.Tx, m report.Move) error {
	accounts, to := tx.Bucket(resellersBucket), resellerKey{m.Vendor, m.To}.bytes()
	if err := moveBucket(accounts, resellerKey{m.Vendor, m.From}.bytes(), to); err != nil {
		return err
	}
	account := accounts.Bucket(to)
	if account == nil || account.Bucket(allotmentsBucket) == nil {
		return nil
	}
	return rewrite(account.Bucket(allotmentsBucket), func(v []byte) ([]byte, error) { return movePeriod(v, m) })
}

// moveBucket renames a bucket.
func moveBucket(parent *bolt.Bucket, from, to []byte) error {
	source := parent.Bucket(from)
	if source == nil {
		return nil
	}
	if parent.Bucket(to) != nil {
		if err := parent.DeleteBucket(to); err != nil {
			return err
		}
	}
	target, err := parent.CreateBucket(to)
	if err == nil {
		err = copyBucket(target, source)
	}
	if err != nil {
		return err
	}
	return parent.DeleteBucket(from)
}

func copyBucket(target, source *bolt.Bucket) error {
	return source.ForEach(func(key, v []byte) error {
		if v != nil {
			return target.Put(key, v)
		}
		inner, err := target.CreateBucket(key)
		if err != nil {
			return err
		}
		return copyBucket(inner, source.Bucket(key))
	})
}

// moveQueue renames the account in queued entries.
func moveQueue(tx *bolt.Tx, m report.Move) error {
	return rewrite(tx.Bucket(queueBucket), func(v []byte) ([]byte, error) {
		kind := kindOf(v)
		switch {
		case kind == rowEntry && m.Vendor == "alpemix":
			e, err := decodeRow(v)
			if err != nil || e.Account != m.From {
				return nil, err
			}
			e.Account = m.To
			return encodeRow(e), nil
		case kind == dayEntry && m.Vendor == "alpemix":
			day, err := moveDay(v[1:], m)
			if day == nil || err != nil {
				return nil, err
			}
			return append([]byte{dayEntry}, day...), nil
		case kind == allotmentEntry && m.Vendor != "alpemix" && len(v) > outboxHead:
			period, err := movePeriod(v[outboxHead:], m)
			if period == nil || err != nil {
				return nil, err
			}
			return append(bytes.Clone(v[:outboxHead]), period...), nil
		case kind == snapshotEntry && m.Vendor != "alpemix" && len(v) > outboxHead:
			mark, err := decodeJSON[markRecord](v[outboxHead:])
			if err != nil || mark.Vendor != m.Vendor || mark.Account != m.From {
				return nil, err
			}
			mark.Account = m.To
			text, err := json.Marshal(mark)
			return append(bytes.Clone(v[:outboxHead]), text...), err
		}
		return nil, nil
	})
}

// outboxHead is the length of what an outbox writes before a record: its kind and since when it
// waits.
const outboxHead = 1 + 8

// moveDay returns a day under its account's new name, nil if it belongs to another account.
func moveDay(v []byte, m report.Move) ([]byte, error) {
	d, err := decodeDay(v)
	if err != nil || d.Account != m.From {
		return nil, err
	}
	d.Account = m.To
	return encodeDay(d)
}

// movePeriod returns an allotment under its account's new name, nil if it belongs to another
// account.
func movePeriod(v []byte, m report.Move) ([]byte, error) {
	p, err := decodePeriod(v)
	if err != nil || p.Vendor != m.Vendor || p.Account != m.From {
		return nil, err
	}
	p.Account = m.To
	return json.Marshal(newPeriodRecord(p))
}

// rewrite replaces the values for which change returns another one.
func rewrite(b *bolt.Bucket, change func(v []byte) ([]byte, error)) error {
	changed := map[string][]byte{} // a bucket must not change during iteration
	err := b.ForEach(func(key, v []byte) error {
		next, err := change(v)
		if err != nil {
			return fmt.Errorf("entry %x: %w", key, err)
		}
		if next != nil {
			changed[string(key)] = next
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		if err := b.Put([]byte(key), changed[key]); err != nil {
			return err
		}
	}
	return nil
}
