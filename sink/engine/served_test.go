package engine

import (
	"net/http"
	"strings"
	"testing"
)

func TestReaderIsServed(t *testing.T) {
	addr := fixture(t)
	for _, text := range []string{
		"SELECT 1",
		"SELECT 1;",
		"-- note\nSELECT 'a;b' /* ; */",
		"SELECT * FROM t",
		"SELECT count() FROM v",
		"SELECT count() FROM alpemix.t FINAL",
		"SELECT 'file' AS kind, 'c:\\\\file' AS path",
		"SELECT s FROM t WHERE s NOT LIKE '%file(%'",
		"SELECT a, sum(a) OVER (ORDER BY a) FROM t",
		"WITH x AS (SELECT a FROM t) SELECT * FROM x AS l JOIN x AS r USING a",
		"(SELECT 1) UNION ALL (SELECT 2)",
		"SELECT 1 EXCEPT SELECT 2",
		"SELECT * APPLY(toString) FROM t",
		"SELECT arrayMap(x -> x + 1, [1, 2])",
		"SELECT * FROM numbers(3)",
		"SELECT * FROM generateSeries(1, 3)",
		"SELECT * FROM view(SELECT 1)",
		"SHOW TABLES WHERE name IS NOT NULL",
		"SELECT a FROM t SETTINGS max_threads = 1, max_execution_time = 5",
		"SELECT toStartOfInterval(now(), INTERVAL 1 HOUR) AS time FORMAT JSON",
		"SELECT name, engine FROM system.tables WHERE database = 'alpemix'",
		"SELECT name, type FROM system.columns WHERE table = 't'",
		"SELECT name FROM system.databases",
		"SELECT name FROM system.functions LIMIT 1",
		"SELECT count() FROM system.settings",
		"SELECT count() FROM system.parts",
		"SELECT * FROM system.one",
		"SELECT number FROM system.numbers LIMIT 1",
		"SELECT count() FROM system.processes",
		"SELECT table_name FROM information_schema.tables LIMIT 1",
		"SELECT displayName(), version(), revision(), timezone()",
		"SHOW TABLES",
		"SHOW TABLES LIKE 't%'",
		"SHOW DATABASES",
		"SHOW COLUMNS FROM t",
		"SHOW CREATE TABLE t",
		"SHOW FUNCTIONS LIKE 'plus'",
		"SHOW PROCESSLIST",
		"DESCRIBE TABLE t",
		"DESC v",
		"EXISTS TABLE t",
		"EXPLAIN SELECT * FROM t",
		"EXPLAIN indexes = 1 SELECT * FROM t",
		"EXPLAIN PIPELINE SELECT * FROM t",
	} {
		t.Run(text, func(t *testing.T) {
			if a := post(t, addr, "", text); a.status != 200 || a.body == "" {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	settings := "max_execution_time=5&max_threads=2&output_format_json_quote_64bit_integers=1&readonly=1&session_timeout=60"
	if a := post(t, addr, settings, "SELECT toUInt64(1) AS n FORMAT JSONEachRow"); a.body != "{\"n\":\"1\"}\n" {
		t.Errorf("settings that clients send: %d %s", a.status, a.body)
	}
}

// TestEngineSurvives runs queries that are allowed but expensive.
func TestEngineSurvives(t *testing.T) {
	addr := fixture(t)
	pid := shared.PID()
	for _, text := range []string{
		"SELECT groupArray(toString(number)) FROM numbers(10000000000) SETTINGS max_memory_usage = 100000000",
		"SELECT repeat('x', 1000000000000)",
		"SELECT range(1000000000000)",
		"SELECT " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"SELECT " + strings.Repeat("1+", 50000) + "1",
		"WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT count() FROM x",
		"SELECT sleep(1000)",
		"SELECT \x00",
		"SELECT '\xff\xfe'",
	} {
		post(t, addr, "", text)
	}
	for _, table := range strings.Fields(post(t, addr, "", "SELECT name FROM system.tables WHERE database = 'system' AND name NOT IN ('numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'primes')").body) {
		post(t, addr, "", "SELECT * FROM system."+table+" LIMIT 10")
	}
	if a := send(t, asDaemon(t, newRequest(t, http.MethodPost, addr, "", "SELECT * FROM system.stack_trace"))); a.code != "497" {
		t.Errorf("the daemon can interrupt every thread: %d %.200s", a.status, a.body)
	}
	if a := post(t, addr, "", "SELECT 1"); a.body != "1\n" || shared.PID() != pid {
		t.Errorf("the engine did not survive: %d %s", a.status, a.body)
	}
}
