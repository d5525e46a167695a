package engine

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// attackSettings are settings that let readers read and write files, connect to other hosts, crash
// or block the engine, fill the disk, write to the log or raise a cap. They are grouped by kind,
// each with a value that would do so.
var attackSettings = []string{
	// read or write a file, or evaluate what no syntax tree shows
	"additional_table_filters={'t':'file(''SECRET'')!='''''}", "additional_result_filter=file('SECRET')!=''",
	"format_schema='SECRET:x'", "format_schema_source='string'", "format_schema_message_name='x'",
	"format_template_row='SECRET'", "format_template_row_format='file'", "format_template_resultset='SECRET'",
	"format_template_resultset_format='file'", "output_format_schema='@OUT@'",
	"output_format_sql_insert_table_name_x='a'", "parallel_replicas_custom_key='cityHash64(file(''SECRET''))'",
	"local_filesystem_read_method='io_uring'", "storage_file_read_method='mmap'", "filesystem_cache_name='x'",
	"implicit_table_at_top_level='stack_trace'", "implicit_table_at_top_level='system.stack_trace'",
	"implicit_table_at_top_level='system.stack\\x5ftrace'", "implicit_table_at_top_level='system.models'",
	"implicit_select=1", "dialect='kusto'", "dialect='prql'", "allow_experimental_kusto_dialect=1",
	"allow_experimental_eval_table_function=1", "allow_experimental_ai_functions=1", "allow_python_table_function=1",
	"allow_introspection_functions=1", "allow_get_client_http_header=1", "allow_ddl=1", "allow_fuzz_query_functions=1",
	// connect to other hosts
	"format_avro_schema_registry_url='http://127.0.0.1:1/'", "output_format_avro_confluent_subject='x'",
	"distributed_product_mode='allow'", "enable_parallel_replicas=1", "cluster_for_parallel_replicas='default'",
	"prefer_localhost_replica=0", "max_http_get_redirects=10", "s3_max_redirects=10",
	// crash, stop or block
	"interactive_delay=0", "interactive_delay=1", "max_parser_depth=100000", "max_parser_backtracks=0",
	"max_query_size=0", "query_profiler_cpu_time_period_ns=1000000", "query_profiler_real_time_period_ns=1000000",
	"memory_profiler_step=1", "memory_profiler_sample_probability=1", "metrics_perf_events_enabled=1",
	"trace_profile_events=1", "sleep_after_receiving_query_ms=600000", "sleep_in_send_data_ms=600000",
	"unknown_packet_in_send_data=1", "enable_job_stack_trace=1", "ast_fuzzer_runs=1", "queue_max_wait_ms=600000",
	"priority=1", "workload='x'", "max_untracked_memory=1000000000000", "memory_tracker_fault_probability=1",
	"low_priority_query_wait_time_ms=600000", "replace_running_query=1", "max_ast_depth=1000000",
	"max_streams_to_max_threads_ratio=100000", "max_insert_threads=100000", "max_final_threads=100000",
	// raise a cap
	"max_execution_time=0", "max_execution_time=601", "max_execution_time=-1", "max_execution_time=1e9",
	"max_execution_time=nan", "max_execution_time=DEFAULT", "max_memory_usage=0", "max_memory_usage=1e18",
	"max_memory_usage=DEFAULT", "max_threads=0", "max_threads=100000", "max_block_size=0", "max_block_size=1000000000",
	"timeout_overflow_mode='break'", "max_memory_usage_for_user=0", "memory_overcommit_ratio_denominator=0",
	"max_temporary_data_on_disk_size_for_query=0", "max_temporary_data_on_disk_size_for_user=0",
	"max_bytes_before_external_sort=1", "max_bytes_before_external_group_by=1", "max_bytes_ratio_before_external_sort=0.0001",
	"max_execution_time_leaf=0", "temporary_files_codec='NONE'", "readonly=0", "log_comment='mine'",
	// write to the log
	"send_logs_level='trace'", "send_logs_source_regexp='.*'", "log_queries=1", "log_profile_events=1",
	"send_profile_events=1",
	// do not exist
	"path='/'", "no_such_setting=1", "`a\nb`=1", "compatibility='1.1'", "profile='default'", "a.b=1",
}

