package main

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

// ingest takes a report of any size apart in two stages that run beside each other: cutting it into records, and reading
// them. The buffers between the stages go round in a circle, so memory does not grow with the report.
type ingest struct {
	source parser.Source
	redact func(raw []byte) []byte // takes the account's credentials out of a record; nil: nothing
	// add takes one connection, in the report's order.
	add func(*report.Connection) error
	// quarantine takes records that could not be read.
	quarantine func([]report.Reject) error
}

// ingested is what became of a report's records.
type ingested struct {
	records   int
	rejects   map[string]int // by reason
	unchanged int            // were stored before with the same content
	expired   int            // are past their retention, and were not stored
}

func (n *ingested) quarantined() int {
	total := 0
	for _, count := range n.rejects {
		total += count
	}
	return total
}

// String reads "5 records, 3 stored, 2 quarantined (1 dt_missing, 1 uid_missing)"; between them come those that are unchanged
// and those past their retention, if there are any.
func (n *ingested) String() string {
	s := fmt.Sprintf("%d records, %d stored", n.records, n.records-n.quarantined()-n.unchanged-n.expired)
	if n.unchanged > 0 {
		s += fmt.Sprintf(", %d unchanged", n.unchanged)
	}
	if n.expired > 0 {
		s += fmt.Sprintf(", %d past retention.connections and not stored", n.expired)
	}
	s += fmt.Sprintf(", %d quarantined", n.quarantined())
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(n.rejects)) {
		reasons = append(reasons, strconv.Itoa(n.rejects[reason])+" "+reason)
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

// run ingests what open gives. An error of the report itself comes after what stood before the fault has been handed on.
func (in *ingest) run(ctx context.Context, open func() (io.ReadCloser, error)) (ingested, error) {
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
	n, u := ingested{rejects: map[string]int{}}, newUIDs()
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
func (in *ingest) records(open func() (io.ReadCloser, error), yield func(report.Record) error) error {
	_, err := parser.SplitStream(open, "", func(r report.Record) error {
		if in.redact != nil {
			r.Raw = in.redact(r.Raw)
		}
		return yield(r)
	})
	return err
}

// split cuts the report into records and hands them on in chunks.
func (in *ingest) split(ctx context.Context, open func() (io.ReadCloser, error), full chan<- *chunk, free <-chan *chunk) error {
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
func (in *ingest) read(full <-chan *chunk, free chan<- *chunk, u *uids, n *ingested) error {
	rejects := &rejectParts{quarantine: in.quarantine, count: n.rejects}
	for c := range full {
		start := 0
		for _, end := range c.ends {
			connection, reject := parser.Parse(report.Record{Raw: c.text[start:end]}, in.source)
			start = end
			n.records++
			var err error
			switch {
			case reject != nil:
				err = rejects.add(reject)
			case u.meet(connection.UID):
				err = in.add(&connection)
			}
			if err != nil {
				return err
			}
		}
		free <- c
	}
	return rejects.flush()
}
