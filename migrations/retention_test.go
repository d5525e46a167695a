package migrations_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/migrations"
)

const day = 24 * time.Hour

func TestRetentionChangesOnlyWhatDiffers(t *testing.T) {
	db := open(t)
	s := schema(t, "kept")
	if _, err := s.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	fresh := state(t, db, "kept")
	for _, step := range []struct {
		r    migrations.Retention
		want []string
	}{
		{migrations.Retention{}, nil},
		{migrations.Retention{Fetches: 400 * day}, []string{"ALTER TABLE kept.fetch_rows MODIFY TTL toDateTime(at) + toIntervalDay(400)"}},
		{migrations.Retention{Fetches: 400 * day}, nil},
		{migrations.Retention{Fetches: 400 * day, Raw: 36 * time.Hour}, []string{
			"ALTER TABLE kept.connection_rows MODIFY COLUMN raw TTL started_at + toIntervalDay(2)",
			"ALTER TABLE kept.quarantine_rows MODIFY COLUMN raw TTL at + toIntervalDay(2)"}},
		{migrations.Retention{Fetches: 30 * day, Raw: 2 * day, Connections: 3650 * day}, []string{
			"ALTER TABLE kept.connection_rows MODIFY TTL started_at + toIntervalDay(3650)",
			"ALTER TABLE kept.quarantine_rows MODIFY TTL at + toIntervalDay(3650)",
			"ALTER TABLE kept.fetch_rows MODIFY TTL toDateTime(at) + toIntervalDay(30)"}},
		{migrations.Retention{Fetches: 30 * day, Raw: 2 * day, Connections: 3650 * day}, nil},
		{migrations.Retention{}, []string{
			"ALTER TABLE kept.connection_rows REMOVE TTL",
			"ALTER TABLE kept.connection_rows MODIFY COLUMN raw REMOVE TTL",
			"ALTER TABLE kept.quarantine_rows REMOVE TTL",
			"ALTER TABLE kept.quarantine_rows MODIFY COLUMN raw REMOVE TTL",
			"ALTER TABLE kept.fetch_rows REMOVE TTL"}},
	} {
		ran, err := s.ApplyRetention(t.Context(), db, step.r)
		if err != nil {
			t.Fatalf("%+v: %v", step.r, err)
		}
		if diff := cmp.Diff(step.want, ran); diff != "" {
			t.Errorf("%+v\n%s", step.r, diff)
		}
	}
	if diff := cmp.Diff(fresh, state(t, db, "kept")); diff != "" {
		t.Errorf("kept for ever again, the tables differ from fresh ones:\n%s", diff)
	}
}

func TestRetentionDeletes(t *testing.T) {
	db := open(t)
	s := schema(t, "expired")
	if _, err := s.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO expired.connection_rows (account, uid, started_at, version, raw) VALUES
		('a', 'old', now() - toIntervalDay(40), 1, '{}'), ('a', 'middle', now() - toIntervalDay(20), 1, '{}'), ('a', 'new', now() - toIntervalDay(1), 1, '{}')`)
	if _, err := s.ApplyRetention(t.Context(), db, migrations.Retention{Connections: 30 * day, Raw: 10 * day}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "OPTIMIZE TABLE expired.connection_rows FINAL")
	if diff := cmp.Diff([]string{"middle | ", "new | {}"}, query(t, db, "SELECT uid, raw FROM expired.connections ORDER BY uid")); diff != "" {
		t.Error(diff)
	}
}

func TestRetentionIsChecked(t *testing.T) {
	for _, r := range []migrations.Retention{{Connections: -1}, {Raw: 51 * 365 * day}, {Fetches: 1<<63 - 1}} {
		if r.Validate() == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
