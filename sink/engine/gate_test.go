package engine

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// fixture creates the tables that the tests of readers query.
func fixture(t *testing.T) (addr string) {
	t.Helper()
	addr, dir := sharedEngine(t)
	c := connect(t, addr, dir, clickhouse.CompressionNone)
	for _, s := range []string{
		"CREATE TABLE IF NOT EXISTS t (a UInt64, s String) ENGINE = ReplacingMergeTree ORDER BY a",
		"CREATE OR REPLACE VIEW v AS SELECT * FROM t FINAL SETTINGS do_not_merge_across_partitions_select_final = 1",
		"TRUNCATE TABLE t",
		"INSERT INTO t SELECT number, toString(number) FROM numbers(10)",
	} {
		if err := c.Exec(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	return addr
}

var (
	reads      = regexp.MustCompile(`^(\w+\W+)?(SELECT|WITH|DESCRIBE|EXPLAIN|SHOW)\b`)
	unreadable = regexp.MustCompile(`[;+]|PARALLEL|^graph`)
	writes     = regexp.MustCompile(`\bINSERT\b|OUTFILE|SHOW (USERS|ACCESS|SETTINGS)|[^"]SelectWithUnionQuery`)
)

// refusalOf returns the code of ClickHouse's error for a text that readers are refused. Any other
// code would prove nothing.
func refusalOf(text string) string {
	code := codeAccessDenied
	switch {
	case unreadable.MatchString(text):
		code = codeSyntaxError
	case text == "EXPLAIN WHATIF SELECT 1":
		return "48" // not implemented
	case !reads.MatchString(text) || writes.MatchString(text):
		code = codeReadonly
	case strings.Contains(text, "SETTINGS ") && !strings.Contains(text, " FORMAT "):
		code = codeConstraint
	}
	return strconv.Itoa(code)
}

func TestReaderIsRefused(t *testing.T) {
	addr := fixture(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	for _, text := range []string{
		// writing
		"INSERT INTO t VALUES (11, 'x')",
		"INSERT INTO t SELECT 11, 'x'",
		"INSERT INTO t FORMAT JSONEachRow {\"a\":11}",
		"/* harmless */ INSERT INTO t (a) VALUES (11)",
		"WITH 1 AS x INSERT INTO t SELECT x, 'x'",
		"INSERT INTO FUNCTION file('@OUT@') SELECT 1",
		"INSERT INTO FUNCTION null('a Int8') SELECT 1",
		"CREATE TABLE x (a Int8) ENGINE = Memory",
		"CREATE TABLE x ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a",
		"CREATE TEMPORARY TABLE x (a Int8)",
		"CREATE VIEW x AS SELECT 1",
		"CREATE DATABASE x",
		"CREATE FUNCTION x AS (a) -> a",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(FILE(path 'SECRET' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE NAMED COLLECTION c AS a = 1",
		"CREATE USER u",
		"ALTER TABLE t DELETE WHERE 1",
		"ALTER TABLE t FREEZE",
		"DELETE FROM t WHERE 1",
		"UPDATE t SET s = '' WHERE 1",
		"TRUNCATE TABLE t",
		"DROP TABLE t",
		"DETACH TABLE t",
		"RENAME TABLE t TO u",
		"EXCHANGE TABLES t AND v",
		"OPTIMIZE TABLE t FINAL",
		"BACKUP DATABASE alpemix TO File('@OUT@')",
		// control
		"SYSTEM STOP MERGES",
		"SYSTEM FLUSH LOGS",
		"SYSTEM SHUTDOWN",
		"KILL QUERY WHERE 1",
		"KILL MUTATION WHERE 1",
		"SET readonly = 0",
		"SET max_threads = 1",
		"SET ROLE daemon",
		"SET ROLE ALL",
		"SET ROLE DEFAULT",
		"SET DEFAULT ROLE daemon TO default",
		"GRANT ALL ON *.* TO default",
		"EXECUTE AS default SELECT 1",
		"USE system",
		"BEGIN TRANSACTION",
		// several statements
		"SELECT 1; DROP TABLE t",
		"SELECT 1; SELECT 2",
		"SELECT 1;\n\nINSERT INTO t VALUES (11, 'x')",
		"SELECT 1 PARALLEL WITH SELECT 2",
		"SELECT 1 PARALLEL WITH DROP TABLE t",
		// files
		"SELECT 1 INTO OUTFILE '@OUT@'",
		"(SELECT 1) UNION ALL SELECT 2 INTO OUTFILE '@OUT@' TRUNCATE FORMAT CSV",
		"SHOW TABLES INTO OUTFILE '@OUT@'",
		"EXPLAIN SELECT 1 INTO OUTFILE '@OUT@'",
		"graph = 1 SELECT 1 INTO OUTFILE '@OUT@'",
		"SELECT file('SECRET')",
		"SELECT `file`('SECRET')",
		"SELECT `fi\\x6ce`('SECRET')",
		"SELECT (SELECT file('SECRET'))",
		"WITH (SELECT file('SECRET')) AS x SELECT x",
		"WITH x AS (SELECT file('SECRET') AS f) SELECT f FROM x",
		"SELECT * FROM view(SELECT file('SECRET'))",
		"SELECT * FROM t WHERE s = file('SECRET')",
		"SELECT a FROM t ORDER BY file('SECRET')",
		"SELECT a FROM t GROUP BY a HAVING file('SECRET') != ''",
		"SELECT arrayMap(file, ['SECRET'])",
		"SELECT arrayMap(x -> file(x), ['SECRET'])",
		"SELECT * APPLY(file) FROM (SELECT 'SECRET')",
		"SELECT * APPLY file FROM (SELECT 'SECRET')",
		"SELECT COLUMNS('p') APPLY(x -> `fi\\x6ce`(x)) FROM (SELECT 'SECRET' AS p)",
		"SELECT * APPLY(file), 1 AS `a\nSelectWithUnionQuery x` FROM (SELECT 'SECRET')",
		"SELECT * APPLY(file) FROM (SELECT 'SECRET') AS `a\\nSelectWithUnionQuery x`",
		"SELECT * REPLACE(file(p) AS p) FROM (SELECT 'SECRET' AS p)",
		"SELECT sum(a) OVER (PARTITION BY file('SECRET')) FROM t",
		"SHOW TABLES WHERE name != file('SECRET')",
		"SHOW COLUMNS FROM t WHERE file('SECRET') = ''",
		"DESCRIBE (SELECT file('SECRET') AS x)",
		"EXPLAIN SELECT file('SECRET')",
		"EXPLAIN QUERY TREE SELECT file('SECRET')",
		"SELECT * FROM (EXPLAIN SELECT file('SECRET'))",
		"SELECT * FROM file('SECRET', 'LineAsString')",
		"SELECT * FROM `default`.`SECRET`",
		"SELECT * FROM filesystem('/etc')",
		"SELECT 1 FORMAT Template SETTINGS format_template_row = 'SECRET'",
		"SELECT formatRow('Template', 1) SETTINGS format_template_row = 'SECRET'",
		"SELECT 1 FORMAT Protobuf SETTINGS format_schema = 'SECRET:x'",
		"SELECT groupFormat('AvroConfluent')(a) FROM t",
		"SELECT groupFormatIf('Template')(a, a > 1) FROM t",
		"SELECT * APPLY(groupFormat('Protobuf')) FROM t",
		"SELECT polygonsIntersectionCartesian([[[(0., 0.), (0., 1.), (1., 0.)]]], [[[(0., 0.), (0., 1.), (1., 0.)]]])",
		"SELECT arrayMap(polygonsUnionSpherical, [[[[(0., 0.), (0., 1.), (1., 0.)]]]], [[[[(0., 0.), (0., 1.), (1., 0.)]]]])",
		"SELECT jsonMergePatch(repeat('[', 1000000))",
		"SELECT JSONMergePatch('{}')",
		"SELECT finalizeAggregation(CAST('x' AS AggregateFunction(groupArray, Variant(UInt64, String))))",
		"SELECT finalizeAggregation('x'::AggregateFunction(uniq, String))",
		"SELECT finalizeAggregation(accurateCast('x', concat('Aggregate', 'Function(uniq, String)')))",
		"SELECT finalizeAggregation(CAST('x', toTypeName(uniqState(a)))) FROM t",
		"WITH 'AggregateFunction(uniq, String)' AS type SELECT finalizeAggregation(CAST('x', type))",
		"SELECT * APPLY(x -> CAST(x, concat('Aggregate', 'Function(uniq, String)'))) FROM t",
		"SELECT CAST('{\"a\":\"x\"}' AS JSON(a AggregateFunction(uniq, String)))",
		"SELECT * FROM t SETTINGS additional_table_filters = {'t': 'file(\\'SECRET\\') != \\'\\''}",
		"SELECT 1 SETTINGS additional_result_filter = 'file(\\'SECRET\\') != \\'\\''",
		"SELECT catboostEvaluate('SECRET', 1)",
		// expressions in strings
		"SELECT b FROM values('a Int8, b String ALIAS file(''SECRET'')', 1)",
		"SELECT b FROM generateRandom(concat('a Int8, b String ALI', 'AS file(''SECRET'')')) LIMIT 1",
		"SELECT * FROM null('a Int8 DEFAULT throwIf(1, file(''SECRET''))')",
		"SELECT * FROM viewIfPermitted(SELECT 1 AS a ELSE null('a UInt8 DEFAULT file(''SECRET'')'))",
		"SELECT 1 IN (SELECT b FROM SQLStandardValues('a Int8, b String ALIAS file(''SECRET'')', 1))",
		"SELECT * APPLY(x -> x IN generateRandom('a String DEFAULT file(''SECRET'')')) FROM t",
		"SELECT arrayReduce('groupConcat(file(''SECRET''))', ['a', 'b'])",
		"SELECT arrayReduceInRanges('groupConcat(file(''SECRET''))', [(1, 2)], ['a', 'b'])",
		"SELECT finalizeAggregation(initializeAggregation('groupConcatState(file(''SECRET''))', 'a'))",
		"SELECT * APPLY(x -> arrayReduce('groupConcat(file(''SECRET''))', [x, x])) FROM t",
		"SELECT structureToProtobufSchema('a String DEFAULT throwIf(1, file(''SECRET''))')",
		"SELECT structureToCapnProtoSchema('a String DEFAULT throwIf(1, file(''SECRET''))')",
		"SELECT a FROM t SETTINGS parallel_replicas_custom_key = 'cityHash64(file(''SECRET''))', enable_parallel_replicas = 1",
		"SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '@OUT@'",
		// the network and other engines
		"SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')",
		"SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'TSV', 'a String')",
		"SELECT * FROM remote('127.0.0.1:1', 'system.one')",
		"SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'a String')",
		"SELECT * FROM sqlite('SECRET', 't')",
		"SELECT * FROM executable('ls', 'TSV', 'a String')",
		"SELECT * FROM eval('SELECT 1')",
		"SELECT * FROM eval('SELECT 1') SETTINGS allow_experimental_eval_table_function = 1",
		"SELECT * FROM input('a Int8')",
		"SELECT * FROM icebergLocal('/tmp', 'Parquet', 'a Int8')",
		"SELECT aiGenerate('x', 'y')",
		// ways around the restrictions
		"SELECT 1 SETTINGS readonly = 0",
		"SELECT 1 SETTINGS log_comment = 'mine'",
		"SELECT * FROM system.users",
		"SELECT * FROM system.stack_trace",
		"SELECT * FROM system.models",
		"SELECT * FROM system.`stack\\x5ftrace`",
		"SELECT * FROM loop(system.models)",
		"SELECT 1 IN system.models",
		"SELECT * FROM merge('system', '^m')",
		"SELECT 1 SETTINGS query_profiler_cpu_time_period_ns = 1000000",
		"EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'd', 't', 'u', 'p') PARTITION BY a",
		"EXPLAIN AST SELECT file('SECRET')",
		"EXPLAIN SYNTAX SELECT file('SECRET')",
		"EXPLAIN ESTIMATE SELECT * FROM url('http://127.0.0.1:1/')",
		"DESCRIBE TABLE url('http://127.0.0.1:1/', 'CSV')",
		"DESCRIBE TABLE file('SECRET')",
		"DESCRIBE TABLE system.stack_trace SETTINGS readonly = 0",
		"SELECT * FROM urlCluster('default', 'http://127.0.0.1:1/')",
		"SELECT * FROM cluster('default', system.one)",
		"SELECT * FROM clusterAllReplicas('default', system.stack_trace)",
		"SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'TSV', 'a String')",
		"SELECT * FROM gcs('http://127.0.0.1:1/b/k')",
		"SELECT * FROM azureBlobStorage('x', 'y', 'z')",
		"SELECT * FROM deltaLake('http://127.0.0.1:1/b/')",
		"SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
		"SELECT * FROM arrowFlight('127.0.0.1:1', 'x')",
		"SELECT * FROM jdbc('x', 'y', 'z')",
		"SELECT * FROM odbc('x', 'y', 'z')",
		"SELECT * FROM dictionary('d')",
		"SELECT * FROM mergeTreeIndex('alpemix', 't')",
		"SELECT * FROM fuzzQuery('SELECT 1')",
		"SELECT * FROM format(JSONEachRow, '{\"a\":1}')",
		"SELECT * FROM python('x')",
		"SELECT * FROM Python(x)",
		"SELECT 1 FROM t WHERE a IN file('SECRET')",
		"SELECT 1 FORMAT AvroConfluent",
		"SELECT 1 FORMAT AvroConfluent SETTINGS format_avro_schema_registry_url = 'http://127.0.0.1:1/'",
		"SELECT (SELECT 1 SETTINGS additional_result_filter = 'file(''SECRET'') != ''''')",
		"SELECT * FROM (SELECT * FROM t SETTINGS additional_table_filters = {'t': 'file(''SECRET'') != '''''})",
		"SELECT 1 SETTINGS implicit_table_at_top_level = 'stack_trace'",
		"graph = 1 SELECT 1 SETTINGS interactive_delay = 0",
		"SELECT * FROM system.errors",
		"SELECT * FROM `system`.`errors`",
		"SELECT * FROM `system`.`err\\x6frs`",
		"SELECT 1 IN (SELECT code FROM system.errors)",
		"SELECT 1 IN system.errors",
		"SELECT * FROM loop(system.errors)",
		"SHOW TABLES WHERE name IN (SELECT name FROM system.errors)",
		"SELECT * FROM system.named_collections",
		"SELECT * FROM system.user_directories",
		"SELECT * FROM system.grants",
		"SELECT * FROM system.certificates",
		"SELECT * FROM system.symbols",
		"SELECT * FROM system.jemalloc_profile_text",
		"SELECT * FROM system.filesystem_cache",
		"SELECT * FROM system.remote_data_paths",
		"SHOW USERS",
		"SHOW ACCESS",
		"SHOW SETTINGS PROFILES",
		"CHECK TABLE t",
		"ATTACH TABLE x (a Int8) ENGINE = File(TSV, 'SECRET')",
		"CREATE TABLE x (a String) ENGINE = URL('http://127.0.0.1:1/', TSV)",
		"RESTORE DATABASE alpemix FROM File('SECRET')",
		"SYSTEM ENABLE FAILPOINT x",
		"SYSTEM RELOAD CONFIG",
		"UNDROP TABLE t",
		"MOVE USER u TO local_directory",
		"EXPLAIN WHATIF SELECT 1",
		"graph = 1 SELECT file('SECRET')",
		"1 + 2",
	} {
		t.Run(text, func(t *testing.T) {
			query := strings.NewReplacer("SECRET", secret, "@OUT@", out).Replace(text)
			a := post(t, addr, "", query)
			if a.status == 200 {
				t.Errorf("answered: %q", a.body)
			}
			if strings.Contains(a.body, "sesame") {
				t.Errorf("returns the secret: %q", a.body)
			}
			if want := refusalOf(text); a.code != want {
				t.Errorf("is refused with code %s, want %s: %s", a.code, want, a.body)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("wrote a file")
				os.Remove(out)
			}
		})
	}
	if a := post(t, addr, "", "SELECT count(), sum(a) FROM t"); a.body != "10\t45\n" {
		t.Errorf("the table has changed: %s", a.body)
	}
	for _, s := range []string{"additional_result_filter=0", "format_schema=x", "dialect=kusto", "no_such_setting=1", "max_threads=many", "path=/"} {
		if a := post(t, addr, s, "SELECT 1"); a.status == 200 {
			t.Errorf("the setting %s was accepted", s)
		}
	}
	known := map[string]bool{}
	for _, name := range strings.Fields(post(t, addr, "", "SELECT name FROM system.settings").body) {
		known[name] = true
	}
	for name := range readerSettings {
		if !known[name] {
			t.Errorf("readers may change %s, which the engine does not know", name)
		}
	}
	if a := post(t, addr, "", "SELECT "+strings.Repeat("(", 100000)+"1"+strings.Repeat(")", 100000)); a.status == 200 {
		t.Error("unclosed parentheses are accepted")
	}
	if a := post(t, addr, "readonly=0&implicit_select=1", "INSERT INTO t VALUES (11, 'x')"); a.status == 200 {
		t.Error("a reader can lift readonly")
	}
	for _, text := range []string{"SELECT * FROM errors", "SELECT 1 IN errors", "SELECT * FROM loop(stack_trace)", "SELECT * FROM {t:Identifier}"} {
		if a := post(t, addr, "database=system&param_t=errors", text); a.status == 200 {
			t.Errorf("%s in system was answered: %.200q", text, a.body)
		}
	}
	if a := post(t, addr, "database=system", "SELECT name FROM tables WHERE database = 'alpemix' AND name = 't'"); a.body != "t\n" {
		t.Errorf("a readable table by its bare name: %d %s", a.status, a.body)
	}
	if a := post(t, addr, "param_t=system.errors&param_d=system", "SELECT * FROM {d:Identifier}.errors"); a.status == 200 {
		t.Error("a parameter reaches a hidden table")
	}
	if a := post(t, addr, "param_p=x", "SELECT finalizeAggregation({p:AggregateFunction(uniq, String)})"); a.code != "497" {
		t.Errorf("a parameter creates a state: %d %s", a.status, a.body)
	}
	if a := post(t, addr, "param_p=AggregateFunction(uniq,String)", "SELECT CAST('x', {p:String})"); a.code != "497" {
		t.Errorf("a parameter uses the type of states: %d %s", a.status, a.body)
	}
	if a := post(t, addr, "param_f=file&param_s="+secret, "SELECT arrayMap({f:Identifier}, [{s:String}])"); a.status == 200 {
		t.Error("a parameter reaches a forbidden function")
	}
}
