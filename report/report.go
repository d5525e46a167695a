// Package report defines the types that all other packages share: what vendors report, what becomes
// of it, and what goes wrong. It imports no other package of this module.
package report

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// Kind names a request to Alpemix. It is also the metric label "report" and the column "job" of fetches.
type Kind string

// The requests that alpemix.txt documents ("Getting Access Token", "Getting the Connection Report").
const (
	Token     Kind = "token"     // step 1
	Today     Kind = "today"     // step 2, requestnumber 1, lastxconnection 0: the whole vendor day so far
	Latest    Kind = "latest"    // step 2, requestnumber 1, lastxconnection N: the N newest by start time
	Yesterday Kind = "yesterday" // step 2, requestnumber 2
)

// Window is what one report request asks for.
type Window struct {
	Kind Kind
	Last int // for Latest: how many connections; otherwise 0
	// Deadline is when a day that is not complete yet can no longer be read; zero if no day is at
	// risk. Neither a slow answer nor the wait for a block may last longer.
	Deadline time.Time
}

// Whole says whether the answer to w holds every connection of its day.
func (w Window) Whole() bool { return w.Kind == Today || w.Kind == Yesterday }

func (w Window) String() string {
	if w.Kind == Latest {
		return fmt.Sprintf("latest %d", w.Last)
	}
	return string(w.Kind)
}

// Body is one unparsed answer of a vendor and where it came from.
type Body struct {
	Account string
	Window  Window
	// Content is the answer as received, before decoding or repair; nil if no report came. The receiver
	// of the Body closes it.
	Content Content
	// Redact removes the account's credentials from a record, in case the vendor echoed them. It is
	// applied before a record is parsed; nil leaves records as they are.
	Redact      func(raw []byte) []byte
	Quirks      map[string]int // how often each quirk was seen during the exchange; may be nil
	ContentType string         // of the HTTP answer; names the charset if the text is not UTF-8
	AskedAt     time.Time
	FetchedAt   time.Time // UTC: when the last byte arrived
	Requests    []Fetch   // the requests that were sent and their outcomes; also set when there is an error
	Status      int       // of the HTTP answer
}

// Content is the text of an answer, which may be too large for memory.
type Content interface {
	Open() (io.ReadCloser, error) // reads from the start; may be called again
	Size() int64                  // bytes
	Close() error
}

// Bytes is a Content in memory.
type Bytes []byte

// Open returns the text.
func (b Bytes) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }

// Size returns the length of the text in bytes.
func (b Bytes) Size() int64 { return int64(len(b)) }

// Close does nothing.
func (b Bytes) Close() error { return nil }

// Record is one element of a report's "results", not decoded yet.
type Record struct {
	// Raw is the record as sent, from '{' to '}', in any charset; records of a body in UTF-16 or
	// UTF-32 are converted to UTF-8. It is valid until the next record is yielded.
	Raw []byte
	// Charset is how to decode texts of Raw that are not UTF-8, a name of parser.Split. Empty means
	// windows-1254.
	Charset string
}

// Mode is the purpose of a connection ("dir" in alpemix.txt).
type Mode uint8

// Modes. ModeUnknown is any dir that the document does not list.
const (
	ModeUnknown      Mode = 0
	ModeSupport      Mode = 1 // dir 0
	ModePresentation Mode = 2 // dir 1
)

func (m Mode) String() string {
	switch m {
	case ModeSupport:
		return "support"
	case ModePresentation:
		return "presentation"
	}
	return "unknown"
}

// Party is one end of a connection. Any field may be empty, because anonymous parties are recorded
// too.
type Party struct {
	Name      string // uname, tuname
	IP        string // ip, tip: the Internet address
	LocalIP   string // lip, tlip
	Device    string // unum, tunum: the device's unique number
	AlpemixID string // aid, taid
}

