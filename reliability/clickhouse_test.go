package reliability_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// chFault is how ClickHouse or the way to it fails.
type chFault struct {
	name    string
	reason  string  // its label in sink_insert_failures_total
	applied float64 // the share of an insert's rows that are in all the same
	stall   bool    // no answer comes
	err     error   // of the connection
	code    int     // of ClickHouse's exception
	status  int     // of its answer
}

// readTimeout is after how long clickhouse-go's own transport gives up.
const readTimeout = 5 * time.Minute

var chFaults = []chFault{
	{name: "nobody listens", reason: "unreachable", err: simulator.ErrRefused},
	{name: "the connection breaks before the insert", reason: "unreachable", err: simulator.ErrReset},
	{name: "the connection breaks after the insert, before its acknowledgement", reason: "unreachable", err: simulator.ErrReset, applied: 1},
	{name: "the connection breaks with half of the rows in", reason: "unreachable", err: simulator.ErrReset, applied: 0.5},
	{name: "no answer comes, and the rows are not in", reason: "timeout", stall: true},
	{name: "no answer comes, and the rows are in", reason: "timeout", stall: true, applied: 1},
	{name: "too many parts", reason: "too_many_parts", code: 252, status: 500},
	{name: "out of memory with half of the rows in", reason: "memory", code: 241, status: 500, applied: 0.5},
	{name: "the user may only read", reason: "read_only", code: 164, status: 500},
	{name: "the table is read-only", reason: "read_only", code: 242, status: 500},
	{name: "the password is refused", reason: "auth", code: 516, status: 403},
	{name: "a table is missing", reason: "missing_table", code: 60, status: 404},
	{name: "the database is missing", reason: "missing_table", code: 81, status: 404},
	{name: "a column is missing", reason: "schema_mismatch", code: 16, status: 404},
	{name: "a column has another type", reason: "schema_mismatch", code: 53, status: 500},
	{name: "its disk is full", reason: "disk", code: 243, status: 500},
	{name: "Keeper is lost, and the rows are in", reason: "keeper", code: 999, status: 500, applied: 1},
	{name: "a proxy's page", reason: "unreachable", status: 502},
}

// clickhouse is a ClickHouse in memory behind its HTTP interface, as far as the collector uses it. Its tables replace rows by key and
// version when they are read, as those of migrations/ do; an insert whose token it remembers is dropped, whatever its rows; and
// what it does not acknowledge may be in all the same.
type clickhouse struct {
	window time.Duration // how long tokens are remembered
	now    func() time.Time
	fault  func(insert bool) (chFault, bool)
	random func() *rand.Rand
	judge  func(*inserted)               // sees what an insert has brought in
	crash  func(*report.Connection) bool // whether a row is lost in a power cut that ClickHouse has just had

	mu     sync.Mutex
	resold resold
	lost   map[uidKey]bool // by the account's first name: acknowledged rows that are gone: a power cut took them, or somebody replaced the database
	held
}

// held is what a ClickHouse holds.
type held struct {
	id          string // of the database
	tokens      map[string]time.Time
	connections map[rowKey]report.Connection
	before      map[rowKey]report.Connection // the version before
	live        map[uidKey]int               // rows of a uid that are not withdrawn
	rejects     map[rejectKey]reject
	days        map[dayKey]dayRow
	logins      map[string]loginRow // by account
	fetches     map[fetchKey]report.Fetch
}

func newHeld() held {
	return held{
		tokens: map[string]time.Time{}, connections: map[rowKey]report.Connection{}, before: map[rowKey]report.Connection{},
		live: map[uidKey]int{}, rejects: map[rejectKey]reject{}, days: map[dayKey]dayRow{}, logins: map[string]loginRow{}, fetches: map[fetchKey]report.Fetch{},
	}
}

type (
	uidKey struct{ account, uid string }
	rowKey struct {
		uidKey
		started int64
	}
	rejectKey struct {
		account string
		hash    uint64
	}
	// reject is a record in quarantine and the uid that was found in it.
	reject struct {
		report.Reject
		uid   string
		moved bool // to another name of the account
	}
	dayRow struct {
		report.DayStatus
		moved bool
	}
	dayKey struct {
		account string
		day     report.Day
	}
	fetchKey struct {
		account, job string
		at           int64
	}
)

// inserted is what one insert has brought in.
type inserted struct {
	connections []report.Connection
	days        []report.DayStatus
	text        [][]byte
}

func newClickHouse() *clickhouse {
	return &clickhouse{held: newHeld(), resold: newResold(), lost: map[uidKey]bool{}}
}

