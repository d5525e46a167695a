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

var (
	loginsBucket = []byte("logins") // vendor, account → fingerprint of the login
	movesBucket  = []byte("moves")  // sequence number → report.Move that ClickHouse has to follow
)

// Rename recognises logins that have got another name since the last call, moves all that is known of them there, and queues the
// same for ClickHouse, see Moves. Names may be swapped. It returns what it recognised.
func (s *Store) Rename(logins []report.Login) (renamed []report.Move, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.updateLocked(func(tx *bolt.Tx) error {
		known, err := tx.CreateBucketIfNotExists(loginsBucket)
		if err != nil {
			return err
		}
		moves, err := tx.CreateBucketIfNotExists(movesBucket)
		if err != nil {
			return err
		}
		if renamed, err = renamedLogins(known, logins); err != nil {
			return err
		}
		for _, m := range inOrder(renamed) {
			if err := moveAccount(tx, m); err != nil {
				return err
			}
			v, err := json.Marshal(m)
			if err != nil {
				return err
			}
			if err := enqueue(moves, v); err != nil {
				return err
			}
		}
		for _, m := range renamed {
			if err := known.Delete(resellerKey{m.Vendor, m.From}.bytes()); err != nil {
				return err
			}
		}
		for _, l := range logins {
			if err := known.Put(resellerKey{l.Vendor, l.Account}.bytes(), []byte(l.Fingerprint)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(renamed) == 0 {
		return nil, err
	}
	s.mu.Lock()
	s.scopes, s.tokens = map[string]*scope{}, map[string]token{}
	s.mu.Unlock()
	return renamed, s.load(time.Now())
}

// renamedLogins are the logins that are known under another name than they have now.
func renamedLogins(known *bolt.Bucket, logins []report.Login) (renamed []report.Move, err error) {
	type login struct{ vendor, fingerprint string }
	names := map[login]string{}
	err = known.ForEach(func(key, fingerprint []byte) error {
		r := reader{rest: key}
		vendor, account := r.text(), r.text()
		names[login{vendor, string(fingerprint)}] = account
		return nil
	})
	for _, l := range logins {
		before, ok := names[login{l.Vendor, l.Fingerprint}]
		if ok && before != l.Account && !bytes.Equal(known.Get(resellerKey{l.Vendor, l.Account}.bytes()), []byte(l.Fingerprint)) {
			renamed = append(renamed, report.Move{Vendor: l.Vendor, From: before, To: l.Account})
		}
	}
	return renamed, err
}

// inOrder puts moves so that none goes to a name that another has still to leave; names that change places go by one of their own.
func inOrder(moves []report.Move) (ordered []report.Move) {
	pending := slices.Clone(moves)
	for len(pending) > 0 {
		i := slices.IndexFunc(pending, func(m report.Move) bool {
			return !slices.ContainsFunc(pending, func(o report.Move) bool { return o.Vendor == m.Vendor && o.From == m.To })
		})
		if i < 0 {
			m := &pending[0]
			between := report.Move{Vendor: m.Vendor, From: m.From, To: m.From + " (moving)"}
			ordered = append(ordered, between)
			m.From = between.To
			continue
		}
		ordered = append(ordered, pending[i])
		pending = slices.Delete(pending, i, i+1)
	}
	return ordered
}

// Moves are the moves that ClickHouse has still to follow, oldest first.
func (s *Store) Moves() (moves []report.Move, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(movesBucket) == nil {
			return nil
		}
		return tx.Bucket(movesBucket).ForEach(func(_, v []byte) error {
			m, err := decodeJSON[report.Move](v)
			moves = append(moves, m)
			return err
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return moves, nil
}

// Moved notes that ClickHouse has followed the oldest move.
func (s *Store) Moved() error {
	return s.update(func(tx *bolt.Tx) error {
		c := tx.Bucket(movesBucket).Cursor()
		if key, _ := c.First(); key != nil {
			return c.Delete()
		}
		return nil
	})
}

// moveAccount moves all that is known of an account, and what waits for ClickHouse. A name that somebody had before is taken over.
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
	for _, name := range []string{m.From, m.To} { // a new one is asked for
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

// moveBucket gives a bucket another name.
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

// moveQueue renames the account in what waits.
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
		case kind == allotmentEntry && m.Vendor != "alpemix" && len(v) > announcedHead:
			period, err := movePeriod(v[announcedHead:], m)
			if period == nil || err != nil {
				return nil, err
			}
			return append(bytes.Clone(v[:announcedHead]), period...), nil
		case kind == snapshotEntry && m.Vendor != "alpemix" && len(v) > announcedHead:
			mark, err := decodeJSON[markRecord](v[announcedHead:])
			if err != nil || mark.Vendor != m.Vendor || mark.Account != m.From {
				return nil, err
			}
			mark.Account = m.To
			text, err := json.Marshal(mark)
			return append(bytes.Clone(v[:announcedHead]), text...), err
		}
		return nil, nil
	})
}

// announcedHead is the length of what an outbox writes ahead of a record: its kind and since when it waits.
const announcedHead = 1 + 8

// moveDay is a day under its account's new name, nil if it is another account's.
func moveDay(v []byte, m report.Move) ([]byte, error) {
	d, err := decodeDay(v)
	if err != nil || d.Account != m.From {
		return nil, err
	}
	d.Account = m.To
	return encodeDay(d)
}

// movePeriod is an allotment under its account's new name, nil if it is another account's.
func movePeriod(v []byte, m report.Move) ([]byte, error) {
	p, err := decodePeriod(v)
	if err != nil || p.Vendor != m.Vendor || p.Account != m.From {
		return nil, err
	}
	p.Account = m.To
	return json.Marshal(newPeriodRecord(p))
}

// rewrite replaces the values for which change returns another.
func rewrite(b *bolt.Bucket, change func(v []byte) ([]byte, error)) error {
	changed := map[string][]byte{} // a bucket must not change while it is walked through
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
