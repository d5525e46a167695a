package migrations

import (
	"context"
	"database/sql"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// created matches the start of a statement that creates a table or view, and captures the name.
var created = regexp.MustCompile(`(?m)^CREATE (?:TABLE|VIEW) IF NOT EXISTS [A-Za-z0-9_]+\.([A-Za-z0-9_]+)`)

// CreateMissing runs all migrations again if one of their tables or views was dropped, and returns
// the names of those. Every statement may be run again, and changes nothing if nothing is missing.
func (s *Schema) CreateMissing(ctx context.Context, db *sql.DB) (names []string, err error) {
	var texts []string
	want := map[string]bool{}
	for _, v := range s.versions {
		text, err := fs.ReadFile(s.fsys, v.file)
		if err != nil {
			return nil, err
		}
		texts = append(texts, withoutAnnotations(string(text)))
		for _, match := range created.FindAllStringSubmatch(string(text), -1) {
			want[match[1]] = true
		}
	}
	rows, err := db.QueryContext(ctx, "SELECT name FROM system.tables WHERE database = "+quote(s.target.Database))
	if err != nil {
		return nil, s.fail("look for its tables", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, s.fail("look for its tables", err)
		}
		delete(want, name)
	}
	if err := rows.Err(); err != nil || len(want) == 0 {
		return nil, err
	}
	for _, text := range texts {
		for statement := range strings.SplitSeq(text, ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return nil, s.fail("create what was dropped", err)
			}
		}
	}
	return slices.Sorted(maps.Keys(want)), nil
}
