package store

import (
	"cmp"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// Commit stores an observation in one transaction, so what is marked as seen is queued. If nothing
// is new there is no transaction: Fetches wait in memory for the next one, and a crash before it
// loses those lines of the log.
//
// New content replaces a UID's old content, which then counts as not seen, so that going back to it
// is stored again. FirstSeenAt stays. If the start moved, the entry has the old start.
//
// Of two items with one UID the first is queued; the other is only marked as seen unless it is a
// Twin. An item that is already queued with the same content is skipped. If it was parsed
// differently since, it is queued only if its Outcome differs.
func (s *Store) Commit(o report.Observation) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	c := &commit{o: o, days: s.changedDays(o), plans: make([]plan, len(o.Items))}
	s.addFetches(o.Fetches)
	if len(c.o.Items) == 0 && len(c.days) == 0 {
		return nil
	}
	s.mu.RLock()
	c.version = s.nextVersion(o.FetchedAt)
	for _, d := range o.Days { // read back from ClickHouse, which may know more than an old state file
		c.version = max(c.version, d.Version+1)
	}
	s.mu.RUnlock()
	if err := s.updateLocked(c.store); err != nil {
		s.dropFetches(len(o.Fetches))
		return err
	}
	s.apply(c)
	return nil
}

// commit is one observation on its way to disk. Changes to memory are collected and applied
// afterwards.
type commit struct {
	o       report.Observation
	version uint64
	days    []report.DayStatus
	plans   []plan // by item

	added, dropped   []uint64 // hashes that are seen now, and no longer
	before, after    []report.Identity
	rows, queuedDays int // numbers of queued rows and days
}

// plan says how one item is queued, if at all.
type plan struct {
	queue                bool
	firstSeen, movedFrom time.Time
}

func (c *commit) store(tx *bolt.Tx) error {
	account, err := tx.Bucket(accountsBucket).CreateBucketIfNotExists([]byte(c.o.Account))
	if err != nil {
		return err
	}
	rows, others := c.sort()
	for i, item := range rows {
		if i > 0 && c.uid(item) == c.uid(rows[i-1]) {
			others = append(others, item)
			continue
		}
		if err := c.row(account, item); err != nil {
			return err
		}
	}
	for _, item := range others {
		if err := c.other(account, item); err != nil {
			return err
		}
	}
	if err := c.queue(tx); err != nil {
		return err
	}
	return c.storeDays(tx, account)
}

func (c *commit) uid(item int) string { return c.o.Items[item].UID }

// sort separates the rows from records that are only marked as seen. Rows are in the order of their
// keys: in one large transaction bbolt is a thousand times slower with keys in random order.
func (c *commit) sort() (rows, others []int) {
	for i, item := range c.o.Items {
		if item.UID == "" || item.Twin || len(item.UID) > maxUID {
			others = append(others, i)
		} else {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(c.uid(a), c.uid(b)) })
	return rows, others
}

// row stores a connection's new content.
func (c *commit) row(account *bolt.Bucket, i int) error {
	item, key := &c.o.Items[i], []byte(c.o.Items[i].UID)
	known, knownDay, ok, err := find(account, key)
	if err != nil {
		return err
	}
	c.added = append(c.added, item.Seen)
	same := ok && known.Hash == item.Hash && !known.forgotten
	if same && known.Seen == item.Seen {
		return nil
	}
	next := identity{Identity: report.Identity{
		Hash: item.Hash, Seen: item.Seen, Outcome: item.Outcome, StartedAt: item.StartedAt, Duration: item.Duration, FirstSeenAt: c.o.FetchedAt, LocalDay: item.LocalDay,
	}}
	day := max(c.o.Day, item.LocalDay) // a row observed with a wrong date must not be forgotten early
	// The same text, parsed differently: only the outcome matters.
	p := plan{queue: !same || known.Outcome != item.Outcome}
	if ok {
		next.FirstSeenAt = known.FirstSeenAt
		if !known.StartedAt.Equal(item.StartedAt) {
			p.movedFrom = known.StartedAt
		}
		if known.Seen != item.Seen {
			c.dropped = append(c.dropped, known.Seen)
		}
		c.before = append(c.before, known.Identity)
		if day = max(day, knownDay); day != knownDay {
			if err := account.Bucket(uidsBucket).Bucket(dayKey(knownDay)).Delete(key); err != nil {
				return err
			}
		}
	}
	c.after = append(c.after, next.Identity)
	p.firstSeen = next.FirstSeenAt
	c.plans[i] = p
	uids, err := dayBucket(account, uidsBucket, day)
	if err != nil {
		return err
	}
	return uids.Put(key, next.encode())
}

// other marks a record as seen that is not a row: a reject or a twin, which are queued, or another
// text of a row.
func (c *commit) other(account *bolt.Bucket, i int) error {
	item := &c.o.Items[i]
	others, err := dayBucket(account, othersBucket, c.o.Day)
	if err != nil {
		return err
	}
	key := numberKey(item.Seen)
	if others.Get(key) != nil { // listed twice in one answer
		return nil
	}
	c.added = append(c.added, item.Seen)
	value := append([]byte{twinRecord}, item.UID...)
	reject := !item.Twin && (item.UID == "" || len(item.UID) > maxUID)
	if reject {
		value = []byte{rejectedRecord}
	}
	if reject || item.Twin {
		c.plans[i] = plan{queue: true, firstSeen: c.o.FetchedAt}
	}
	return others.Put(key, value)
}

// apply updates the memory with what is now on disk.
func (s *Store) apply(c *commit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seenOf(c.o.Account)
	for _, hash := range c.dropped {
		delete(seen, hash)
	}
	for _, hash := range c.added {
		seen.add(hash)
	}
	s.version = c.version
	s.queue.add(c.rows, c.queuedDays, c.o.FetchedAt)
	totals := s.totalsOf(c.o.Account)
	for _, id := range c.before {
		tally(totals, id, -1)
	}
	for _, id := range c.after {
		tally(totals, id, +1)
	}
	s.setDays(c.days)
}
