package migrations

import (
	"bytes"
	"io/fs"
	"testing/fstest"
	"text/template"
)

// OnCluster returns the clause of a CREATE statement, with a leading space.
func (t Target) OnCluster() string {
	if t.Cluster == "" {
		return ""
	}
	return " ON CLUSTER '" + t.Cluster + "'"
}

// Engine returns a table engine of the MergeTree family with its arguments, replicated if there is
// a cluster. On a cluster every node, whatever its shard, is a replica of the same table. The data
// is small, and so views, dashboards and the schema version are right on each node without
// Distributed tables.
//
// The Keeper path is explicit, because the server's default has {uuid}: a CREATE that failed
// halfway and is run again must find the same table.
func (t Target) Engine(name, arguments string) string {
	if t.Cluster == "" {
		return name + "(" + arguments + ")"
	}
	if arguments != "" {
		arguments = ", " + arguments
	}
	return "Replicated" + name + "('/clickhouse/tables/" + t.Cluster + "/{database}/{table}', '{shard}-{replica}'" + arguments + ")"
}

// Durable returns the settings of every table. An acknowledged row must survive a power cut, so an
// insert waits for the disk. A merge need not, because a server keeps its sources for minutes (the
// embedded engine doesn't, and is set to wait). The window lets a server without Keeper recognize a
// repeated insert, as replicated tables do.
func (t Target) Durable() string {
	const fsync = "fsync_after_insert = 1, fsync_part_directory = 1"
	if t.Cluster == "" {
		return fsync + ", non_replicated_deduplication_window = 1000"
	}
	return fsync
}

// Trimmed returns a column without surrounding white space, including no-break spaces, like Go's
// strings.TrimSpace. It examines the whole text only if the first or last byte may belong to white
// space.
func (t Target) Trimmed(column string) string {
	const first, last = "9, 10, 11, 12, 13, 32, 194, 225, 226, 227", "9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175"
	return "if(reinterpretAsUInt8(substring(" + column + ", 1, 1)) IN (" + first + ") OR reinterpretAsUInt8(substring(" + column + ", -1)) IN (" + last +
		"), replaceRegexpAll(" + column + `, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), ` + column + ")"
}

// render executes every migration's template with target.
func render(target Target) (fs.FS, error) {
	all, err := template.ParseFS(files, "sql/*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, t := range all.Templates() {
		var b bytes.Buffer
		if err := t.Option("missingkey=error").Execute(&b, target); err != nil {
			return nil, err
		}
		out[t.Name()] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o444}
	}
	return out, nil
}
