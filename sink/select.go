package sink

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Select reads the answer of one statement into *rows, a slice of structs whose ch tags name the
// columns. Parameters are the values of {name:Type} in the statement, as text.
func (d *DB) Select(ctx context.Context, rows any, statement string, parameters map[string]string) error {
	return d.wrap(d.conn.Select(clickhouse.Context(ctx, clickhouse.WithParameters(parameters)), rows, statement))
}

// rows is Select with parameters from named, for both protocols.
func (w *Writer) rows(ctx context.Context, rows any, statement string, parameters ...any) error {
	return w.db.wrap(w.db.conn.Select(ctx, rows, statement, parameters...))
}

// named returns the value of {name:Type} in a statement.
func named(name, value string) any { return clickhouse.Named(name, value) }

// wrap adds the server's address to err and removes the query's URL.
func (d *DB) wrap(err error) error {
	if err == nil {
		return nil
	}
	if request, ok := errors.AsType[*url.Error](err); ok { // its text has the whole query in the URL
		err = request.Err
	}
	return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
}
