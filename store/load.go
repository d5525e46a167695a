package store

import (
	"fmt"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// load reads the file into memory, as of start.
func (s *Store) load(start time.Time) (err error) {
	defer catchDamage(s.path, &err)()
	if err := s.ensureFormat(); err != nil {
		return s.explain(err)
	}
	if err := s.loadRows(); err != nil {
		return err
	}
	err = s.db.View(func(tx *bolt.Tx) error { return s.loadLedger(tx, start) })
	if err != nil {
		return damaged(s.path, err)
	}
	return nil
}

// loadRows loads everything but the ledger.
func (s *Store) loadRows() error {
	l := loader{
		seen: map[string]seenSet{}, days: map[string]map[report.Day]report.DayStatus{}, totals: map[string]map[report.Day]report.DayTotal{},
		resellers: map[resellerKey]*reseller{},
	}
	if err := s.db.View(l.read); err != nil {
		return damaged(s.path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.queue, s.seen, s.days, s.totals, s.resellers = l.version, l.queue, l.seen, l.days, l.totals, l.resellers
	return nil
}

// loader collects what loadRows reads.
type loader struct {
	seen      map[string]seenSet
	version   uint64
	queue     queueStats
	days      map[string]map[report.Day]report.DayStatus
	totals    map[string]map[report.Day]report.DayTotal
	resellers map[resellerKey]*reseller
}

func (l *loader) read(tx *bolt.Tx) (err error) {
	if l.version, err = readVersion(tx); err != nil {
		return err
	}
	if _, l.queue.inflight, err = readBoundary(tx); err != nil {
		return err
	}
	accounts := tx.Bucket(accountsBucket)
	err = accounts.ForEachBucket(func(name []byte) error {
		if err := l.account(string(name), accounts.Bucket(name)); err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := l.readResellers(tx); err != nil {
		return err
	}
	return l.countQueue(tx)
}

// readVersion returns the last version that was used, 0 in a new file. Versions are microseconds
// since 1970, or slightly more.
func readVersion(tx *bolt.Tx) (uint64, error) {
	v := tx.Bucket(metaBucket).Get(versionKey)
	if n := number(v); v == nil || len(v) == 8 && n < math.MaxInt64 {
		return n, nil
	}
	return 0, fmt.Errorf("%w: the last version", errEntry)
}

func (l *loader) account(name string, account *bolt.Bucket) error {
	seen, totals, days := seenSet{}, map[report.Day]report.DayTotal{}, map[report.Day]report.DayStatus{}
	l.seen[name], l.totals[name], l.days[name] = seen, totals, days
	err := eachDay(account, uidsBucket, func(_ report.Day, uids *bolt.Bucket) error {
		return uids.ForEach(func(_, v []byte) error {
			id, err := decodeIdentity(v)
			if err != nil {
				return err
			}
			if !id.forgotten {
				seen.add(id.Seen)
			}
			tally(totals, id.Identity, +1)
			return nil
		})
	})
	if err != nil {
		return err
	}
	err = eachDay(account, othersBucket, func(_ report.Day, others *bolt.Bucket) error {
		return others.ForEach(func(key, _ []byte) error {
			seen.add(number(key))
			return nil
		})
	})
	if err != nil || account.Bucket(daysBucket) == nil {
		return err
	}
	return account.Bucket(daysBucket).ForEach(func(_, v []byte) error {
		d, err := decodeDay(v)
		days[d.Day] = d
		return err
	})
}

// countQueue counts what waits for ClickHouse.
func (l *loader) countQueue(tx *bolt.Tx) error {
	err := tx.Bucket(queueBucket).ForEach(func(_, v []byte) error {
		switch kindOf(v) {
		case dayEntry:
			_, err := decodeDay(v[1:])
			l.queue.add(0, 1, time.Time{})
			return err
		case rowEntry: // a header is enough, because there may be millions
		default:
			if err := addToBatch(&report.QueuedBatch{}, v); err != nil {
				return err
			}
		}
		at, err := queuedAt(v)
		l.queue.add(1, 0, at)
		return err
	})
	if err != nil {
		return err
	}
	err = tx.Bucket(fetchesBucket).ForEach(func(_, v []byte) error {
		_, err := decodeFetch(v)
		l.queue.fetches++
		return err
	})
	if err != nil {
		return err
	}
	return tx.Bucket(deliveriesBucket).ForEach(func(_, v []byte) error {
		_, err := decodeEvent(v)
		return err
	})
}
