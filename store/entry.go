package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alpemix-collector/report"
)

// The first byte of a queue entry is its kind. Kinds after dayEntry are written by an outbox.
const (
	rowEntry          = 1
	dayEntry          = 2
	allotmentEntry    = 3
	snapshotEntry     = 4
	provisioningEntry = 5
	customerEntry     = 6
)

const (
	_ = 1 << iota // format 2: a record whose document had backslashes as data
	movedFlag
	charsetFlag
	twinFlag
)

var errEntry = errors.New("an entry cannot be read")

// encodeRow encodes a queued record: a header of about 50 bytes, then its text.
func encodeRow(e report.Entry) []byte {
	b := make([]byte, 0, 64+len(e.Account)+len(e.Timezone)+len(e.Raw))
	flags := byte(0)
	if e.Charset != "" {
		flags |= charsetFlag
	}
	if e.Twin {
		flags |= twinFlag
	}
	if !e.MovedFrom.IsZero() {
		flags |= movedFlag
	}
	b = append(b, rowEntry, flags)
	b = appendText(b, e.Account)
	b = appendText(b, e.Timezone)
	b = binary.BigEndian.AppendUint64(b, e.Hash)
	b = binary.BigEndian.AppendUint64(b, e.Version)
	b = binary.BigEndian.AppendUint64(b, uint64(e.FetchedAt.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, uint64(e.FirstSeenAt.UnixMicro()))
	if flags&movedFlag != 0 {
		b = binary.BigEndian.AppendUint64(b, uint64(e.MovedFrom.Unix()))
	}
	if flags&charsetFlag != 0 {
		b = appendText(b, e.Charset)
	}
	return append(b, e.Raw...)
}

// decodeRow decodes what encodeRow wrote. It copies Raw, because bbolt's memory is only valid
// during the transaction.
func decodeRow(b []byte) (e report.Entry, err error) {
	r := reader{rest: b}
	kind, flags := r.byte(), r.byte()
	e.Account, e.Timezone = r.text(), r.text()
	e.Hash, e.Version = r.number(), r.number()
	e.FetchedAt, e.FirstSeenAt = time.UnixMicro(int64(r.number())).UTC(), time.UnixMicro(int64(r.number())).UTC()
	if flags&movedFlag != 0 {
		e.MovedFrom = time.Unix(int64(r.number()), 0).UTC()
	}
	if flags&charsetFlag != 0 {
		e.Charset = r.text()
	}
	if kind != rowEntry || r.short {
		return e, errEntry
	}
	e.Twin = flags&twinFlag != 0
	e.Raw = append([]byte(nil), r.rest...)
	return e, nil
}

// kindOf returns the kind of a queue entry, 0 for an empty one.
func kindOf(v []byte) byte {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// queuedAt returns when an entry was queued or, for a record, fetched. It checks that the entry is
// complete and decodes nothing else.
func queuedAt(b []byte) (time.Time, error) {
	r := reader{rest: b}
	isRow, flags := r.byte() == rowEntry, byte(0)
	if isRow {
		flags = r.byte()
		r.take(r.uvarint()) // account
		r.take(r.uvarint()) // time zone
		r.take(16)          // hash, version
	}
	at := time.UnixMicro(int64(r.number())).UTC()
	if isRow {
		r.take(8) // first seen
	}
	if flags&movedFlag != 0 {
		r.take(8)
	}
	if flags&charsetFlag != 0 {
		r.take(r.uvarint())
	}
	if r.short {
		return at, errEntry
	}
	return at, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader decodes an entry. If the entry ends too early, short is set and all further values are
// zero.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.short, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) number() uint64 { return number(r.take(8)) }

func (r *reader) uvarint() int {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)) {
		r.short, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *reader) text() string { return string(r.take(r.uvarint())) }

// dayRecord is a report.DayStatus on disk. The JSON names are part of the file format.
type dayRecord struct {
	Account   string          `json:"account"`
	Day       report.Day      `json:"day"`
	State     report.DayState `json:"state"`
	Rows      uint64          `json:"rows"`
	SealedAt  time.Time       `json:"sealed_at,omitzero"`
	ReadAt    time.Time       `json:"read_at,omitzero"`
	Doubt     string          `json:"doubt,omitempty"`
	WatchedAt time.Time       `json:"watched_at,omitzero"`
	Listed    int             `json:"listed,omitempty"`
	Version   uint64          `json:"version"`
}

func encodeDay(d report.DayStatus) ([]byte, error) { return json.Marshal(dayRecord(d)) }

func decodeDay(b []byte) (report.DayStatus, error) {
	d, err := decodeJSON[dayRecord](b)
	if known := d.State == report.DayOpen || d.State == report.DaySealed || d.State == report.DayGap; err == nil && !known {
		err = fmt.Errorf("%w: a day is %q", errEntry, d.State)
	}
	return report.DayStatus(d), err
}

// fetchRecord is a report.Fetch on disk. The JSON names are part of the file format.
type fetchRecord struct {
	At          time.Time `json:"at"`
	Vendor      string    `json:"vendor"`
	Account     string    `json:"account"`
	Job         string    `json:"job"`
	Outcome     string    `json:"outcome"`
	Code        int       `json:"code,omitempty"`
	Rows        uint64    `json:"rows,omitempty"`
	New         uint64    `json:"new,omitempty"`
	Changed     uint64    `json:"changed,omitempty"`
	Quarantined uint64    `json:"quarantined,omitempty"`
	Bytes       uint64    `json:"bytes,omitempty"`
	Seconds     float64   `json:"seconds"`
}

func encodeFetch(f report.Fetch) ([]byte, error) { return json.Marshal(fetchRecord(f)) }

func decodeFetch(b []byte) (report.Fetch, error) {
	f, err := decodeJSON[fetchRecord](b)
	return report.Fetch(f), err
}

func decodeJSON[T any](text []byte) (record T, err error) {
	if err = json.Unmarshal(text, &record); err != nil {
		err = fmt.Errorf("%w: %w", errEntry, err)
	}
	return record, err
}
