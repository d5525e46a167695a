package sink

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"alpemix-collector/report"
)

// insertRows is how many rows one INSERT of an Import carries: enough for the server to make few large parts, few enough to
// lose little time when the import is interrupted and run again. senders INSERTs run at once: while the server sorts and writes
// the part of one, the other takes rows. blockBytes bounds a block of unusually long records.
const (
	insertRows = 128 * blockRows
	senders    = 2
	blockBytes = 1 << 20
)

// Import streams connections into ClickHouse in the memory of a few blocks. Unlike Write it keeps nothing to send again: after
// an error run the whole import again; rows that are in already stay one row each.
type Import struct {
	rows   []report.Connection // the block being filled
	bytes  int
	full   chan []report.Connection // to the senders
	free   chan []report.Connection // from the senders
	ctx    context.Context          // of the senders; ends with the first error of one
	cancel context.CancelFunc
	group  *errgroup.Group
	acked  atomic.Uint64
}

// Import begins a stream, which has to be ended by Close or Abort.
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

// Add takes c; its strings must not change until the import ends. An error is that of an earlier insert.
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

// Acknowledged counts the rows that ClickHouse has confirmed so far.
func (i *Import) Acknowledged() uint64 { return i.acked.Load() }

// Close sends what is left and returns nil only when every added row is acknowledged.
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

// Abort ends the stream without its last rows.
func (i *Import) Abort() {
	i.cancel()
	i.group.Wait() // tells only that it was aborted
}

// send runs INSERT after INSERT until full is closed.
func (i *Import) send(ctx context.Context, d *DB) error {
	e := &encoder[report.Connection]{table: &connectionTable}
	var last []report.Connection
	for more := true; more; {
		sent := 0
		// The first block is awaited here, so that no INSERT is begun for nothing.
		head, open := i.receive(ctx)
		if !open {
			return context.Cause(ctx)
		}
		// A token of its own: run again, the report would be cut into other INSERTs.
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

// recycle hands a sent block back to Add, without its strings.
func (i *Import) recycle(block []report.Connection) {
	clear(block)
	select {
	case i.free <- block[:0]:
	default:
	}
}
