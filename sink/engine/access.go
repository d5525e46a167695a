package engine

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// daemonRole is granted to the engine's only user. A reader's session drops it before it does
// anything else.
const daemonRole = "daemon"

// daemonGrants are what the daemon may do: maintain its database. They include no sources (file,
// url, s3, remote, executable …), nor tables and dictionaries of such. So statements of the daemon
// cannot read or write anything else.
var daemonGrants = []string{
	"GRANT SHOW, SELECT, INSERT, ALTER, TRUNCATE, OPTIMIZE, CHECK, dictGet, KILL QUERY ON *.*",
	"GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE TEMPORARY TABLE ON *.*",
	"GRANT DROP DATABASE, DROP TABLE, DROP VIEW, UNDROP TABLE ON *.*",
	"GRANT SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM FLUSH, SYSTEM VIEWS, SYSTEM DROP CACHE, SYSTEM SYNC REPLICA ON *.*",
}

// daemonEngines are the table engines that the daemon may use.
var daemonEngines = strings.Fields("MergeTree ReplacingMergeTree AggregatingMergeTree SummingMergeTree " +
	"ReplicatedMergeTree ReplicatedReplacingMergeTree ReplicatedAggregatingMergeTree ReplicatedSummingMergeTree Memory Null")

// limits leave room for the daemon on a small machine. Caches grow with use, and their defaults
// suit large servers. So does the default of a thousand idle threads: each that ever worked on a
// query keeps three files open.
const limits = `<max_server_memory_usage_to_ram_ratio>0.7</max_server_memory_usage_to_ram_ratio>` +
	`<mark_cache_size>134217728</mark_cache_size><primary_index_cache_size>134217728</primary_index_cache_size>` +
	`<uncompressed_cache_size>0</uncompressed_cache_size><max_thread_pool_free_size>16</max_thread_pool_free_size>`

// fsyncAfterMerge makes merges, and whatever else rewrites parts, wait for the disk. A server need
// not wait, because it keeps the merged parts for minutes. The library keeps them only until its
// next cleanup, so a power failure could destroy both.
const fsyncAfterMerge = `<merge_tree><min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge></merge_tree>`

// writeAccess writes the engine's configuration to dir and returns its path. The engine knows only
// one user, but it checks grants. Without the daemon's role, that user may read the database and
// the system tables, and nothing else.
func writeAccess(dir, database string) (string, error) {
	users, config := filepath.Join(dir, "users.xml"), filepath.Join(dir, "config.xml")
	text := html.EscapeString
	grants := func(queries ...string) string {
		var b strings.Builder
		for _, q := range queries {
			fmt.Fprintf(&b, "<query>%s</query>", text(q))
		}
		return "<grants>" + b.String() + "</grants>"
	}
	daemon, reader := slices.Clone(daemonGrants), []string{
		"GRANT SELECT ON " + quoteName(database) + ".*",
		"GRANT SELECT ON system.*", // the engine grants it to everyone; see readableTables
		"GRANT SELECT ON information_schema.*",
		"GRANT SELECT ON INFORMATION_SCHEMA.*",
		"GRANT SHOW ON *.*",
		"GRANT " + daemonRole,
	}
	for _, e := range daemonEngines {
		daemon = append(daemon, "GRANT TABLE ENGINE ON "+e)
	}
	for path, content := range map[string]string{
		users: `<clickhouse><profiles><default><implicit_select>0</implicit_select><query_profiler_real_time_period_ns>0</query_profiler_real_time_period_ns>` +
			`<query_profiler_cpu_time_period_ns>0</query_profiler_cpu_time_period_ns></default></profiles>` +
			`<quotas><default/></quotas>` +
			`<roles><` + daemonRole + `>` + grants(daemon...) + `</` + daemonRole + `></roles>` +
			`<users><default><password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>` +
			grants(reader...) + `</default></users></clickhouse>`,
		config: `<clickhouse><users_config>` + text(users) + `</users_config>` + limits + fsyncAfterMerge + `</clickhouse>`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return "", fmt.Errorf("embedded ClickHouse: cannot write its configuration: %w", err)
		}
	}
	return config, nil
}

func quoteName(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(s) + "`"
}

func quoteString(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(s) + "'"
}
