// Package parser turns the bytes of an Alpemix report into connections: Split splits a body into
// records, Parse parses one record. It is pure: no clock, log, files or network. It owns the table
// of the vendor's quirks.
package parser

import (
	"encoding/binary"
	"time"

	"alpemix-collector/report"

	"github.com/cespare/xxhash/v2"
)

// Vendor is the vendor's name in rejects.
const Vendor = "alpemix"

// MaxRecord is the length in bytes beyond which a record is not parsed. Split yields only its
// start, slightly more than MaxRecord, which Parse rejects as too_large. Records in reports have a
// few hundred bytes.
const MaxRecord = 1 << 20

// Tally counts findings by the name of their quirk. Adding to a nil Tally does nothing.
type Tally map[string]int

func (t Tally) add(quirk string) {
	if t != nil {
		t[quirk]++
	}
}

// Summary is what Split found out about a document as a whole.
type Summary struct {
	Records     int            // number of yielded records
	ErrorNumber int            // the vendor's, see alpemix.txt; 0 is success
	Quirks      map[string]int // findings of the document and its envelope by quirk; nil when there are none
}

func (s *Summary) note(quirk string) {
	if s.Quirks == nil {
		s.Quirks = make(map[string]int)
	}
	s.Quirks[quirk]++
}

// Source is what Parse has to know about a record's origin.
type Source struct {
	Account   string
	Location  *time.Location // of dt, see alpemix.txt; nil is UTC
	FetchedAt time.Time      // limits dt and becomes FetchedAt, FirstSeenAt and, in microseconds, Version
	Tally     Tally          // counts what is odd in the record; may be nil
}

// Revision is the version of the rules for parsing records. Increase it with every change that can
// turn a record into another connection, or into one at all: then records that can still be read
// are parsed again, once.
const Revision uint64 = 4

// Hash is XXH64 with seed 0, like ClickHouse's xxHash64(raw).
func Hash(raw []byte) uint64 { return xxhash.Sum64(raw) }

// Seen returns the value that a record is remembered by once it was read, from its Hash and how it
// is parsed. Records with the same value become the same connection in the same account.
func Seen(rec report.Record, hash uint64) uint64 {
	var spread uint64 = 0x9E3779B97F4A7C15 // Revision over all bits; the product overflows
	seen := hash ^ Revision*spread
	if rec.Charset != "" {
		seen ^= xxhash.Sum64String(rec.Charset)
	}
	return seen
}

// Outcome returns a hash of the result of Parse, never 0. It stays the same if only the record's
// text or the rules have changed.
func Outcome(c *report.Connection) uint64 {
	var b []byte
	for _, n := range [...]int64{c.StartedAt.Unix(), int64(c.Duration), int64(c.LocalDay), int64(c.Mode)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	text(c.UID)
	for _, s := range c.Texts() {
		text(*s)
	}
	return max(xxhash.Sum64(b), 1)
}
