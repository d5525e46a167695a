package engine

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// cage is an engine with things that a reader must not reach: a file and a folder whose uses are
// recorded, and tables.
type cage struct {
	addr, secret, out string
	pid               int
	watch             int
	before            map[bool]string // results of state, by its argument
	functions         []string
}

var theCage *cage

// openCage creates it once per process, in the folder of the shared engine, which is removed with
// it.
func openCage(t *testing.T) *cage {
	if theCage == nil {
		theCage = newCage(t)
	}
	if theCage.before == nil { // other tests may have changed it since
		fixture(t)
		theCage.before = map[bool]string{false: theCage.state(t, false), true: theCage.state(t, true)}
	}
	return theCage
}

func newCage(t *testing.T) *cage {
	c := &cage{addr: fixture(t), pid: shared.PID()}
	dir := filepath.Join(shared.dir, "cage")
	c.secret, c.out = filepath.Join(dir, "secret"), filepath.Join(dir, "out")
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = os.WriteFile(c.secret, []byte("open sesame"), 0o600)
	}
	if err == nil {
		c.watch, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	}
	for path, events := range map[string]uint32{c.secret: unix.IN_OPEN, dir: unix.IN_CREATE | unix.IN_MODIFY} {
		if err == nil {
			_, err = unix.InotifyAddWatch(c.watch, path, events)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	c.functions = strings.Fields(post(t, c.addr, "", `SELECT name FROM (SELECT name FROM system.functions UNION ALL SELECT name FROM system.table_functions)
		WHERE name NOT LIKE 'sleep%' ORDER BY name`).body)
	return c
}

// forget makes openCage read the state again.
func (c *cage) forget() {
	if c != nil {
		c.before = nil
	}
}

// state returns what a reader must not change: with all, the names of everything, which only an
// accepted statement can have changed; otherwise the rows of t.
func (c *cage) state(t *testing.T, all bool) string {
	ask := "SELECT count(), sum(a), sum(cityHash64(s)) FROM t"
	if all {
		ask = `SELECT groupArray((kind, name)) FROM (SELECT 'table' AS kind, database || '.' || name AS name FROM system.tables WHERE database != 'system'
			UNION ALL SELECT 'database', name FROM system.databases UNION ALL SELECT 'function', name FROM system.functions WHERE origin != 'System'
			UNION ALL SELECT 'user', name FROM system.users UNION ALL SELECT 'role', name FROM system.roles ORDER BY ALL)`
	}
	return send(t, asDaemon(t, newRequest(t, http.MethodPost, c.addr, "", ask))).body
}

// FuzzReaderEngine sends the real engine any statement of a reader, most of them with an access to
// a file somewhere in it. No file is opened or created, nothing is changed, and the engine
// survives.
func FuzzReaderEngine(f *testing.F) {
	f.Add([]byte{})
	theCage.forget()
	f.Fuzz(func(t *testing.T, noise []byte) {
		c := openCage(t)
		fuzzTarget(func(draw *rapid.T) { c.try(t, draw) })(t, noise)
	})
}

// TestReaderReachesNothing is FuzzReaderEngine with different statements each time.
func TestReaderReachesNothing(t *testing.T) {
	theCage.forget()
	c := openCage(t)
	rapid.Check(t, func(draw *rapid.T) { c.try(t, draw) })
}

func (c *cage) try(t *testing.T, draw *rapid.T) {
	defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
	w := writer{draw, c}
	text := strings.NewReplacer("SECRET", c.secret, "@OUT@", c.out).Replace(w.statement())
	method := rapid.SampledFrom([]string{http.MethodPost, http.MethodGet}).Draw(draw, "method")
	r := newRequest(t, http.MethodPost, c.addr, "param_p=file&max_execution_time=1&max_rows_to_read=10000&max_memory_usage=200000000&max_result_bytes=1000000", text)
	if r.Method = method; method == http.MethodGet {
		q := r.URL.Query()
		q.Set("query", text)
		r = newRequest(t, method, c.addr, q.Encode(), "")
	}
	a := send(t, r)
	if strings.Contains(a.body, "sesame") {
		draw.Fatalf("%s\nreturns the secret: %.300q", text, a.body)
	}
	if events := make([]byte, 4096); c.touched(events) {
		draw.Fatalf("%s\nopened or created a file; the answer was %d %.300q", text, a.status, a.body)
	}
	for _, all := range []bool{false, true} {
		if all && a.status != http.StatusOK {
			continue
		}
		if after := c.state(t, all); after != c.before[all] || shared.PID() != c.pid {
			draw.Fatalf("%s\nchanged\n%s to\n%s", text, c.before[all], after)
		}
	}
}

func (c *cage) touched(events []byte) bool {
	n, err := unix.Read(c.watch, events)
	return err == nil && n > 0
}

// writer generates SQL. Most of it is what readers may run; where it contains WAY, evaluating it
// reads a file.
type writer struct {
	*rapid.T
	cage *cage
}

func (w writer) pick(of []string) string { return of[rapid.IntRange(0, len(of)-1).Draw(w.T, "")] }

func (w writer) seldom() bool { return rapid.IntRange(0, 7).Draw(w.T, "") == 0 }

var (
	statements = []string{
		"SELECT WAY", "SELECT a FROM t WHERE WAY != ''", "SELECT a FROM t PREWHERE WAY != ''", "SELECT count() FROM t GROUP BY WAY",
		"SELECT a FROM t GROUP BY a HAVING WAY != ''", "SELECT a FROM t ORDER BY WAY", "SELECT a FROM t LIMIT 1 BY WAY", "SELECT a FROM t LIMIT length(WAY)",
		"SELECT a FROM t ARRAY JOIN [WAY] AS z", "SELECT a FROM t QUALIFY WAY != ''", "SELECT sum(a) OVER (PARTITION BY WAY) FROM t",
		"SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY WAY)", "SELECT a, s FROM t ORDER BY a WITH FILL TO 12 INTERPOLATE (s AS WAY)",
		"SELECT sumIf(a, WAY != '') FROM t", "SELECT sum(a) FILTER (WHERE WAY != '') FROM t", "SELECT groupConcat(WAY)(s) FROM t",
		"SELECT l.a FROM t AS l JOIN t AS r ON l.a = r.a AND WAY != ''", "WITH WAY AS x SELECT x", "WITH (SELECT WAY) AS x SELECT x",
		"WITH q AS (SELECT WAY AS f) SELECT f FROM q", "SELECT (SELECT WAY)", "SELECT * FROM (SELECT WAY AS f)", "SELECT * FROM view(SELECT WAY AS f)",
		"SELECT '' UNION ALL SELECT WAY", "SELECT s IN (SELECT WAY) FROM t", "SELECT CASE WHEN WAY != '' THEN 1 END", "SELECT [WAY, 'x'][1]",
		"SELECT tuple(WAY).1", "SELECT CAST(WAY AS String)", "SELECT (WAY)::String", "SELECT arrayMap(x -> WAY, [1])", "SELECT * REPLACE(WAY AS s) FROM t",
		"SELECT * APPLY(x -> concat(toString(x), WAY)) FROM t", "SELECT a BETWEEN length(WAY) AND 9 FROM t", "SELECT EXISTS(SELECT WAY)",
		"SELECT DISTINCT ON (WAY) a FROM t", "SELECT * FROM numbers(length(WAY))", "SELECT * FROM generateSeries(1, length(WAY))",
		"SHOW TABLES WHERE name != WAY", "SHOW COLUMNS FROM t WHERE field != WAY", "DESCRIBE (SELECT WAY AS f)", "SELECT * FROM PLACE",
		"SELECT b FROM PLACE", "SELECT count() FROM PLACE", "SELECT 'x' IN PLACE", "SELECT * APPLY(file) FROM (SELECT 'SECRET')",
		"SELECT COLUMNS('p') APPLY file FROM (SELECT 'SECRET' AS p)", "SELECT p.* EXCEPT(a) APPLY(x -> `file`(x)) FROM (SELECT 'SECRET' AS q, 1 AS a) AS p",
		"INSERT INTO t SELECT 1, WAY", "CREATE TABLE x ENGINE = Memory AS SELECT WAY AS f", "CREATE FUNCTION x AS (a) -> WAY",
	}
	ways = []string{
		"file('SECRET')", "`file`('SECRET')", "`fi\\x6ce`('SECRET')", "FILE('SECRET')", "file/**/('SECRET')", "arrayMap(file, ['SECRET'])[1]",
		"(SELECT * APPLY(file) FROM (SELECT 'SECRET'))", "(SELECT b FROM PLACE)", "NAMED(QUOTED)", "NAMED(QUOTED, 'a')", "NAMED(QUOTED, ['a'])",
		"NAMED('a', QUOTED)", "NAMED(QUOTED)('a')", "NAMED(QUOTED, [1, 2], [(1, 1)])", "NAMED(QUOTED, [(1, 1)], ['a'])", "toString(NAMED(QUOTED, 1))",
		"toString(arrayReduce(QUOTED, [1, 2]))", "finalizeAggregation(CAST('', QUOTED))", "if(1, file('SECRET'), '')", "arrayMap({p:Identifier}, ['SECRET'])[1]",
	}
	wayPlaces = []string{
		"`default`.`SECRET`", "file('SECRET', 'LineAsString')", "NAMED(QUOTED)", "NAMED(QUOTED, 1)", "NAMED(QUOTED, (1, 'a'))",
		"loop(NAMED(QUOTED, 1))", "view(SELECT WAY AS b)", "viewIfPermitted(SELECT 1 AS b ELSE NAMED(QUOTED))", "(SELECT WAY AS b)", "system.models",
		"url('file://SECRET')", "format('TSV', 'b String', WAY)", "merge('system', 'models')", "values(QUOTED, WAY)", "executable('SECRET', 'TSV', 'b String')",
	}
	quoted = []string{
		"EXPR", "groupConcat(EXPR)", "quantile(length(EXPR))", "b String ALIAS EXPR", "a UInt8, b String DEFAULT EXPR", "SELECT EXPR",
		"AggregateFunction(groupConcat(EXPR), String)", "FixedString(length(EXPR))", "b Enum8('x' = length(EXPR))",
	}
	names = []string{"x", "`a\nSelectWithUnionQuery x`", "`a\nShowTables`", "`a\\nExplain x`", "`a\n SelectQuery x`", "`a (x`", "`file`"}
)

// statement returns a random statement with random ways, places to read from, functions and quoted
// SQL.
func (w writer) statement() string {
	text := w.pick(statements)
	for range 4 {
		text = w.replace(text, "WAY", func() string {
			way := w.pick(ways)
			if w.seldom() {
				way = "(" + way + " AS " + w.pick(names) + ")"
			}
			return way
		})
		text = w.replace(text, "PLACE", func() string { return w.pick(wayPlaces) + w.pick([]string{"", "", " AS " + w.pick(names)}) })
	}
	text = w.replace(text, "NAMED", func() string { return w.pick(w.cage.functions) })
	text = w.replace(text, "QUOTED", func() string {
		sql := strings.NewReplacer("EXPR", "file('SECRET')").Replace(w.pick(quoted))
		if w.seldom() { // so that the word file never occurs
			return "concat('" + strings.NewReplacer("'", "''", "file", "fi', 'le").Replace(sql) + "')"
		}
		return "'" + strings.ReplaceAll(sql, "'", "''") + "'"
	})
	if w.seldom() {
		text = w.pick([]string{"EXPLAIN ", "EXPLAIN QUERY TREE ", "EXPLAIN SYNTAX ", "EXPLAIN PIPELINE ", "/* x */ ", "-- y\n", "EXECUTE AS default ", "SET max_threads = 1; "}) + text
	}
	if w.seldom() {
		text += " SETTINGS " + w.pick([]string{"additional_result_filter", "format_schema", "dialect", "log_comment", "interactive_delay", "max_threads", "readonly", "allow_ddl", "enable_parallel_replicas"}) + " = " + w.pick([]string{"1", "0", "'SECRET'", "'@OUT@'", "'file(''SECRET'')'"})
	}
	if w.seldom() {
		text += w.pick([]string{" FORMAT JSON", " FORMAT Protobuf SETTINGS output_format_schema = '@OUT@'", " FORMAT Template SETTINGS format_template_row = 'SECRET'",
			" FORMAT CapnProto SETTINGS format_schema = 'SECRET:x'", " INTO OUTFILE '@OUT@'", "; DROP TABLE t", "; SELECT 1", ";"})
	}
	return text
}

// replace replaces each occurrence of what with a separate random text.
func (w writer) replace(text, what string, with func() string) string {
	parts := strings.Split(text, what)
	for i := range parts[1:] {
		parts[i] += with()
	}
	return strings.Join(parts, "")
}
