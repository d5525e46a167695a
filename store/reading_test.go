package store

import (
	"maps"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestParsedDifferently: a text that is parsed differently is queued again only if another
// connection results, and once.
func TestParsedDifferently(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "A")
	commitTest(t, s, observation(item))
	drainAll(t, s)
	for _, step := range []struct {
		name          string
		seen, outcome uint64
		queued        int
	}{
		{"the same again", item.Seen, item.Outcome, 0},
		{"another way, the same outcome", 7, item.Outcome, 0},
		{"another way, another outcome", 8, 2, 1},
		{"that again", 8, 2, 0},
	} {
		before, _ := s.Lookup("main", "u1")
		item.Seen, item.Outcome = step.seen, step.outcome
		commitTest(t, s, observation(item))
		s = reopen(t, s)
		if got := drainAll(t, s).Entries; len(got) != step.queued {
			t.Errorf("%s: %d entries, want %d", step.name, len(got), step.queued)
		}
		if !s.Seen("main", step.seen) || step.seen != before.Seen && s.Seen("main", before.Seen) {
			t.Errorf("%s: what was seen is not what it is remembered by", step.name)
		}
		if rows := s.Totals("main", item.LocalDay).Rows; rows != 1 {
			t.Errorf("%s: %d rows", step.name, rows)
		}
	}
}

// TestFormat2: what an earlier version has read is parsed again, once, because that version did not
// record how.
func TestFormat2(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "A")
	commitTest(t, s, observation(item))
	drainAll(t, s)
	err := s.db.Update(func(tx *bolt.Tx) error {
		uids := accountBucket(tx, "main").Bucket(uidsBucket).Bucket(dayKey(item.LocalDay))
		v := uids.Get([]byte("u1"))[:shortIdentity]
		if err := uids.Put([]byte("u1"), append([]byte(nil), v...)); err != nil {
			return err
		}
		return tx.Bucket(metaBucket).Put(formatKey, numberKey(2))
	})
	if err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	item.Seen = item.Hash + 1
	if s.Seen("main", item.Seen) {
		t.Error("it is not read again")
	}
	for want := 1; want >= 0; want-- {
		commitTest(t, s, observation(item))
		if got := drainAll(t, s).Entries; len(got) != want {
			t.Errorf("%d entries, want %d", len(got), want)
		}
	}
	if id, _ := s.Lookup("main", "u1"); !id.FirstSeenAt.Equal(noon) || id.Hash != item.Hash {
		t.Errorf("%+v", id)
	}
}

// TestTwins are known by their day until they are forgotten.
func TestTwins(t *testing.T) {
	s := openTest(t, t.TempDir())
	item, twin := row("u1", "A"), row("u1", "B")
	twin.Twin = true
	commitTest(t, s, observation(item, twin, reject("c")))
	s = reopen(t, s)
	want := map[uint64]string{twin.Seen: "u1"}
	if got, err := s.Twins("main", item.LocalDay); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, none := range []string{"main", "other"} {
		if got, err := s.Twins(none, item.LocalDay+1); err != nil || len(got) > 0 {
			t.Errorf("%v, %v", got, err)
		}
	}
	if err := s.ForgetTwins("main", item.LocalDay, []uint64{twin.Seen}); err != nil || s.Seen("main", twin.Seen) || !s.Seen("main", item.Seen) {
		t.Error(err)
	}
	if got, err := s.Twins("main", item.LocalDay); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}
