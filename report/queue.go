package report

import "time"

// Item is a new or changed record of an answer, with what identifies it.
type Item struct {
	Raw     []byte
	Charset string // as in Record
	Hash    uint64 // XXH64 of Raw
	Seen    uint64 // see parser.Seen
	Outcome uint64 // see parser.Outcome; 0 is unknown
	// Twin: the answer has this UID a second time with other content, and that one counts. A twin
	// is marked as seen and queued for the quarantine.
	Twin bool
	// The rest is empty for a record that the parser rejected.
	UID       string
	StartedAt time.Time
	Duration  time.Duration
	LocalDay  Day
}

// Observation is everything that one answer changes. It is stored in one transaction, so a record
// that is marked as seen is also queued.
type Observation struct {
	Account string
	// Timezone is the account's zone when the answer was read. The drain parses the records in it again.
	Timezone  string
	Day       Day // the vendor day that was asked for
	FetchedAt time.Time
	Items     []Item
	Fetches   []Fetch // kept apart from the queue's rows, see QueuedBatch
	Days      []DayStatus
	// Repeat queues Days even if nothing in them is new, because ClickHouse lacks them.
	Repeat bool
}

// Entry is one queued record with its provenance.
type Entry struct {
	Account     string
	Timezone    string
	Raw         []byte
	Charset     string // as in Record
	Hash        uint64
	FetchedAt   time.Time
	FirstSeenAt time.Time
	Version     uint64
	Twin        bool // as in Item
	// MovedFrom is the old start, to be withdrawn, if the vendor moved the start of this UID; else zero.
	MovedFrom time.Time
}

// QueuedBatch is the oldest part of the queue. Its boundaries are stored before it is returned, so
// every retry sends an identical batch, even after a crash.
type QueuedBatch struct {
	First, Last   uint64 // sequence numbers, inclusive
	Entries       []Entry
	Allotments    []AllotmentPeriod
	Snapshots     []SnapshotMark
	Provisionings []Provisioning
	Customers     []CustomerChange
	Days          []DayStatus
	Fetches       []Fetch
}

// Identity is what the state file remembers of a connection while its day can still be read.
type Identity struct {
	Hash        uint64 // XXH64 of the last content queued
	Seen        uint64 // see parser.Seen
	Outcome     uint64 // see parser.Outcome; 0 is unknown
	StartedAt   time.Time
	Duration    time.Duration
	FirstSeenAt time.Time
	LocalDay    Day
}

// DayTotal is the known usage of one day.
type DayTotal struct {
	Rows    uint64
	Seconds uint64
}
