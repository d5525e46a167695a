package importer

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// Reading reads a report of any size in two stages that run at the same time: one cuts it into
// records, the other reads them. The stages pass a fixed number of buffers to and fro, so memory does
// not grow with the report.
type Reading struct {
	Source parser.Source
	Redact func(raw []byte) []byte // takes the account's credentials out of a record; nil: nothing
	// Add takes one connection, in the report's order.
	Add func(*report.Connection) error
	// Quarantine takes records that could not be read.
	Quarantine func([]report.Reject) error
}

// Counts is what became of a report's records.
type Counts struct {
	Records   int
	Rejects   map[string]int // by reason
	Unchanged int            // were stored before with the same content
	Older     int            // are older than what is stored, which counts
	Expired   int            // are past their retention, and were not stored
}

// Quarantined returns how many records could not be read.
func (n *Counts) Quarantined() int {
	total := 0
	for _, count := range n.Rejects {
		total += count
	}
	return total
}

// String reads "5 records, 3 stored, 2 quarantined (1 dt_missing, 1 uid_missing)"; between them come those that are unchanged,
// those older than what is stored and those past their retention, if there are any.
func (n *Counts) String() string {
	s := fmt.Sprintf("%d records, %d stored", n.Records, n.Records-n.Quarantined()-n.Unchanged-n.Older-n.Expired)
	if n.Unchanged > 0 {
		s += fmt.Sprintf(", %d unchanged", n.Unchanged)
	}
	if n.Older > 0 {
		s += fmt.Sprintf(", %d older than what is stored", n.Older)
	}
	if n.Expired > 0 {
		s += fmt.Sprintf(", %d past retention.connections and not stored", n.Expired)
	}
	s += fmt.Sprintf(", %d quarantined", n.Quarantined())
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(n.Rejects)) {
		reasons = append(reasons, strconv.Itoa(n.Rejects[reason])+" "+reason)
	}
	if len(reasons) > 0 {
		s += " (" + strings.Join(reasons, ", ") + ")"
	}
	return s
}

const (
	chunkBytes  = 256 << 10
	chunks      = 3       // one is filled, one waits, one is read
	rejectRows  = 1000    // records go to quarantine in parts of so many,
	rejectBytes = 4 << 20 // or of so many bytes
)

// chunk is a run of records, copied one after another out of the scanner's buffer. A saved body has
// no Content-Type, so their charset is never said.
type chunk struct {
	text []byte
	ends []int
}

// Run reads what open returns. An error of the report itself comes after what stood before the fault has been handed on.
func (in *Reading) Run(ctx context.Context, open func() (io.ReadCloser, error)) (Counts, error) {
	parent := ctx
	group, ctx := errgroup.WithContext(ctx)
	full, free := make(chan *chunk, chunks), make(chan *chunk, chunks)
	for range chunks {
		free <- &chunk{text: make([]byte, 0, chunkBytes)}
	}
	var fault error
	group.Go(func() error {
		defer close(full)
		fault = in.split(ctx, open, full, free)
		return nil
	})
	n, u := Counts{Rejects: map[string]int{}}, newUIDs()
	group.Go(func() error { return in.read(full, free, u, &n) })
	err := group.Wait()
	if err == nil && len(u.twice) > 0 {
		err = in.twins(parent, open, u, &n)
	}
	if err != nil {
		return n, err
	}
	return n, fault
}

// records cuts the report into records as they are to be stored.
func (in *Reading) records(open func() (io.ReadCloser, error), yield func(report.Record) error) error {
	_, err := parser.SplitStream(open, "", func(r report.Record) error {
		if in.Redact != nil {
			r.Raw = in.Redact(r.Raw)
		}
		return yield(r)
	})
	return err
}

// split cuts the report into records and hands them on in chunks.
func (in *Reading) split(ctx context.Context, open func() (io.ReadCloser, error), full chan<- *chunk, free <-chan *chunk) error {
	var c *chunk
	err := in.records(open, func(r report.Record) error {
		if c != nil && len(c.text)+len(r.Raw) > chunkBytes {
			full <- c // never blocks: there is room for all chunks
			c = nil
		}
		if c == nil {
			select {
			case c = <-free:
				*c = chunk{text: c.text[:0], ends: c.ends[:0]}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		c.text = append(c.text, r.Raw...)
		c.ends = append(c.ends, len(c.text))
		return nil
	})
	if c != nil {
		full <- c
	}
	return err
}

// read turns records into connections and rejects. Of a uid that comes twice the first record counts, as
// in a live answer.
func (in *Reading) read(full <-chan *chunk, free chan<- *chunk, u *uids, n *Counts) error {
	rejects := &rejectParts{quarantine: in.Quarantine, count: n.Rejects}
	for c := range full {
		start := 0
		for _, end := range c.ends {
			connection, reject := parser.Parse(report.Record{Raw: c.text[start:end]}, in.Source)
			start = end
			n.Records++
			var err error
			switch {
			case reject != nil:
				err = rejects.add(reject)
			case u.meet(connection.UID):
				err = in.Add(&connection)
			}
			if err != nil {
				return err
			}
		}
		free <- c
	}
	return rejects.flush()
}
