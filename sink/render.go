package sink

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// renderers has the formats that can be written here from the native protocol's rows. Over HTTP the
// server offers all formats.
var renderers = map[string]func(out io.Writer, columns []string, rows driver.Rows) error{
	DefaultFormat:  renderTable,
	"CSVWithNames": renderCSV,
	"JSONEachRow":  renderJSON,
	"TSVWithNames": renderTSV,
}

// queryNative is Query over the native protocol, which has columns but no formats.
func (d *DB) queryNative(ctx context.Context, statement, format string, out io.Writer) error {
	render, ok := renderers[format]
	if !ok {
		return fmt.Errorf("ClickHouse at %s: over clickhouse:// the formats are %s, CSVWithNames, TSVWithNames and JSONEachRow;"+
			" for %s set clickhouse.dsn to http(s)://…:8123/%s",
			d.address, DefaultFormat, format, d.target.Database)
	}
	rows, err := d.conn.Query(ctx, statement)
	if err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	defer rows.Close()
	if err = render(out, rows.Columns(), rows); err == nil {
		err = rows.Err()
	}
	if err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	return nil
}

// eachRow scans rows into values of the columns' types.
func eachRow(rows driver.Rows, yield func(values []any) error) error {
	types := rows.ColumnTypes()
	for rows.Next() {
		values := make([]any, len(types))
		for i := range values {
			values[i] = reflect.New(types[i].ScanType()).Interface()
		}
		if err := rows.Scan(values...); err != nil {
			return err
		}
		for i := range values {
			values[i] = plain(values[i], types[i].DatabaseTypeName())
		}
		if err := yield(values); err != nil {
			return err
		}
	}
	return nil
}

func renderTable(out io.Writer, columns []string, rows driver.Rows) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(columns) > 0 {
		fmt.Fprintln(w, strings.Join(columns, "\t"))
	}
	if err := eachRow(rows, func(values []any) error {
		_, err := fmt.Fprintln(w, strings.Join(texts(values), "\t"))
		return err
	}); err != nil {
		return err
	}
	return w.Flush()
}

func renderTSV(out io.Writer, columns []string, rows driver.Rows) error {
	escape := strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r", "\x00", "\\0")
	fmt.Fprintln(out, strings.Join(columns, "\t"))
	return eachRow(rows, func(values []any) error {
		fields := texts(values)
		for i := range fields {
			if values[i] != nil { // \N stays
				fields[i] = escape.Replace(fields[i])
			}
		}
		_, err := fmt.Fprintln(out, strings.Join(fields, "\t"))
		return err
	})
}

func renderCSV(out io.Writer, columns []string, rows driver.Rows) error {
	w := csv.NewWriter(out)
	if err := w.Write(columns); err != nil {
		return err
	}
	if err := eachRow(rows, func(values []any) error { return w.Write(texts(values)) }); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func renderJSON(out io.Writer, columns []string, rows driver.Rows) error {
	return eachRow(rows, func(values []any) error {
		var line strings.Builder
		for i, v := range values {
			name, err := json.Marshal(columns[i])
			if err != nil {
				return err
			}
			value, err := json.Marshal(v)
			if err != nil {
				return err
			}
			fmt.Fprintf(&line, ",%s:%s", name, value)
		}
		_, err := fmt.Fprintf(out, "{%s}\n", strings.TrimPrefix(line.String(), ","))
		return err
	})
}

// plain dereferences v, nil for NULL, and formats times as ClickHouse does.
func plain(v any, columnType string) any {
	p := reflect.ValueOf(v)
	for p.Kind() == reflect.Pointer {
		if p.IsNil() {
			return nil
		}
		p = p.Elem()
	}
	t, ok := p.Interface().(time.Time)
	switch {
	case !ok:
		return p.Interface()
	case strings.Contains(columnType, "DateTime"):
		return t.Format("2006-01-02 15:04:05.999999999")
	}
	return t.Format(time.DateOnly)
}

func texts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		if out[i] = fmt.Sprint(v); v == nil {
			out[i] = `\N`
		}
	}
	return out
}