// RoundTrip answers one request of clickhouse-go.
func (c *clickhouse) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close() // it has been read
	parameters := r.URL.Query()
	query := parameters.Get("query")
	insert := query != ""
	if !insert {
		query = string(body)
	}
	if err := wait(r.Context(), between(c.random(), 0, 200*time.Millisecond)); err != nil {
		return nil, err
	}
	fault, failing := c.fault(insert)
	if insert && (!failing || fault.applied > 0) {
		share := 1.0
		if failing {
			share = fault.applied
		}
		if err := c.insert(query, parameters.Get("insert_deduplication_token"), body, share); err != nil {
			return nil, err
		}
	}
	if failing {
		if strings.HasPrefix(query, "INSERT ") && !insert && fault.applied == 1 { // an INSERT of what a SELECT finds
			if _, err := c.query(r, query, parameters); err != nil {
				return nil, err
			}
		}
		return fault.answer(r)
	}
	if err := wait(r.Context(), between(c.random(), 0, 200*time.Millisecond)); err != nil {
		return nil, err
	}
	if insert {
		return answer(r, http.StatusOK, nil), nil
	}
	return c.query(r, query, parameters)
}

func (f *chFault) answer(r *http.Request) (*http.Response, error) {
	switch {
	case f.stall:
		if err := wait(r.Context(), readTimeout); err != nil {
			return nil, err
		}
		return nil, os.ErrDeadlineExceeded
	case f.err != nil:
		return nil, f.err
	case f.code != 0:
		a := answer(r, f.status, fmt.Appendf(nil, "Code: %d. DB::Exception: %s. (SIMULATED)\n", f.code, f.name))
		a.Header.Set("X-ClickHouse-Exception-Code", strconv.Itoa(f.code))
		return a, nil
	}
	return answer(r, f.status, []byte(simulator.MaintenancePage)), nil
}

func answer(r *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// day is what the view shows of a local day.
func (c *clickhouse) day(account string, day report.Day) []report.Connection {
	var rows []report.Connection
	for key, row := range c.connections {
		if key.account == account && row.LocalDay == day && !row.Deleted {
			rows = append(rows, row)
		}
	}
	return rows
}

// insert takes the first share of an insert's rows, unless it remembers the token. A part of an insert leaves no token.
func (c *clickhouse) insert(query, token string, body []byte, share float64) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(query, "INSERT INTO alpemix."), " ")
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, known := c.tokens[token]; known && c.now().Sub(at) < c.window {
		return nil
	}
	if share == 1 {
		c.tokens[token] = c.now()
	}
	blocks, err := decode(body)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	in := &inserted{text: [][]byte{body}}
	for _, block := range blocks {
		for i := range int(share*float64(block.rows()) + 0.5) {
			if err := c.put(name, block.row(i), in); err != nil {
				return err
			}
		}
	}
	c.judge(in)
	return nil
}

// powerCut loses rows that were acknowledged, as a ClickHouse without fsync does; the versions before come to light again. It
// remembers the tokens of the lost inserts.
func (c *clickhouse) powerCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, conn := range c.connections {
		if !conn.Deleted && c.crash(&conn) {
			c.lost[uidKey{owner(key.account), key.uid}] = true
			if old, known := c.before[key]; known && !old.Deleted {
				c.connections[key] = old
				continue
			}
			delete(c.connections, key)
			c.live[key.uidKey]--
		}
	}
}

// misses tells whether a row of account that was lost did not come back: the vendor did not tell it any more. Its day cannot be sealed.
func (c *clickhouse) misses(account string) bool {
	stored := c.stored()
	for key := range c.lost {
		if _, back := stored[key]; key.account == account && !back {
			return true
		}
	}
	return false
}

// stored is what the view connections shows, by the account's first name and uid.
func (c *clickhouse) stored() map[uidKey]report.Connection {
	rows := map[uidKey]report.Connection{}
	for key, conn := range c.connections {
		if !conn.Deleted {
			rows[uidKey{owner(key.account), key.uid}] = conn
		}
	}
	return rows
}

// put stores a row as a replacing table shows it.
func (c *clickhouse) put(table string, r row, in *inserted) error {
	switch table {
	case "connection_rows":
		conn := r.connection()
		if c.keep(conn) {
			in.connections = append(in.connections, conn)
		}
	case "quarantine_rows":
		c.keepReject(reject{
			Reject: report.Reject{
				Account: r.text("account"), Reason: r.text("reason"), Raw: r.text("raw"), Hash: r.number("hash"),
				Version: r.number("version"), ResolvedAt: r.time("resolved_at"),
			},
			uid: r.text("uid"),
		})
	case "day_rows":
		d := report.DayStatus{
			Account: r.text("account"), Day: report.DayOf(r.time("day")), State: report.DayState(r.text("state")), Rows: r.number("rows"),
			SealedAt: r.time("sealed_at"), Version: r.number("version"), Doubt: r.text("doubt"),
		}
		if c.keepDay(dayRow{DayStatus: d}) {
			in.days = append(in.days, d)
		}
	case "fetch_rows":
		f := report.Fetch{At: r.time("at"), Account: r.text("account"), Job: r.text("job"), Rows: r.number("rows")}
		c.fetches[fetchKey{f.Account, f.Job, f.At.UnixMicro()}] = f
	default:
		if !c.resold.put(table, r) {
			return fmt.Errorf("an insert into %q", table)
		}
	}
	return nil
}
