package action

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"alpemix-collector/internal/terminal"
)

// Listing is what a reading action prints: rows of values, of which nil is unknown.
type Listing struct {
	Columns []string
	Rows    [][]any
	One     bool // a single thing, not a list: in JSON an object
}

// Known is a value of a listing.
func Known[T any](n sql.Null[T]) any {
	if !n.Valid {
		return nil
	}
	return n.V
}

// Table is the listing in aligned columns.
func (l *Listing) Table() ([]byte, error) {
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, strings.ToUpper(strings.Join(l.Columns, "\t"))) // into memory
	for _, row := range l.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = Cell(value)
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	err := t.Flush()
	return out.Bytes(), err
}

var lineEnds = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// Cell is a value in one piece of one line.
func Cell(value any) string {
	text := ""
	switch value := value.(type) {
	case nil:
	case time.Time:
		text = value.UTC().Format(time.RFC3339)
	default:
		text = fmt.Sprint(value)
	}
	text = lineEnds.Replace(terminal.Escape(text))
	if text == "" {
		return "-"
	}
	return text
}

// JSON is the listing with its columns in their order.
func (l *Listing) JSON() ([]byte, error) {
	objects := make([]json.RawMessage, 0, len(l.Rows))
	for _, row := range l.Rows {
		object := []byte{'{'}
		for i, value := range row {
			encoded, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				object = append(object, ',')
			}
			object = fmt.Appendf(object, "%q:%s", l.Columns[i], encoded)
		}
		objects = append(objects, append(object, '}'))
	}
	if l.One {
		return Indented(objects[0])
	}
	list, err := json.Marshal(objects)
	if err != nil {
		return nil, err
	}
	return Indented(list)
}

// Indented is a JSON document in lines.
func Indented(doc []byte) ([]byte, error) {
	var out bytes.Buffer
	err := json.Indent(&out, doc, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}
