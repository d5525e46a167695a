// Package parser turns the bytes of an Alpemix report into connections: Split cuts a body into records, Parse reads one
// record. It is pure: no clock, no log, no files, no network. It owns the table of the vendor's quirks.
package parser

import (
	"encoding/binary"
	"time"

	"alpemix-collector/report"

	"github.com/cespare/xxhash/v2"
)

// Vendor is the vendor's name in rejects.
const Vendor = "alpemix"

// MaxRecord is the length in bytes beyond which a record is not read. Split hands out only its beginning, a little more
// than MaxRecord, which Parse rejects as too_large. Reports have records of a few hundred bytes.
const MaxRecord = 1 << 20

// Tally counts findings by the name of their quirk. Adding to a nil Tally does nothing.
type Tally map[string]int

func (t Tally) add(quirk string) {
	if t != nil {
		t[quirk]++
	}
}

// Summary is what Split learnt about a document as a whole.
type Summary struct {
	Records     int            // how many were yielded
	ErrorNumber int            // the vendor's, see alpemix.txt; 0 is success
	Quirks      map[string]int // findings of the document and its envelope by quirk; nil when there are none
}

func (s *Summary) note(quirk string) {
	if s.Quirks == nil {
		s.Quirks = make(map[string]int)
	}
	s.Quirks[quirk]++
}

// Source is what Parse has to know about where a record came from.
type Source struct {
	Account   string
	Location  *time.Location // of dt, see alpemix.txt; nil is UTC
	FetchedAt time.Time      // bounds dt and becomes FetchedAt, FirstSeenAt and, in microseconds, Version
	Tally     Tally          // receives what was noticed in the record; may be nil
}

// Revision counts the changes of the rules by which a record is read. Raise it with every change that
// can make another connection, or a connection, of a record: what can still be read is then read
// again, once.
const Revision uint64 = 3

// Hash is XXH64 with seed 0, so that it equals ClickHouse's xxHash64(raw).
func Hash(raw []byte) uint64 { return xxhash.Sum64(raw) }

// Seen is what a record is remembered by once it was read: its Hash, and how it is read. Records of one
// Seen become the same connection in the same account.
func Seen(rec report.Record, hash uint64) uint64 {
	var spread uint64 = 0x9E3779B97F4A7C15 // Revision over all bits; the product overflows
	seen := hash ^ Revision*spread
	if rec.Charset != "" {
		seen ^= xxhash.Sum64String(rec.Charset)
	}
	return seen
}

// Outcome is a hash of what Parse made of a record, never 0. It is the same if only the record's text,
// or the rules, have changed.
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
