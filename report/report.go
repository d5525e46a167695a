// Package report holds the nouns of the house: what a vendor reports, what becomes of it, and what goes wrong. It imports
// nothing of ours, and every other package speaks in its words.
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
	// Deadline is when a day that is not complete yet can no longer be read; zero when none can be
	// lost. Neither a slow answer nor the wait for a block may outlast it.
	Deadline time.Time
}

// Whole tells whether the answer to w holds every connection of its day.
func (w Window) Whole() bool { return w.Kind == Today || w.Kind == Yesterday }

func (w Window) String() string {
	if w.Kind == Latest {
		return fmt.Sprintf("latest %d", w.Last)
	}
	return string(w.Kind)
}

// Body is one answer of a vendor, unparsed, with where it came from.
type Body struct {
	Account string
	Window  Window
	Content Content // as received, before any charset or repair; nil if no report came. Whoever takes the Body closes it
	// Redact is a record without the credentials of the account, should the vendor have echoed them; nil
	// leaves records as they are. It is applied before anything is made of a record.
	Redact      func(raw []byte) []byte
	Quirks      map[string]int // findings of the exchange by quirk; nil when there are none
	ContentType string         // of the HTTP answer; the parser takes the charset from it when the bytes are not UTF-8
	AskedAt     time.Time
	FetchedAt   time.Time // when the last byte had arrived, UTC
	Requests    []Fetch   // the requests that were spent on it, with what came of each; filled also beside an error
	Status      int       // of the HTTP answer
}

// Content is the text of an answer. It may be too large for memory.
type Content interface {
	Open() (io.ReadCloser, error) // from the beginning, as often as needed
	Size() int64                  // bytes
	Close() error
}

// Bytes is a Content in memory.
type Bytes []byte

// Open returns the text.
func (b Bytes) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }

// Size is the length of the text.
func (b Bytes) Size() int64 { return int64(len(b)) }

// Close does nothing.
func (b Bytes) Close() error { return nil }

// Record is one element of a report's "results", not decoded yet.
type Record struct {
	// Raw is the record as sent, from '{' to '}', in whatever charset; of a body in UTF-16 or UTF-32
	// alone it is UTF-8. It is valid until the next record is yielded.
	Raw []byte
	// Charset is how texts of Raw are read that are not UTF-8: a name of parser.Split; empty is windows-1254.
	Charset string
}

// Mode tells what the connection was made for ("dir" in alpemix.txt).
type Mode uint8

// Modes. Unknown is any dir that the document does not name.
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

// Party is one end of a connection. Any of its fields may be empty: anonymous parties are recorded too.
type Party struct {
	Name      string // uname, tuname
	IP        string // ip, tip: the Internet address
	LocalIP   string // lip, tlip
	Device    string // unum, tunum: the unique number of the device
	AlpemixID string // aid, taid
}

// Connection is one remote connection. Account and UID identify it; everything else may change until its day is gone.
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
	Raw           string    // the record as sent, which need not be UTF-8
	Hash          uint64    // XXH64 of Raw
	Version       uint64    // of two contents of one identity the greater Version is the newer
	Deleted       bool      // the identity (Account, StartedAt, UID) is withdrawn: the vendor moved the start of UID
}

// Reject is a record that could not become a Connection. Its text is kept so that a better reading can be tried.
type Reject struct {
	Vendor  string // "alpemix"
	Account string
	Reason  string // bounded, see parser.Reasons
	Detail  string // what was seen; holds no more than the record itself
	Raw     string
	Hash    uint64 // XXH64 of Raw; of a record that was read from quarantine its name there
	At      time.Time
	Version uint64
	// ResolvedAt is zero until a later reading stored the record.
	ResolvedAt time.Time
}

// UIDTwice is the Reason of a Reject that can be read, but whose UID another record of the same answer
// has, with other content.
const UIDTwice = "uid_twice"

func (r *Reject) Error() string { return r.Reason + ": " + r.Detail }

// DayState tells how far a vendor day has been collected.
type DayState string

// A day is open while its report can still be read and no complete read of it after its end has been confirmed; it is
// sealed once a complete "yesterday" read of it was found in ClickHouse row by row; it is a gap when it was never sealed and
// Alpemix no longer tells it.
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
	Rows     uint64    // connections known of that day
	SealedAt time.Time // UTC; zero unless sealed
	// ReadAt is when an answer told the whole day after its end, until its rows were looked for in ClickHouse; else zero. It is
	// remembered by us alone.
	ReadAt time.Time
	// Doubt is why the newest answer for the day is not believed to describe all of it, empty if
	// nothing speaks against it. A day may be sealed in doubt at the last reads of it.
	Doubt string
	// Watched: a complete answer described the day while it ran. It is remembered by us alone.
	Watched bool
	Version uint64
}

// DayShare is how many connections are remembered of a day, and how many of these an answer lists.
type DayShare struct {
	Known  int
	Listed int
}

// Fetch is the account of one request to a vendor, for the table fetches.
type Fetch struct {
	At          time.Time // UTC: when it was sent
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

// Batch is what one write to ClickHouse carries. It is written whole or retried whole, with identical content.
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

// Len counts the rows of b.
func (b *Batch) Len() int {
	return len(b.Connections) + len(b.Rejects) + len(b.Allotments) + len(b.Snapshots) + len(b.Provisionings) + len(b.Customers) +
		len(b.Days) + len(b.Fetches)
}
