// Package migrations holds the database schema as numbered SQL files and applies them, to a single
// server or a cluster.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed sql/*.sql
var files embed.FS

// Target says where the schema is.
type Target struct {
	Database string
	Cluster  string // name of a ClickHouse cluster: replicated tables, created ON CLUSTER; "" for a single server
}

// Schema is this binary's schema, rendered for one target. It holds no connection.
type Schema struct {
	target   Target
	fsys     fs.FS
	versions []source
}

// source is one migration: its number and the name of its file.
type source struct {
	version int64
	file    string
}

var (
	databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	clusterName  = regexp.MustCompile(`^(|[A-Za-z0-9_.-]{1,64}|\{[a-z_]{1,32}\})$`)
)

// Validate checks that the names of t are safe in SQL and in Keeper paths.
func (t Target) Validate() error {
	if !databaseName.MatchString(t.Database) {
		return fmt.Errorf("database %q: the name must be letters, digits and underscores, and not start with a digit", t.Database)
	}
	if !clusterName.MatchString(t.Cluster) {
		return fmt.Errorf("cluster %q: the name must be letters, digits, '_', '.' and '-', or a macro like {cluster}", t.Cluster)
	}
	return nil
}

// New renders this binary's schema for target.
func New(target Target) (*Schema, error) {
	if err := target.Validate(); err != nil {
		return nil, err
	}
	fsys, err := render(target)
	if err != nil {
		return nil, err
	}
	sources, err := list()
	if err != nil {
		return nil, err
	}
	return &Schema{target: target, fsys: fsys, versions: sources}, nil
}

// Latest returns the newest schema version of this binary.
func Latest() int64 {
	sources, err := list()
	if err != nil || len(sources) == 0 {
		panic("migrations: no numbered SQL file is embedded") // the package's tests prevent this
	}
	return sources[len(sources)-1].version
}

// list returns the embedded migrations, oldest first. Five digits sort the same as text and as
// numbers.
func list() ([]source, error) {
	names, err := fs.Glob(files, "sql/*.sql")
	if err != nil {
		return nil, err
	}
	sources := make([]source, len(names))
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		sources[i] = source{version, strings.TrimPrefix(name, "sql/")}
	}
	return sources, nil
}
