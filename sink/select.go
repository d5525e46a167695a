package sink

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Select reads the answer to one statement into *rows, a slice of structs whose fields name their columns by a ch tag.
// Parameters are the values of {name:Type} in the statement, as text.
func (d *DB) Select(ctx context.Context, rows any, statement string, parameters map[string]string) error {
	return d.selected(d.conn.Select(clickhouse.Context(ctx, clickhouse.WithParameters(parameters)), rows, statement))
}

// rows is Select with parameters made by named, which both protocols take.
func (w *Writer) rows(ctx context.Context, rows any, statement string, parameters ...any) error {
	return w.db.selected(w.db.conn.Select(ctx, rows, statement, parameters...))
}

// named is the value of {name:Type} in a statement.
func named(name, value string) any { return clickhouse.Named(name, value) }

// selected is err with the server's address instead of the query's.
func (d *DB) selected(err error) error {
	if err == nil {
		return nil
	}
	if request, ok := errors.AsType[*url.Error](err); ok { // its text has all of the query's address in it
		err = request.Err
	}
	return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
}
