package store

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// formatNumber is raised when a change of this layout would mislead an older or newer program:
//
//	meta      format, version (the last given out), inflight (boundaries of the batch in flight)
//	accounts  by account: uids and others, both by observed day; days
//	            uids    uid → identity          what is known of a connection
//	            others  seen → kind             seen records that are no row: rejectedRecord; twinRecord and its uid
//	            days    day → dayRecord
//	queue     sequence number → row or day      see entry.go
//	fetches   sequence number → fetchRecord
//	ledger    scope → scopeRecord
//	tokens    account → tokenRecord
//
// and since format 2 what is known of resellers:
//
//	resellers   by vendor and account: reading and allotments
//	              reading     readingRecord
//	              allotments  customer, resource → periodRecord   what is valid now
//	customers   line → present                    customers.csv as it was last read
//	events      month, id → present               those that were raised
//	deliveries  sequence number → eventRecord     those that wait for their delivery
//
// and since format 3 how a record is read: in what it is seen by (identity, others), and in the queue.
//
// Numbers in keys are big-endian so that their order is that of the bytes. "By observed day" makes forgetting a day the
// deletion of two buckets.
const formatNumber = 3

var (
	metaBucket     = []byte("meta")
	accountsBucket = []byte("accounts")
	queueBucket    = []byte("queue")
	fetchesBucket  = []byte("fetches")
	ledgerBucket   = []byte("ledger")
	tokensBucket   = []byte("tokens")

	resellersBucket  = []byte("resellers")
	customersBucket  = []byte("customers")
	eventsBucket     = []byte("events")
	deliveriesBucket = []byte("deliveries")

	uidsBucket   = []byte("uids")
	othersBucket = []byte("others")
	daysBucket   = []byte("days")

	allotmentsBucket = []byte("allotments")
	readingKey       = []byte("reading")
	doubtKey         = []byte("doubt")

	formatKey   = []byte("format")
	versionKey  = []byte("version")
	inflightKey = []byte("inflight")
)

// present is the value of a key that needs none.
var present = []byte{1}

// Kinds of records that are not rows.
const (
	twinRecord byte = iota
	rejectedRecord
)

// ensureFormat creates the buckets of a new file, adds missing ones to a file of an older format,
// and rejects a newer format.
func (s *Store) ensureFormat() error {
	var format uint64
	err := s.db.View(func(tx *bolt.Tx) error {
		if meta := tx.Bucket(metaBucket); meta != nil {
			format = number(meta.Get(formatKey))
			if format == 0 {
				return damaged(s.path, fmt.Errorf("it has no format number"))
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case format < formatNumber:
		return s.db.Update(layOut)
	case format > formatNumber:
		return fmt.Errorf("%w: %s has format %d and this program knows up to %d: run the newer program",
			ErrNewer, s.path, format, formatNumber)
	}
	return nil
}

func layOut(tx *bolt.Tx) error {
	for _, name := range [][]byte{
		metaBucket, accountsBucket, queueBucket, fetchesBucket, ledgerBucket, tokensBucket,
		resellersBucket, customersBucket, eventsBucket, deliveriesBucket,
	} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(formatKey, numberKey(formatNumber))
}

func numberKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// number decodes what numberKey encoded, 0 for anything else.
func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// dayKey sorts days before 1970 first, too.
func dayKey(d report.Day) []byte { return binary.BigEndian.AppendUint32(nil, uint32(d)^1<<31) }

func dayOfKey(b []byte) report.Day {
	if len(b) != 4 {
		return 0
	}
	return report.Day(binary.BigEndian.Uint32(b) ^ 1<<31)
}

// accountBucket returns the bucket of an account, nil if nothing is known of it.
func accountBucket(tx *bolt.Tx, account string) *bolt.Bucket {
	return tx.Bucket(accountsBucket).Bucket([]byte(account))
}

// dayBucket returns the bucket of a day for an account's kind (uids, others). It creates a missing
// one.
func dayBucket(account *bolt.Bucket, kind []byte, day report.Day) (*bolt.Bucket, error) {
	b, err := account.CreateBucketIfNotExists(kind)
	if err != nil {
		return nil, err
	}
	return b.CreateBucketIfNotExists(dayKey(day))
}

// eachDay calls do with the days of an account's kind, oldest first.
func eachDay(account *bolt.Bucket, kind []byte, do func(report.Day, *bolt.Bucket) error) error {
	if account == nil {
		return nil
	}
	days := account.Bucket(kind)
	if days == nil {
		return nil
	}
	return days.ForEachBucket(func(key []byte) error { return do(dayOfKey(key), days.Bucket(key)) })
}
