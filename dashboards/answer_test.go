package dashboards_test

import (
	"database/sql"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"alpemix-collector/sink/enginetest"
)

// answer is a table as the plugin reads it: times, numbers and texts, nil for NULL.
type answer struct {
	Meta []struct{ Name, Type string }
	Data [][]any
}

// opened has the connections by address. They stay open while the tests run, because opening one
// costs a query.
var opened sync.Map

// ask runs sql like the plugin: with clickhouse-go over HTTP, as a read-only user.
func ask(t testing.TB, server *enginetest.Server, query string) answer {
	t.Helper()
	db, known := opened.Load(server.Addr)
	if !known {
		db, _ = opened.LoadOrStore(server.Addr, clickhouse.OpenDB(&clickhouse.Options{Addr: []string{server.Addr}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Database: "alpemix"}}))
	}
	rows, err := db.(*sql.DB).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }()
	a, err := taken(rows)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return a
}

func taken(rows *sql.Rows) (a answer, err error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return a, err
	}
	for _, c := range types {
		a.Meta = append(a.Meta, struct{ Name, Type string }{c.Name(), c.DatabaseTypeName()})
	}
	for rows.Next() {
		cells, into := make([]any, len(types)), make([]any, len(types))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return a, err
		}
		for i, cell := range cells {
			cells[i] = plain(cell)
		}
		a.Data = append(a.Data, cells)
	}
	return a, rows.Err()
}

// plain returns a cell as nil, a time, a float64 or a string.
func plain(cell any) any {
	v := reflect.ValueOf(cell)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return nil
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	case v.CanFloat():
		return v.Float()
	}
	return v.Interface()
}

// Grafana's types of a column.
const (
	isTime   = "time"
	isNumber = "number"
	isText   = "text"
)

// kind returns Grafana's type of column i, by the plugin's converters.
func (a *answer) kind(t testing.TB, i int) string {
	t.Helper()
	of := a.Meta[i].Type
	for _, wrapper := range []string{"LowCardinality(", "Nullable("} {
		if rest, found := strings.CutPrefix(of, wrapper); found {
			of = strings.TrimSuffix(rest, ")")
		}
	}
	switch {
	case strings.HasPrefix(of, "Date"):
		return isTime
	case strings.HasPrefix(of, "UInt"), strings.HasPrefix(of, "Int"), strings.HasPrefix(of, "Float"):
		return isNumber
	case of == "String": // an Enum is not known to every version of the plugin
		return isText
	}
	t.Fatalf("column %s is a %s, of which Grafana makes nothing useful", a.Meta[i].Name, a.Meta[i].Type)
	return ""
}

// column returns the texts of the column with that name, and whether it exists.
func (a *answer) column(name string) (texts []string, found bool) {
	for i, m := range a.Meta {
		if m.Name != name {
			continue
		}
		for _, row := range a.Data {
			if text, ok := row[i].(string); ok {
				texts = append(texts, text)
			}
		}
		return texts, true
	}
	return nil, false
}
