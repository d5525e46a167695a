package store

import (
	"encoding/binary"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// outbox queues what is sent to ClickHouse and is neither a record nor a day, in the transaction
// that changes what is known.
type outbox struct {
	tx      *bolt.Tx
	at      time.Time // when it became known
	version uint64
	rows    int // number of queued records
}

// announce runs change in one transaction. The caller holds writing and has called refresh.
func (s *Store) announce(at time.Time, change func(*outbox) error) error {
	o := &outbox{at: at}
	s.mu.RLock()
	o.version = s.nextVersion(at)
	s.mu.RUnlock()
	err := s.updateLocked(func(tx *bolt.Tx) error {
		o.tx = tx
		if err := change(o); err != nil {
			return err
		}
		return tx.Bucket(metaBucket).Put(versionKey, numberKey(o.version))
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = o.version
	s.queue.add(o.rows, 0, at)
	return nil
}

// put queues a record: its kind, since when it waits, and JSON.
func (o *outbox) put(kind byte, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	o.rows++
	return enqueue(o.tx.Bucket(queueBucket), append(binary.BigEndian.AppendUint64([]byte{kind}, uint64(o.at.UnixMicro())), text...))
}

// addToBatch adds what put has queued to b.
func addToBatch(b *report.QueuedBatch, v []byte) error {
	r := reader{rest: v}
	kind := r.byte()
	r.number()
	if r.short {
		return errEntry
	}
	switch kind {
	case allotmentEntry:
		p, err := decodePeriod(r.rest)
		b.Allotments = append(b.Allotments, p)
		return err
	case snapshotEntry:
		m, err := decodeJSON[markRecord](r.rest)
		b.Snapshots = append(b.Snapshots, report.SnapshotMark(m))
		return err
	case provisioningEntry:
		p, err := decodeJSON[provisioningRecord](r.rest)
		b.Provisionings = append(b.Provisionings, report.Provisioning(p))
		return err
	case customerEntry:
		c, err := decodeJSON[customerRecord](r.rest)
		b.Customers = append(b.Customers, report.CustomerChange{CustomerLine: report.CustomerLine(c.lineRecord), Removed: c.Removed, Version: c.Version})
		return err
	}
	return errEntry
}

// provisioningRecord is a report.Provisioning on disk. The JSON names are part of the file format.
type provisioningRecord struct {
	At      time.Time `json:"at"`
	Vendor  string    `json:"vendor"`
	Account string    `json:"account"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Outcome string    `json:"outcome"`
	Detail  string    `json:"detail,omitempty"`
}

// Provisioned queues a call through us that changed something at a vendor, or was meant to.
func (s *Store) Provisioned(p report.Provisioning) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.refresh(); err != nil {
		return err
	}
	return s.announce(p.At, func(o *outbox) error { return o.put(provisioningEntry, provisioningRecord(p)) })
}
