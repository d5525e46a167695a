package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// source yields the rows of an insert block by block, and an empty block at the end. A block stays
// valid until the next call.
type source[T any] func() ([]T, error)

// insert sends the rows as one INSERT and returns nil only if ClickHouse acknowledged it. After an
// error the rows may be stored or not. Without a token ClickHouse would hash all rows to recognize
// a repeated insert.
func insert[T any](ctx context.Context, d *DB, e *encoder[T], token string, rows source[T]) error {
	settings := clickhouse.Settings{
		"async_insert":                    0, // wait until the rows are stored in a part
		"max_partitions_per_insert_block": 0, // an import may span decades, a partition is a month
		"optimize_on_insert":              0, // two contents of one identity are distinguished when they are read, and merged later
		"insert_deduplication_token":      token,
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings)) // not in the SQL: clickhouse-go drops it there
	names := make([]string, len(e.table.columns))
	for i, c := range e.table.columns {
		names[i] = c.name
	}
	query := fmt.Sprintf("INSERT INTO %s.%s (%s)", d.target.Database, e.table.name, strings.Join(names, ", "))
	var err error
	if d.native {
		err = insertNative(ctx, d, e, query, rows)
	} else {
		body := &blockReader[T]{encoder: e, next: rows}
		err = d.conn.InsertFormat(ctx, "Native", query, body)
		if own := body.stop(); own != nil { // says more than the client's error
			err = own
		}
	}
	if err != nil {
		return fmt.Errorf("insert into %s.%s at %s: %w", d.target.Database, e.table.name, d.address, err)
	}
	return nil
}

// blockReader is the body of an HTTP insert. It encodes a block when the previous one is sent, so
// that a batch of any size needs the memory of one block.
type blockReader[T any] struct {
	mu      sync.Mutex
	encoder *encoder[T]
	next    source[T]
	rest    []byte
	err     error
	stopped bool
}

var errStopped = errors.New("the insert has finished")

func (r *blockReader[T]) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return 0, errStopped
	}
	for len(r.rest) == 0 && r.err == nil {
		var rows []T
		if rows, r.err = r.next(); r.err != nil {
			break
		}
		if len(rows) == 0 {
			r.err = io.EOF
			break
		}
		r.rest = r.encoder.encode(rows)
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// stop waits for a running Read and makes later ones fail, which the HTTP transport may still try
// after an early answer. It returns the error that ended the body early, if any.
func (r *blockReader[T]) stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	if r.err == nil || errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

// insertNative sends the blocks over the native protocol, where the server announces the column
// types.
func insertNative[T any](ctx context.Context, d *DB, e *encoder[T], query string, rows source[T]) error {
	batch, err := d.conn.PrepareBatch(ctx, query)
	if err != nil {
		return err
	}
	for {
		block, err := rows()
		if err != nil {
			return errors.Join(err, batch.Abort())
		}
		if len(block) == 0 {
			return batch.Send()
		}
		for i, c := range e.table.columns {
			if err := batch.Column(i).Append(c.values(block)); err != nil {
				return fmt.Errorf("column %s.%s: %w", e.table.name, c.name, errors.Join(err, batch.Abort()))
			}
		}
		if err := batch.Flush(); err != nil {
			return errors.Join(err, batch.Abort()) // not Close, which would commit what has arrived
		}
	}
}
