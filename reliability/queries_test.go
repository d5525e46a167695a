package reliability_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"alpemix-collector/report"
)

// question is a statement that the collector or its driver sends, known by its beginning.
type question struct {
	prefix  string
	columns []string // "name type"
	rows    func(c *clickhouse, q statement) [][]any
}

// statement is one statement with its parameters.
type statement struct {
	text       string
	parameters url.Values
}

func (q statement) value(name string) string {
	return strings.Trim(q.parameters.Get("param_"+name), "'")
}

func (q statement) day(name string) report.Day {
	day, err := report.ParseDay(q.value(name))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", q.text, err))
	}
	return day
}

// names are the texts of a parameter of type Array(String).
func (q statement) names(name string) (all []string) {
	for _, found := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(q.parameters.Get("param_"+name), -1) {
		all = append(all, found[1])
	}
	return all
}

var questions = slices.Concat([]question{
	{
		"SELECT displayName()", []string{"displayName() String", "version() String", "revision() UInt32", "timezone() String"},
		func(_ *clickhouse, q statement) [][]any {
			revision, _ := strconv.ParseUint(q.parameters.Get("client_protocol_version"), 10, 32)
			return [][]any{{"memory", "26.7.3.1", uint32(revision), "UTC"}}
		},
	},
	{
		"SELECT uid, hash FROM alpemix.connection_rows FINAL", []string{"uid String", "hash UInt64"},
		func(c *clickhouse, q statement) (rows [][]any) {
			for _, conn := range c.day(q.value("account"), q.day("day")) {
				rows = append(rows, []any{conn.UID, conn.Hash})
			}
			return rows
		},
	},
	{
		"SELECT hash, uid, version FROM alpemix.quarantine_rows FINAL", []string{"hash UInt64", "uid String", "version UInt64"},
		func(c *clickhouse, q statement) (rows [][]any) {
			for key, r := range c.rejects {
				if key.account == q.value("account") && r.uid != "" && r.ResolvedAt.IsZero() && !r.moved {
					rows = append(rows, []any{r.Hash, r.uid, r.Version})
				}
			}
			return rows
		},
	},
	{
		"SELECT uid, max(c.version) AS version FROM alpemix.connection_rows", []string{"uid String", "version UInt64"},
		func(c *clickhouse, q statement) (rows [][]any) {
			uids := q.names("uids")
			newest := map[string]uint64{}
			for key, conn := range c.connections {
				if key.account == q.value("account") && slices.Contains(uids, conn.UID) && !conn.Deleted {
					newest[conn.UID] = max(newest[conn.UID], conn.Version)
				}
			}
			for uid, version := range newest {
				rows = append(rows, []any{uid, version})
			}
			return rows
		},
	},
	{
		"INSERT INTO alpemix.quarantine_rows\n\t\tSELECT q.* REPLACE", nil,
		func(c *clickhouse, q statement) [][]any {
			_, list, _ := strings.Cut(q.text, "q.hash IN (")
			list, _, _ = strings.Cut(list, ")")
			for number := range strings.SplitSeq(list, ",") {
				hash, err := strconv.ParseUint(number, 10, 64)
				if err != nil {
					panic(fmt.Sprintf("%s: %v", q.text, err))
				}
				key := rejectKey{q.value("account"), hash}
				if r, known := c.rejects[key]; known && !r.moved {
					r.ResolvedAt, r.Version = c.now(), r.Version+1
					c.rejects[key] = r
				}
			}
			return nil
		},
	},
	{
		"SELECT id FROM alpemix.identity_rows", []string{"id String"},
		func(c *clickhouse, _ statement) [][]any {
			if c.id == "" {
				return nil
			}
			return [][]any{{c.id}}
		},
	},
	{
		"INSERT INTO alpemix.identity_rows", nil,
		func(c *clickhouse, q statement) [][]any {
			if c.id == "" {
				c.id = q.value("id")
			}
			return nil
		},
	},
	{
		"SELECT day, state, rows, sealed_at, version, doubt",
		[]string{
			"day Date", "state String", "rows UInt64", "sealed_at Nullable(DateTime('UTC'))", "version UInt64", "doubt String",
		},
		func(c *clickhouse, q statement) (rows [][]any) {
			for _, key := range slices.SortedFunc(maps.Keys(c.days), func(a, b dayKey) int { return int(a.day - b.day) }) {
				if d := c.days[key]; key.account == q.value("account") && !d.moved {
					rows = append(rows, []any{d.Day.UTC(), string(d.State), d.Rows, optional(d.SealedAt), d.Version, d.Doubt})
				}
			}
			return rows
		},
	},
	{
		"SELECT local_day, count() AS rows FROM alpemix.connections", []string{"local_day Date", "rows UInt64"},
		func(c *clickhouse, q statement) (rows [][]any) {
			for day := q.day("from"); day <= q.day("to"); day++ {
				if n := len(c.day(q.value("account"), day)); n > 0 {
					rows = append(rows, []any{day.UTC(), uint64(n)})
				}
			}
			return rows
		},
	},
	{
		"SELECT account FROM alpemix.connection_rows", []string{"account String"},
		func(c *clickhouse, q statement) [][]any {
			for key := range c.connections {
				if key.account == q.value("account") {
					return [][]any{{key.account}}
				}
			}
			return nil
		},
	},
	{
		"SELECT uid, hash, started_at, duration_seconds, first_seen_at, local_day",
		[]string{
			"uid String", "hash UInt64", "started_at DateTime('UTC')", "duration_seconds UInt32", "first_seen_at DateTime('UTC')",
			"local_day Date",
		},
		func(c *clickhouse, q statement) (rows [][]any) {
			for key, conn := range c.connections {
				if key.account == q.value("account") && conn.LocalDay >= q.day("from") && !conn.Deleted {
					rows = append(rows, []any{
						conn.UID, conn.Hash, conn.StartedAt, uint32(conn.Duration / time.Second), conn.FirstSeenAt, conn.LocalDay.UTC(),
					})
				}
			}
			return rows
		},
	},
	{
		"SELECT customer, vendor, account, field, value FROM alpemix.customers",
		[]string{"customer String", "vendor String", "account String", "field String", "value String"},
		func(*clickhouse, statement) [][]any { return nil },
	},
	{
		"SELECT vendor, account, customer, resource, max(valid_from) AS newest",
		[]string{"vendor String", "account String", "customer String", "resource String", "newest DateTime('UTC')"},
		func(*clickhouse, statement) [][]any { return nil },
	},
}, renameQuestions)

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// query answers a statement of the collector or its driver.
func (c *clickhouse) query(r *http.Request, text string, parameters url.Values) (*http.Response, error) {
	i := slices.IndexFunc(questions, func(q question) bool { return strings.HasPrefix(text, q.prefix) })
	if i < 0 {
		panic(fmt.Sprintf("this ClickHouse does not know the query %q", text)) // an error would look like a ClickHouse in trouble
	}
	revision, err := strconv.ParseUint(parameters.Get("client_protocol_version"), 10, 64)
	if err != nil && questions[i].columns != nil {
		return nil, err
	}
	block := proto.NewBlock()
	for _, column := range questions[i].columns {
		name, kind, _ := strings.Cut(column, " ")
		if err := block.AddColumn(name, columnType(kind)); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	rows := questions[i].rows(c, statement{text, parameters})
	c.mu.Unlock()
	for _, row := range rows {
		if err := block.Append(row...); err != nil {
			return nil, err
		}
	}
	if questions[i].columns == nil {
		return answer(r, http.StatusOK, nil), nil
	}
	var buffer chproto.Buffer
	if err := block.Encode(&buffer, revision); err != nil {
		return nil, err
	}
	return answer(r, http.StatusOK, buffer.Buf), nil
}