// Connection is one remote connection. Account and UID identify it; everything else may change
// while its day can be read.
type Connection struct {
	Account       string
	UID           string
	StartedAt     time.Time     // UTC, whole seconds
	Duration      time.Duration // whole seconds
	Mode          Mode
	Explanation   string
	SupportNumber string
	Staff         Party
	Target        Party
	LocalDay      Day       // of StartedAt in the account's zone
	FirstSeenAt   time.Time // UTC: when this UID was first read
	FetchedAt     time.Time // UTC: when this content was read
	Raw           string    // the record as sent; need not be UTF-8
	Charset       string    // as in Record
	Hash          uint64    // XXH64 of Raw
	Version       uint64    // the greatest Version of an identity is the newest
	// Deleted withdraws the identity (Account, StartedAt, UID): the vendor moved the start of UID.
	Deleted bool
}

// Reject is a record that could not become a Connection. Its text is kept so that a later version
// can parse it again.
type Reject struct {
	Vendor  string // "alpemix"
	Account string
	Reason  string // one of parser.Reasons
	Detail  string // what was wrong; holds nothing that is not in the record
	Raw     string
	Charset string // as in Record
	Hash    uint64 // XXH64 of Raw; for a record read back from the quarantine, its key there
	At      time.Time
	Version uint64
	// ResolvedAt is when the record was stored after all; zero until then.
	ResolvedAt time.Time
}

// UIDTwice is the Reason of a Reject that can be parsed, but whose UID stands in another record of
// the same answer, with other content.
const UIDTwice = "uid_twice"

func (r *Reject) Error() string { return r.Reason + ": " + r.Detail }

// DayState is how far a vendor day has been collected.
type DayState string

// A day is open while its report can be read and no complete read after its end is confirmed. It is
// sealed when a complete "yesterday" read was found in ClickHouse row by row. It is a gap when it
// was never sealed and Alpemix no longer serves it.
const (
	DayOpen   DayState = "open"
	DaySealed DayState = "sealed"
	DayGap    DayState = "gap"
)

// DayStatus is one vendor day of one account.
type DayStatus struct {
	Account  string
	Day      Day
	State    DayState
	Rows     uint64    // known connections of that day
	SealedAt time.Time // UTC; zero unless sealed
	// ReadAt is when a complete answer came after the day's end, until its rows were checked in
	// ClickHouse; else zero. It is kept in the state file only.
	ReadAt time.Time
	// Doubt is why the newest answer may not describe the whole day; empty if there is no doubt.
	// The last reads of a day may seal it in doubt.
	Doubt string
	// WatchedAt is when a complete answer last described the day while it ran. It is kept in the
	// state file only.
	WatchedAt time.Time
	// Listed is how many connections of the day the answer of ReadAt accounted for. It is kept in the state file only.
	Listed  int
	Version uint64
}

// DayShare is how many connections of a day are remembered, and how many of those an answer lists.
type DayShare struct {
	Known  int
	Listed int
	First  time.Time // the oldest start of those that it lists
	Last   time.Time // the newest start of them
}

// Fetch is one request to a vendor, a row of the table fetches.
type Fetch struct {
	At          time.Time // UTC: when the request was sent
	Vendor      string
	Account     string
	Job         string // Kind, for alpemix
	Outcome     string // "ok" or a failure's Reason
	Code        int    // the vendor's error number, 0 if none
	Rows        uint64
	New         uint64
	Changed     uint64
	Quarantined uint64
	Bytes       uint64
	Seconds     float64
}

// Batch is one write to ClickHouse. It is written or retried as a unit, with identical content.
type Batch struct {
	Connections   []Connection
	Rejects       []Reject
	Allotments    []AllotmentPeriod
	Snapshots     []SnapshotMark
	Provisionings []Provisioning
	Customers     []CustomerChange
	Days          []DayStatus
	Fetches       []Fetch
}

// Len returns the number of rows in b.
func (b *Batch) Len() int {
	return len(b.Connections) + len(b.Rejects) + len(b.Allotments) + len(b.Snapshots) + len(b.Provisionings) + len(b.Customers) +
		len(b.Days) + len(b.Fetches)
}