// TestReaderSettings sends each setting in the URL and in SETTINGS clauses at every kind of place.
func TestReaderSettings(t *testing.T) {
	addr := fixture(t)
	pid := shared.PID()
	dir := t.TempDir()
	secret, out := filepath.Join(dir, "secret"), filepath.Join(dir, "out")
	if err := os.WriteFile(secret, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	places := []string{
		"SELECT 1 SETTINGS @", "SELECT a FROM t SETTINGS max_threads = 1, @ FORMAT JSON", "SELECT 1 FORMAT JSON SETTINGS @",
		"SELECT (SELECT 1 SETTINGS @)", "SELECT * FROM (SELECT 1 SETTINGS @)", "SELECT * FROM view(SELECT 1 SETTINGS @)",
		"WITH x AS (SELECT 1 SETTINGS @) SELECT * FROM x", "SELECT 1 IN (SELECT 1 SETTINGS @)",
		"SELECT 1 UNION ALL SELECT 2 SETTINGS @", "(SELECT 1 SETTINGS @) UNION ALL SELECT 2", "SELECT 1 INTERSECT SELECT 1 SETTINGS @",
		"EXPLAIN SELECT 1 SETTINGS @", "EXPLAIN PIPELINE SELECT (SELECT 1 SETTINGS @)", "SELECT * FROM (EXPLAIN SELECT 1 SETTINGS @)",
		"DESCRIBE (SELECT 1 SETTINGS @)", "DESCRIBE TABLE t SETTINGS @", "SHOW TABLES WHERE name = (SELECT 'x' SETTINGS @)",
		"SHOW TABLES SETTINGS @", "SELECT EXISTS(SELECT 1 SETTINGS @)", "SELECT a FROM t WHERE a = (SELECT 1 settings @)",
		"SELECT 1 sEtTiNgS/* */@", "SET @", "SELECT * FROM t AS `SETTINGS`, (SELECT 1 SETTINGS @) AS y",
	}
	for _, s := range attackSettings {
		s = strings.NewReplacer("SECRET", secret, "@OUT@", out).Replace(s)
		for _, place := range places {
			text := strings.ReplaceAll(place, "@", s)
			if a := post(t, addr, "", text); a.status == http.StatusOK || strings.Contains(a.body, "sesame") {
				t.Errorf("%s\nwas answered: %.200q", text, a.body)
			}
		}
		name, value, _ := strings.Cut(s, "=")
		u := url.Values{name: {strings.Trim(value, "'")}}.Encode()
		if a := post(t, addr, u, "SELECT 1 AS a"); a.status == http.StatusOK && !ignoredParams[name] && !writerSettings[name] {
			t.Errorf("%s was accepted in the URL", u)
		} else if strings.Contains(a.body, "sesame") {
			t.Errorf("%s returns the secret: %s", u, a.body)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
	if a := post(t, addr, "", "SELECT 1"); a.body != "1\n" || shared.PID() != pid {
		t.Errorf("the engine did not survive: %d %s", a.status, a.body)
	}
}

// TestReaderFormats requests every format of the engine in every way. Each is served or refused by
// name.
func TestReaderFormats(t *testing.T) {
	addr := fixture(t)
	pid := shared.PID()
	formats := strings.Fields(post(t, addr, "", "SELECT name FROM system.formats WHERE is_output").body)
	for _, name := range append(formats, "NoSuchFormat") {
		for way, query := range map[string]string{"default_format=" + name: "SELECT 1 AS a", "": "SELECT 1 AS a FORMAT " + name} {
			allowed := readerFormats[strings.ToLower(name)]
			switch a := post(t, addr, way, query); {
			case allowed && a.status != http.StatusOK && name != "RawBLOB":
				t.Errorf("%s %s: %d %s", way, query, a.status, a.body)
			case !allowed && (a.status == http.StatusOK || !strings.Contains(strings.ToLower(a.body), strings.ToLower(name))):
				t.Errorf("%s %s: %d %.200s", way, query, a.status, a.body)
			}
		}
	}
	r := newRequest(t, http.MethodPost, addr, "", "SELECT 1 AS a")
	r.Header.Set("X-ClickHouse-Format", "AvroConfluent")
	if a := send(t, r); a.status == http.StatusOK {
		t.Error("the header selects a refused format")
	}
	if shared.PID() != pid {
		t.Error("the engine did not survive")
	}
}

// TestReaderSettingsServed: settings that clients and people use are accepted.
func TestReaderSettingsServed(t *testing.T) {
	addr := fixture(t)
	for _, s := range []string{
		"max_execution_time=60", "max_execution_time=0.5", "max_threads=1", "max_block_size=65536", "max_result_rows=1000",
		"date_time_input_format='best_effort'", "cast_string_to_dynamic_use_inference=1", "output_format_json_quote_64bit_integers=0",
		"session_timezone='Europe/Istanbul'", "join_use_nulls=1", "final=1", "use_skip_indexes_if_final_exact_mode=0",
		"do_not_merge_across_partitions_select_final=1", "join_algorithm='hash,grace_hash'", "extremes=1",
		"output_format_parquet_compression_method='zstd'", "format_csv_delimiter=';'", "max_memory_usage=50000000",
	} {
		for _, text := range []string{"SELECT a FROM t SETTINGS " + s, "SELECT (SELECT count() FROM t SETTINGS " + s + ") FORMAT JSON"} {
			if a := post(t, addr, "", text); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", text, a.status, a.body)
			}
		}
		name, value, _ := strings.Cut(s, "=")
		if a := post(t, addr, url.Values{name: {strings.Trim(value, "'")}}.Encode(), "SELECT 1"); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", s, a.status, a.body)
		}
	}
	// Columns may have the names of keywords.
	for i, text := range []string{
		"SELECT SETTINGS, FORMAT FROM (SELECT 1 AS SETTINGS, 2 AS FORMAT)", "SELECT 1 AS settings WHERE settings = 1",
		"SELECT 'SETTINGS send_logs_level = 1' AS x", "SELECT 1 -- SETTINGS readonly = 0", "SELECT - -1, 1 --1",
	} {
		if a := post(t, addr, "", text); a.status != http.StatusOK {
			t.Error(i, fmt.Sprint(a.status), a.body)
		}
	}
}
