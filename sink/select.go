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
	if err := d.conn.Select(clickhouse.Context(ctx, clickhouse.WithParameters(parameters)), rows, statement); err != nil {
		if request, ok := errors.AsType[*url.Error](err); ok { // its text has all of the query's address in it
			err = request.Err
		}
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	return nil
}
