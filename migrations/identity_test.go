package migrations_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A table's sorting key is the identity of its rows, and the partition has to depend on it alone,
// because rows of one identity are merged only within a partition. These lines never change:
// another identity needs a migration that rewrites the table.
func TestIdentityIsPinned(t *testing.T) {
	db := open(t)
	if _, err := schema(t, "pinned").Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"allotment_rows | ReplacingMergeTree(version) | vendor, account, customer, resource, valid_from | ",
		"connection_rows | ReplacingMergeTree(version, deleted) | account, started_at, uid | toYYYYMM(started_at)",
		"customer_rows | ReplacingMergeTree(version, removed) | vendor, account, field, value, customer | ",
		"day_rows | ReplacingMergeTree(version) | account, day | ",
		"fetch_rows | ReplacingMergeTree | vendor, account, at, job | toYYYYMM(at)",
		"identity_rows | ReplacingMergeTree | created_at, id | ",
		"login_rows | ReplacingMergeTree(version) | vendor, account | ",
		"provisioning_rows | ReplacingMergeTree | vendor, account, at, action, subject | ",
		"quarantine_rows | ReplacingMergeTree(version) | vendor, account, hash | ",
		"schema_version | ReplacingMergeTree | version | ",
		"snapshot_rows | ReplacingMergeTree(version) | vendor, account | ",
	}
	got := query(t, db, `SELECT name, extract(engine_full, '^\\w+(?:\\([^)]*\\))?'), sorting_key, partition_key
		FROM system.tables WHERE database = 'pinned' AND engine != 'View' ORDER BY name`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
