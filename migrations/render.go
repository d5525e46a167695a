package migrations

import (
	"bytes"
	"io/fs"
	"testing/fstest"
	"text/template"
)

// OnCluster is the clause of a CREATE statement, with the space before it.
func (t Target) OnCluster() string {
	if t.Cluster == "" {
		return ""
	}
	return " ON CLUSTER '" + t.Cluster + "'"
}

// Engine is a table engine of the MergeTree family with its arguments, replicated on a cluster. There every node, whatever
// its shard, is a replica of the same table: the data is small, and so the views, the dashboards and the schema version are
// right on each node without Distributed tables. The Keeper path is written out, and not left to the server's default with its
// {uuid}, because a CREATE that died halfway and is run again must find the same table.
func (t Target) Engine(name, arguments string) string {
	if t.Cluster == "" {
		return name + "(" + arguments + ")"
	}
	if arguments != "" {
		arguments = ", " + arguments
	}
	return "Replicated" + name + "('/clickhouse/tables/" + t.Cluster + "/{database}/{table}', '{shard}-{replica}'" + arguments + ")"
}

// Durable is the settings that every table has. An acknowledged row must outlive a power cut, so an insert waits for the disk.
// A merge need not: a server keeps its sources for minutes after it (the embedded engine does not, and is told to wait). The
// window lets a server without Keeper recognise the retry of an insert, as replicated tables do by themselves.
func (t Target) Durable() string {
	const fsync = "fsync_after_insert = 1, fsync_part_directory = 1"
	if t.Cluster == "" {
		return fsync + ", non_replicated_deduplication_window = 1000"
	}
	return fsync
}

// Trimmed is a column without white space around it, no-break blanks among it, as Go's strings.TrimSpace
// has it. Only where the first or the last byte may be of some is the whole text looked at.
func (t Target) Trimmed(column string) string {
	const first, last = "9, 10, 11, 12, 13, 32, 194, 225, 226, 227", "9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175"
	return "if(reinterpretAsUInt8(substring(" + column + ", 1, 1)) IN (" + first + ") OR reinterpretAsUInt8(substring(" + column + ", -1)) IN (" + last +
		"), replaceRegexpAll(" + column + `, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), ` + column + ")"
}

// render fills target into every migration.
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
