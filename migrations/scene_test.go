package migrations_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scene is a few rows and what the views show for them. DB. stands for the database.
type scene struct {
	name    string
	inserts []string
	asks    []ask
}

type ask struct {
	query string
	want  []string // see query
}

// play runs each scene in the empty tables of one database.
func play(t *testing.T, database string, scenes []scene) {
	t.Helper()
	db := open(t)
	if _, err := schema(t, database).Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	tables := query(t, db, "SELECT name FROM system.tables WHERE database = '%s' AND name LIKE '%%\\_rows'", database)
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			for _, table := range tables {
				exec(t, db, "TRUNCATE TABLE "+database+"."+table)
			}
			for _, insert := range s.inserts {
				exec(t, db, strings.ReplaceAll(insert, "DB.", database+"."))
			}
			for _, a := range s.asks {
				got := query(t, db, "%s", strings.ReplaceAll(a.query, "DB.", database+"."))
				if diff := cmp.Diff(a.want, got); diff != "" {
					t.Errorf("%s\n%s", a.query, diff)
				}
			}
		})
	}
}

// The start of the inserts in scenes.
const (
	usage = `INSERT INTO DB.connection_rows (version, uid, account, started_at, local_day, duration_seconds,
		target_alpemix_id, target_device, support_number, target_name, staff_name) VALUES `
	periods = `INSERT INTO DB.allotment_rows (version, vendor, account, customer, resource, allotted, utilized, unit, at, valid_from, valid_to) VALUES `
	marks   = `INSERT INTO DB.snapshot_rows (version, vendor, account, at, since) VALUES `
	lines   = `INSERT INTO DB.customer_rows (version, removed, customer, vendor, account, field, value) VALUES `
)
