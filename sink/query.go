package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// DefaultFormat is the readable table in which Query answers where no format is asked for.
const DefaultFormat = "PrettyCompactMonoBlock"

var formatClause = regexp.MustCompile(`(?i)\sFORMAT\s+(\w+)[\s;]*$`)

// Query runs one statement and copies its answer to out in a ClickHouse format ("" is DefaultFormat); a FORMAT clause in the
// statement wins. The server encodes the answer, which the native protocol has no means for: there Query asks for an HTTP
// address instead.
func (d *DB) Query(ctx context.Context, statement, format string, out io.Writer) error {
	if clause := formatClause.FindStringSubmatchIndex(statement); clause != nil {
		statement, format = statement[:clause[0]], statement[clause[2]:clause[3]] // clickhouse-go takes it apart only
	}
	if format == "" {
		format = DefaultFormat
	}
	answer, err := d.conn.QueryFormat(ctx, format, statement)
	if errors.Is(err, clickhouse.ErrFormatNativeUnsupported) {
		return fmt.Errorf("ClickHouse at %s: formats need the HTTP interface: set clickhouse.dsn (or COLLECTOR_CLICKHOUSE_DSN for this command) to http(s)://…:8123/%s",
			d.address, d.target.Database)
	}
	if err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	_, err = io.Copy(out, answer)
	if err = errors.Join(err, answer.Close()); err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	return nil
}
