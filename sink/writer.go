package sink

import (
	"context"
	"slices"

	"alpemix-collector/report"
)

// Writer writes batches to the base tables and reads stored rows back. It is safe for concurrent
// use.
type Writer struct{ db *DB }

// Writer returns a writer to the tables of d's database.
func (d *DB) Writer() *Writer { return &Writer{db: d} }

// Write tries once to store b and returns nil only if ClickHouse acknowledged every row. After an
// error the identical batch has to be written again: ClickHouse recognizes stored blocks by their
// token, or by the identity of their rows once the token has expired. Reason returns what went
// wrong.
func (w *Writer) Write(ctx context.Context, b report.Batch) error {
	if err := validate(&b); err != nil {
		return err
	}
	// Days last: a sealed day promises that its connections are stored. Likewise a snapshot comes
	// after its allotments.
	if err := write(ctx, w.db, &connectionTable, b.Connections); err != nil {
		return err
	}
	if err := write(ctx, w.db, &rejectTable, b.Rejects); err != nil {
		return err
	}
	if err := w.settle(ctx, &b); err != nil {
		return err
	}
	if err := write(ctx, w.db, &customerTable, b.Customers); err != nil {
		return err
	}
	if err := write(ctx, w.db, &allotmentTable, b.Allotments); err != nil {
		return err
	}
	if err := write(ctx, w.db, &snapshotTable, b.Snapshots); err != nil {
		return err
	}
	if err := write(ctx, w.db, &provisioningTable, b.Provisionings); err != nil {
		return err
	}
	if err := write(ctx, w.db, &fetchTable, b.Fetches); err != nil {
		return err
	}
	return write(ctx, w.db, &dayTable, b.Days)
}

func write[T any](ctx context.Context, d *DB, t *table[T], rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	e := &encoder[T]{table: t}
	blocks := slices.Collect(slices.Chunk(rows, blockRows))
	return insert(ctx, d, e, e.token(rows), func() (block []T, err error) {
		if len(blocks) > 0 {
			block, blocks = blocks[0], blocks[1:]
		}
		return block, nil
	})
}
