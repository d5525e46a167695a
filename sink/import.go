package sink

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"alpemix-collector/report"
)

// insertRows is the number of rows in one INSERT of an Import: enough for the server to write few
// large parts, few enough to lose little when an import is interrupted. senders INSERTs run at
// once: while the server sorts and writes the part of one, it receives the rows of the other.
// blockBytes limits a block of unusually long records.
const (
	insertRows = 128 * blockRows
	senders    = 2
	blockBytes = 1 << 20
)

// Import streams connections into ClickHouse in the memory of a few blocks. Unlike Write it keeps
// nothing to retry: after an error run the whole import again. Rows that are stored already stay
// one row each.
type Import struct {
	rows   []report.Connection // the block being filled
	bytes  int
	full   chan []report.Connection // to the senders
	free   chan []report.Connection // from the senders
	ctx    context.Context          // of the senders; canceled by the first error of one
	cancel context.CancelFunc
	group  *errgroup.Group
	acked  atomic.Uint64
}

// Import starts a stream, which has to be finished with Close or Abort.
func (w *Writer) Import(ctx context.Context) *Import {
	ctx, cancel := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	i := &Import{
		full: make(chan []report.Connection), free: make(chan []report.Connection, senders+1), ctx: ctx, cancel: cancel, group: group,
		rows: make([]report.Connection, 0, blockRows),
	}
	for range senders {
		group.Go(func() error { return i.send(ctx, w.db) })
	}
	return i
}

// Add adds c, whose strings must not change until the import has finished. An error may come from
// an earlier insert.
func (i *Import) Add(c *report.Connection) error {
	if err := validateConnection(c); err != nil {
		return err
	}
	i.rows = append(i.rows, *c)
	i.bytes += len(c.Raw) + len(c.Explanation)
	if len(i.rows) < blockRows && i.bytes < blockBytes {
		return nil
	}
	return i.flush()
}

func (i *Import) flush() error {
	select {
	case i.full <- i.rows:
	case <-i.ctx.Done():
		return i.group.Wait()
	}
	select {
	case i.rows = <-i.free:
	default:
		i.rows = make([]report.Connection, 0, blockRows)
	}
	i.bytes = 0
	return nil
}

// Acknowledged returns the number of rows that ClickHouse has confirmed so far.
func (i *Import) Acknowledged() uint64 { return i.acked.Load() }

// Close sends the rest and returns nil only if every added row is acknowledged.
func (i *Import) Close() error {
	defer i.cancel()
	if len(i.rows) > 0 {
		if err := i.flush(); err != nil {
			return err
		}
	}
	close(i.full)
	return i.group.Wait()
}

// Abort stops the stream without its last rows.
func (i *Import) Abort() {
	i.cancel()
	i.group.Wait() // returns only that it was aborted
}

// send runs INSERT after INSERT until full is closed.
func (i *Import) send(ctx context.Context, d *DB) error {
	e := &encoder[report.Connection]{table: &connectionTable}
	var last []report.Connection
	for more := true; more; {
		sent := 0
		// Wait for the first block here, so that no INSERT starts without rows.
		head, open := i.receive(ctx)
		if !open {
			return context.Cause(ctx)
		}
		// A random token, because a second import of the report may be cut into other INSERTs.
		err := insert(ctx, d, e, rand.Text(), func() ([]report.Connection, error) {
			if last != nil {
				i.recycle(last)
				last = nil
			}
			block := head
			if head = nil; block == nil && sent < insertRows {
				if block, more = i.receive(ctx); !more && ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
			}
			last, sent = block, sent+len(block)
			return block, nil
		})
		if err != nil {
			return fmt.Errorf("after %d rows: %w", i.acked.Load(), err)
		}
		i.acked.Add(uint64(sent))
	}
	return nil
}

func (i *Import) receive(ctx context.Context) (block []report.Connection, open bool) {
	select {
	case block, open = <-i.full:
		return block, open
	case <-ctx.Done():
		return nil, false
	}
}

// recycle returns a sent block to Add, without its strings.
func (i *Import) recycle(block []report.Connection) {
	clear(block)
	select {
	case i.free <- block[:0]:
	default:
	}
}
