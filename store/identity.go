package store

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// maxUID limits the length of a key. Alpemix's UIDs have a few dozen bytes; a record with a longer
// one is only known by its hash.
const maxUID = 1024

// identity is a report.Identity on disk, in 53 bytes; in format 2, the last 16 were missing.
type identity struct {
	report.Identity
	forgotten bool // its hash counts as not seen, so that the next answer queues it again
}

const (
	shortIdentity = 1 + 8 + 8 + 8 + 4 + 8
	identitySize  = shortIdentity + 8 + 8
)

var errIdentity = errors.New("an entry of uids has the wrong length")

func (id identity) encode() []byte {
	b := make([]byte, 1, identitySize)
	if id.forgotten {
		b[0] = 1
	}
	b = binary.BigEndian.AppendUint64(b, id.Hash)
	b = binary.BigEndian.AppendUint64(b, uint64(id.StartedAt.Unix()))
	b = binary.BigEndian.AppendUint64(b, uint64(id.FirstSeenAt.UnixMicro()))
	b = binary.BigEndian.AppendUint32(b, uint32(id.LocalDay))
	b = binary.BigEndian.AppendUint64(b, uint64(id.Duration/time.Second))
	b = binary.BigEndian.AppendUint64(b, id.Seen)
	return binary.BigEndian.AppendUint64(b, id.Outcome)
}

func decodeIdentity(b []byte) (id identity, err error) {
	if len(b) != identitySize && len(b) != shortIdentity {
		return id, errIdentity
	}
	id.forgotten = b[0] == 1
	id.Hash = binary.BigEndian.Uint64(b[1:])
	id.StartedAt = time.Unix(int64(binary.BigEndian.Uint64(b[9:])), 0).UTC()
	id.FirstSeenAt = time.UnixMicro(int64(binary.BigEndian.Uint64(b[17:]))).UTC()
	id.LocalDay = report.Day(binary.BigEndian.Uint32(b[25:]))
	id.Duration = time.Duration(min(binary.BigEndian.Uint64(b[29:]), math.MaxInt64/uint64(time.Second))) * time.Second
	if id.Seen = id.Hash; len(b) == identitySize { // in format 2, how a record was parsed did not count
		id.Seen, id.Outcome = binary.BigEndian.Uint64(b[37:]), binary.BigEndian.Uint64(b[45:])
	}
	return id, nil
}

// find looks up a uid in the account's days, newest first. It also returns the day under which it
// is stored.
func find(account *bolt.Bucket, uid []byte) (id identity, day report.Day, ok bool, err error) {
	if account == nil || len(uid) == 0 {
		return id, 0, false, nil
	}
	uids := account.Bucket(uidsBucket)
	if uids == nil {
		return id, 0, false, nil
	}
	days := uids.Cursor()
	for key, _ := days.Last(); key != nil; key, _ = days.Prev() {
		if v := uids.Bucket(key).Get(uid); v != nil {
			id, err = decodeIdentity(v)
			return id, dayOfKey(key), err == nil, err
		}
	}
	return id, 0, false, nil
}

// Lookup returns what is remembered of a connection while its day can still be read.
func (s *Store) Lookup(account, uid string) (report.Identity, bool) {
	var id identity
	var ok bool
	err := s.db.View(func(tx *bolt.Tx) (err error) {
		id, _, ok, err = find(accountBucket(tx, account), []byte(uid))
		return err
	})
	if err != nil { // treat it as unknown; Commit gets the same error and reports it
		return report.Identity{}, false
	}
	return id.Identity, ok
}

// Expected returns what ClickHouse must hold of a local day before the day is sealed: UID to hash
// of the last queued content.
func (s *Store) Expected(account string, day report.Day) (map[string]uint64, error) {
	expected := map[string]uint64{}
	err := s.db.View(func(tx *bolt.Tx) error {
		return eachDay(accountBucket(tx, account), uidsBucket, func(_ report.Day, uids *bolt.Bucket) error {
			return uids.ForEach(func(uid, v []byte) error {
				id, err := decodeIdentity(v)
				if err == nil && id.LocalDay == day {
					expected[string(uid)] = id.Hash
				}
				return err
			})
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return expected, nil
}

// Shares returns the remembered connections of an account by local day, compared with the record
// hashes of an answer.
func (s *Store) Shares(account string, answer []uint64) (map[report.Day]report.DayShare, error) {
	listed := make(map[uint64]struct{}, len(answer))
	for _, hash := range answer {
		listed[hash] = struct{}{}
	}
	shares := map[report.Day]report.DayShare{}
	err := s.db.View(func(tx *bolt.Tx) error {
		return eachDay(accountBucket(tx, account), uidsBucket, func(_ report.Day, uids *bolt.Bucket) error {
			return uids.ForEach(func(_, v []byte) error {
				id, err := decodeIdentity(v)
				share := shares[id.LocalDay]
				share.Known++
				if _, ok := listed[id.Hash]; ok {
					share.Listed++
					if share.First.IsZero() || id.StartedAt.Before(share.First) {
						share.First = id.StartedAt
					}
					if id.StartedAt.After(share.Last) {
						share.Last = id.StartedAt
					}
				}
				shares[id.LocalDay] = share
				return err
			})
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return shares, nil
}

// Totals returns the known usage of a local day. It does no I/O.
func (s *Store) Totals(account string, day report.Day) report.DayTotal {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.totals[account][day]
}

// totalsOf returns the usage of an account by day. The caller holds mu.
func (s *Store) totalsOf(account string) map[report.Day]report.DayTotal {
	if s.totals[account] == nil {
		s.totals[account] = map[report.Day]report.DayTotal{}
	}
	return s.totals[account]
}

// tally adds the usage of an identity to its day's total, or subtracts it if sign is -1.
func tally(totals map[report.Day]report.DayTotal, id report.Identity, sign int) {
	t := totals[id.LocalDay]
	t.Rows += uint64(sign)
	t.Seconds += uint64(sign) * uint64(id.Duration/time.Second)
	if t.Rows == 0 {
		delete(totals, id.LocalDay)
		return
	}
	totals[id.LocalDay] = t
}
