package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/terminal"
)

// listing is what a reading command prints: rows of values, of which nil is unknown.
type listing struct {
	columns []string
	rows    [][]any
	one     bool // a single thing, not a list: in JSON an object
}

// known is a value of a listing.
func known[T any](n sql.Null[T]) any {
	if !n.Valid {
		return nil
	}
	return n.V
}

// format is --format of a reading command.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

func formatFlag(command *cobra.Command) *format {
	f := formatTable
	command.Flags().StringVar((*string)(&f), "format", string(formatTable), "table or json")
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{string(formatTable), string(formatJSON)}, cobra.ShellCompDirectiveNoFileComp)) // it is there
	return &f
}

func (f *format) check() error {
	if *f != formatTable && *f != formatJSON {
		return fmt.Errorf("--format %q is not one of table, json", string(*f))
	}
	return nil
}

func (l *listing) print(w io.Writer, f *format) error {
	text, err := l.table()
	if *f == formatJSON {
		text, err = l.json()
	}
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func (l *listing) table() ([]byte, error) {
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, strings.ToUpper(strings.Join(l.columns, "\t"))) // into memory
	for _, row := range l.rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = cell(value)
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	err := t.Flush()
	return out.Bytes(), err
}

var lineEnds = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// cell is a value in one piece of one line.
func cell(value any) string {
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

// json keeps the columns in their order.
func (l *listing) json() ([]byte, error) {
	objects := make([]json.RawMessage, 0, len(l.rows))
	for _, row := range l.rows {
		object := []byte{'{'}
		for i, value := range row {
			encoded, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				object = append(object, ',')
			}
			object = fmt.Appendf(object, "%q:%s", l.columns[i], encoded)
		}
		objects = append(objects, append(object, '}'))
	}
	if l.one {
		return indented(objects[0])
	}
	list, err := json.Marshal(objects)
	if err != nil {
		return nil, err
	}
	return indented(list)
}

func indented(doc []byte) ([]byte, error) {
	var out bytes.Buffer
	err := json.Indent(&out, doc, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}
