package report

import "time"

// Item is a record that an answer brought new or changed, with what identifies it.
type Item struct {
	Raw     []byte
	Charset string // as in Record
	Hash    uint64 // XXH64 of Raw
	Seen    uint64 // what it is remembered by, see parser.Seen
	Outcome uint64 // what became of it, see parser.Outcome; 0 is unknown
	// Twin: the answer has this UID another time, with other content, and that one counts. A twin is
	// remembered as seen and queued for the quarantine.
	Twin bool
	// The rest is empty for a record that the parser rejected.
	UID       string
	StartedAt time.Time
	Duration  time.Duration
	LocalDay  Day
}

// Observation is all that one answer changes. It is stored in one transaction: what is marked as seen is queued.
type Observation struct {
	Account   string
	Timezone  string // of the account when the answer was read; the drain reads the records in it again
	Day       Day    // the vendor day that was asked for
	FetchedAt time.Time
	Items     []Item
	Fetches   []Fetch // kept apart from the queue's rows, see QueuedBatch
	Days      []DayStatus
	// Repeat queues Days also where nothing about them is new: ClickHouse lacks them.
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
	Twin        bool      // as in Item
	MovedFrom   time.Time // when the vendor moved the start of this UID: the old start, to be withdrawn; else zero
}

// QueuedBatch is the oldest part of the queue. Its boundaries are durable before it is handed out, so that it is identical
// however often it is tried, also after a crash.
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

// Identity is what is remembered of a connection while its day can still be read.
type Identity struct {
	Hash        uint64 // XXH64 of the last content queued
	Seen        uint64 // what that content is remembered by, see parser.Seen
	Outcome     uint64 // what became of it, see parser.Outcome; 0 is unknown
	StartedAt   time.Time
	Duration    time.Duration
	FirstSeenAt time.Time
	LocalDay    Day
}

// DayTotal is the usage known of one day.
type DayTotal struct {
	Rows    uint64
	Seconds uint64
}
