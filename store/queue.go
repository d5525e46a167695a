package store

import (
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// queueStats summarizes queue and fetches on disk. Everything queued that is not a day is a row.
type queueStats struct {
	rows, days int
	oldest     time.Time // of the rows
	fetches    int
	inflight   bool
}

func (q *queueStats) add(rows, days int, at time.Time) {
	if rows > 0 && q.rows == 0 {
		q.oldest = at
	}
	q.rows += rows
	q.days += days
}

// QueueStats returns the number of waiting rows and when the oldest of them was read, zero without
// any. It does no I/O.
func (s *Store) QueueStats() (rows uint64, oldest time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.queue.rows == 0 {
		return 0, time.Time{}
	}
	return uint64(s.queue.rows), s.queue.oldest
}

// queue appends the observation's planned items.
func (c *commit) queue(tx *bolt.Tx) error {
	queue := tx.Bucket(queueBucket)
	for i, p := range c.plans {
		if !p.queue {
			continue
		}
		item := &c.o.Items[i]
		c.rows++
		err := enqueue(queue, encodeRow(report.Entry{
			Account: c.o.Account, Timezone: c.o.Timezone, Raw: item.Raw, Charset: item.Charset, Hash: item.Hash, Twin: item.Twin,
			FetchedAt: c.o.FetchedAt, FirstSeenAt: p.firstSeen, Version: c.version, MovedFrom: p.movedFrom,
		}))
		if err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(versionKey, numberKey(c.version))
}

// enqueue appends to a bucket that is only ever appended to and emptied from the front, so its
// pages may be full.
func enqueue(queue *bolt.Bucket, v []byte) error {
	queue.FillPercent = 1
	seq, err := queue.NextSequence()
	if err != nil {
		return err
	}
	return queue.Put(numberKey(seq), v)
}

// boundary is the batch in flight: ranges of sequence numbers, inclusive, 0 for none.
type boundary struct{ first, last, firstFetch, lastFetch uint64 }

func (b boundary) encode() []byte {
	return append(append(append(numberKey(b.first), numberKey(b.last)...), numberKey(b.firstFetch)...), numberKey(b.lastFetch)...)
}

var errBoundary = errors.New("the batch in flight is not in the queue")

// readBoundary returns false when no batch is in flight. It checks that the ranges are in the
// queue, so that nothing iterates over other numbers.
func readBoundary(tx *bolt.Tx) (b boundary, ok bool, err error) {
	v := tx.Bucket(metaBucket).Get(inflightKey)
	if v == nil {
		return b, false, nil
	}
	r := reader{rest: v}
	b = boundary{r.number(), r.number(), r.number(), r.number()}
	if r.short || len(r.rest) > 0 || !holds(tx.Bucket(queueBucket), b.first, b.last) || !holds(tx.Bucket(fetchesBucket), b.firstFetch, b.lastFetch) {
		return boundary{}, false, errBoundary
	}
	return b, true, nil
}

// holds reports whether a range starts and ends with entries of b, or is empty.
func holds(b *bolt.Bucket, first, last uint64) bool {
	if first == 0 && last == 0 {
		return true
	}
	return first <= last && b.Get(numberKey(first)) != nil && b.Get(numberKey(last)) != nil
}

// Next returns the oldest part of the queue: at most maxRows rows and about maxBytes of text, but
// at least one row. Its boundaries are stored before it returns, and until Ack it returns this
// batch again, whatever the arguments, even after a crash. Fetches travel with rows and days; on
// their own they make a batch only if withFetches. It returns false if there is nothing.
func (s *Store) Next(maxRows, maxBytes int, withFetches bool) (b report.QueuedBatch, ok bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return b, false, err
	}
	s.mu.RLock()
	queue, waiting := s.queue, len(s.fetches)
	s.mu.RUnlock()
	switch {
	case queue.inflight:
		err = s.db.View(func(tx *bolt.Tx) error {
			bounds, _, err := readBoundary(tx)
			if err == nil {
				b, err = readBatch(tx, bounds)
			}
			return err
		})
	case queue.rows+queue.days > 0, withFetches && queue.fetches+waiting > 0:
		err = s.updateAnyway(func(tx *bolt.Tx) error {
			bounds, err := chooseBoundary(tx, maxRows, maxBytes)
			if err != nil {
				return err
			}
			if b, err = readBatch(tx, bounds); err != nil {
				return err
			}
			return tx.Bucket(metaBucket).Put(inflightKey, bounds.encode())
		})
	default:
		return b, false, nil
	}
	if err != nil {
		return report.QueuedBatch{}, false, s.explain(err)
	}
	s.mu.Lock()
	s.queue.inflight = true
	s.mu.Unlock()
	return b, true, nil
}

func chooseBoundary(tx *bolt.Tx, maxRows, maxBytes int) (b boundary, err error) {
	entries, rows, size := tx.Bucket(queueBucket).Cursor(), 0, 0
	for key, v := entries.First(); key != nil; key, v = entries.Next() {
		if b.first == 0 {
			b.first = number(key)
		} else if rows >= maxRows || size+len(v) > maxBytes {
			break
		}
		b.last = number(key)
		rows++
		size += len(v)
	}
	fetches, n := tx.Bucket(fetchesBucket).Cursor(), 0
	for key, _ := fetches.First(); key != nil && n < max(maxRows, 1); key, _ = fetches.Next() {
		if n++; b.firstFetch == 0 {
			b.firstFetch = number(key)
		}
		b.lastFetch = number(key)
	}
	return b, nil
}

func readBatch(tx *bolt.Tx, bounds boundary) (b report.QueuedBatch, err error) {
	b.First, b.Last = bounds.first, bounds.last
	err = each(tx.Bucket(queueBucket), bounds.first, bounds.last, func(v []byte) error {
		switch kindOf(v) {
		case dayEntry:
			d, err := decodeDay(v[1:])
			b.Days = append(b.Days, d)
			return err
		case rowEntry:
			e, err := decodeRow(v)
			b.Entries = append(b.Entries, e)
			return err
		}
		return addToBatch(&b, v)
	})
	if err != nil {
		return b, err
	}
	err = each(tx.Bucket(fetchesBucket), bounds.firstFetch, bounds.lastFetch, func(v []byte) error {
		f, err := decodeFetch(v)
		b.Fetches = append(b.Fetches, f)
		return err
	})
	return b, err
}

// each calls do for the entries of a range.
func each(b *bolt.Bucket, first, last uint64, do func(v []byte) error) error {
	if first == 0 {
		return nil
	}
	c := b.Cursor()
	for key, v := c.Seek(numberKey(first)); key != nil && number(key) <= last; key, v = c.Next() {
		if err := do(v); err != nil {
			return fmt.Errorf("entry %d: %w", number(key), err)
		}
	}
	return nil
}

// Ack removes the batch in flight, which ClickHouse has acknowledged.
func (s *Store) Ack(b report.QueuedBatch) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var oldest time.Time
	err := s.updateAnyway(func(tx *bolt.Tx) (err error) {
		bounds, ok, err := readBoundary(tx)
		if err != nil {
			return err
		}
		if !ok || bounds.first != b.First || bounds.last != b.Last {
			return fmt.Errorf("batch %d to %d was acknowledged, but %d to %d is in flight", b.First, b.Last, bounds.first, bounds.last)
		}
		queue := tx.Bucket(queueBucket)
		if err := deleteRange(queue, bounds.first, bounds.last); err != nil {
			return err
		}
		if err := deleteRange(tx.Bucket(fetchesBucket), bounds.firstFetch, bounds.lastFetch); err != nil {
			return err
		}
		if oldest, err = oldestRow(queue); err != nil {
			return err
		}
		return tx.Bucket(metaBucket).Delete(inflightKey)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.inflight = false
	s.queue.rows -= len(b.Entries) + len(b.Allotments) + len(b.Snapshots) + len(b.Provisionings) + len(b.Customers)
	s.queue.days -= len(b.Days)
	s.queue.fetches -= len(b.Fetches)
	s.queue.oldest = oldest
	return nil
}

func deleteRange(b *bolt.Bucket, first, last uint64) error {
	for seq := first; seq != 0 && seq <= last; seq++ {
		if err := b.Delete(numberKey(seq)); err != nil {
			return err
		}
	}
	return nil
}

// oldestRow returns since when the first row in the queue waits, zero without one.
func oldestRow(queue *bolt.Bucket) (time.Time, error) {
	c := queue.Cursor()
	for key, v := c.First(); key != nil; key, v = c.Next() {
		if kindOf(v) != dayEntry {
			return queuedAt(v)
		}
	}
	return time.Time{}, nil
}
