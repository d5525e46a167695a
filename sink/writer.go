package sink

import (
	"context"
	"slices"

	"alpemix-collector/report"
)

// Writer writes batches to the base tables and reads back what is there. Several goroutines may use one.
type Writer struct{ db *DB }

// Writer writes to the tables of d's database.
func (d *DB) Writer() *Writer { return &Writer{db: d} }

// Write makes one attempt at storing b and returns nil only when ClickHouse has acknowledged every row of it. After any error
// the identical batch has to be written again: what is in already is recognised by its token, and beyond the token's lifetime
// by the identity of its rows. Reason tells what went wrong.
func (w *Writer) Write(ctx context.Context, b report.Batch) error {
	if err := validate(&b); err != nil {
		return err
	}
	// Days last: a sealed day promises that its connections are in, as a snapshot does of its allotments.
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
