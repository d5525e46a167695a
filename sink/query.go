package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// DefaultFormat is the format of Query if none is given: a readable table.
const DefaultFormat = "PrettyCompactMonoBlock"

var formatClause = regexp.MustCompile(`(?i)\sFORMAT\s+(\w+)[\s;]*$`)

// settingsAfter matches a FORMAT clause that Query leaves to the server.
var settingsAfter = regexp.MustCompile(`(?is)\sFORMAT\s+(\w+)\s+SETTINGS\s.*$`)

// ForPeople reports whether Query answers in a format meant for people, not programs.
func ForPeople(statement, format string) bool {
	for _, clause := range []*regexp.Regexp{formatClause, settingsAfter} {
		if found := clause.FindStringSubmatch(statement); found != nil {
			format = found[1]
			break
		}
	}
	return format == "" || strings.HasPrefix(format, "Pretty") || format == "Vertical"
}

// Query runs one statement and copies the answer to out in a ClickHouse format ("" is
// DefaultFormat). A FORMAT clause in the statement wins. The server formats the answer; over the
// native protocol it can't, so a few formats are written here.
func (d *DB) Query(ctx context.Context, statement, format string, out io.Writer) error {
	if clause := formatClause.FindStringSubmatchIndex(statement); clause != nil {
		statement, format = statement[:clause[0]], statement[clause[2]:clause[3]] // clickhouse-go needs them apart
	}
	if format == "" {
		format = DefaultFormat
	}
	if d.native {
		return d.queryNative(ctx, statement, format, out)
	}
	answer, err := d.conn.QueryFormat(ctx, format, statement)
	if err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	_, err = io.Copy(out, answer)
	if err = errors.Join(err, answer.Close()); err != nil {
		return fmt.Errorf("ClickHouse at %s: %w", d.address, err)
	}
	return nil
}
