package store

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// noSync makes tests faster by not waiting for the disk; the transactions are the same.
var noSync = bolt.Options{NoSync: true}

func openTest(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := open(dir, slog.New(slog.DiscardHandler), Options{}, noSync)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func reopen(t *testing.T, s *Store) *Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return openTest(t, filepath.Dir(s.path))
}

// noon is a time on day 20000.
var noon = report.Day(20000).UTC().Add(12 * time.Hour)

// row returns an item of uid with a content.
func row(uid, content string) report.Item {
	raw := fmt.Sprintf(`{"uid":%q,"exp":%q}`, uid, content)
	return report.Item{
		Raw: []byte(raw), Hash: xxhash.Sum64String(raw), Seen: xxhash.Sum64String(raw), Outcome: 1, UID: uid, StartedAt: noon, Duration: time.Minute, LocalDay: report.DayOf(noon),
	}
}

func reject(content string) report.Item {
	it := row("", content)
	it.StartedAt, it.Duration, it.LocalDay = time.Time{}, 0, 0
	return it
}

func observation(items ...report.Item) report.Observation {
	return report.Observation{
		Account: "main", Timezone: "Europe/Istanbul", Day: report.DayOf(noon), FetchedAt: noon, Items: items,
	}
}

func commitTest(t *testing.T, s *Store, o report.Observation) {
	t.Helper()
	if err := s.Commit(o); err != nil {
		t.Fatal(err)
	}
}

// drainAll acknowledges everything queued and returns it.
func drainAll(t *testing.T, s *Store) (all report.QueuedBatch) {
	t.Helper()
	for {
		b, ok, err := s.Next(1000, 1<<20, true)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all.Entries = append(all.Entries, b.Entries...)
		all.Allotments = append(all.Allotments, b.Allotments...)
		all.Snapshots = append(all.Snapshots, b.Snapshots...)
		all.Provisionings = append(all.Provisionings, b.Provisionings...)
		all.Customers = append(all.Customers, b.Customers...)
		all.Days = append(all.Days, b.Days...)
		all.Fetches = append(all.Fetches, b.Fetches...)
		if err := s.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAQueuedRowComesBackAsItWas(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "ğüşiöç")
	item.Charset = "iso-8859-2"
	o := observation(item, reject("?"))
	o.Days = []report.DayStatus{{Account: "main", Day: o.Day, State: report.DayOpen, Rows: 1}}
	o.Fetches = []report.Fetch{{At: noon, Vendor: "alpemix", Account: "main", Job: "today", Outcome: "ok", Rows: 2, Seconds: 0.5}}
	commitTest(t, s, o)
	s = reopen(t, s)
	if rows, oldest := s.QueueStats(); rows != 2 || !oldest.Equal(noon) {
		t.Errorf("queue: %d rows since %v", rows, oldest)
	}
	if !s.Seen("main", item.Hash) || s.Seen("other", item.Hash) || s.Seen("main", item.Hash+1) {
		t.Error("seen does not know what was committed")
	}
	got := drainAll(t, s)
	want := report.Entry{
		Account: "main", Timezone: "Europe/Istanbul", Raw: item.Raw, Charset: "iso-8859-2", Hash: item.Hash,
		FetchedAt: noon, FirstSeenAt: noon, Version: uint64(noon.UnixMicro()),
	}
	if len(got.Entries) != 2 || fmt.Sprint(got.Entries[0]) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got.Entries, want)
	}
	o.Days[0].Version = want.Version
	if len(got.Days) != 1 || got.Days[0] != o.Days[0] {
		t.Errorf("days: %v", got.Days)
	}
	if len(got.Fetches) != 1 || got.Fetches[0] != o.Fetches[0] {
		t.Errorf("fetches: %v", got.Fetches)
	}
	if rows, _ := s.QueueStats(); rows != 0 {
		t.Errorf("%d rows left", rows)
	}
}
