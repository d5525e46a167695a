package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alpemix-collector/report"
)

// model is a vendor, a collector and a ClickHouse around a Store: polls of a list that is edited at
// random, batches that are written and acknowledged or not, restarts and kills.
type model struct {
	t      *testing.T
	s      *Store
	now    time.Time
	vendor map[string]report.Item // by UID: what the vendor lists
	polled map[string]report.Item // as of the last poll
	table  map[string]stored      // by start and UID: what ClickHouse holds
}

type stored struct {
	version uint64
	hash    uint64
	deleted bool
}

var starts = []time.Time{noon, noon.Add(-time.Hour), noon.Add(-time.Minute)}

func (m *model) edit(t *rapid.T) {
	uid := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "uid")
	start := rapid.IntRange(0, len(starts)-1).Draw(t, "start")
	item := row(uid, fmt.Sprint(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "content"), start))
	item.StartedAt = starts[start]
	m.vendor[uid] = item
}

func (m *model) poll(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(-2000, 20_000).Draw(t, "ms")) * time.Millisecond)
	o := observation()
	o.FetchedAt = m.now
	for _, item := range m.vendor {
		if !m.s.Seen("main", item.Hash) {
			o.Items = append(o.Items, item)
		}
	}
	if err := m.s.Commit(o); err != nil {
		t.Fatal(err)
	}
	m.polled = maps.Clone(m.vendor)
}

// write is one try of a batch; it reaches ClickHouse whether or not we learn of it.
func (m *model) write(t *rapid.T) {
	b, ok, err := m.s.Next(rapid.IntRange(1, 5).Draw(t, "rows"), 1<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return
	}
	for _, e := range b.Entries {
		var rec struct{ UID, Exp string }
		if err := json.Unmarshal(e.Raw, &rec); err != nil {
			t.Fatal(err)
		}
		if !e.MovedFrom.IsZero() {
			m.put(e.MovedFrom, rec.UID, stored{e.Version, e.Hash, true})
		}
		m.put(starts[rec.Exp[1]-'0'], rec.UID, stored{e.Version, e.Hash, false})
	}
	if rapid.Bool().Draw(t, "acknowledged") {
		if err := m.s.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *model) put(start time.Time, uid string, s stored) {
	key := start.String() + uid
	if old, ok := m.table[key]; !ok || s.version >= old.version {
		m.table[key] = s
	}
}

func (m *model) kill(t *rapid.T) {
	b, err := os.ReadFile(m.s.path)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(m.s.path), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fileName), b, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = m.s.Close()
	m.s = openTest(m.t, dir)
}

// check drains the queue and compares ClickHouse with the last poll.
func (m *model) check(t *rapid.T) {
	for {
		if _, ok, err := m.s.Next(100, 1<<20, true); err != nil || !ok {
			break
		}
		m.write(t)
	}
	if rows, _ := m.s.QueueStats(); rows != 0 {
		t.Fatalf("%d rows in an empty queue", rows)
	}
	want, got := map[string]uint64{}, map[string]uint64{}
	for uid, item := range m.polled {
		want[item.StartedAt.String()+uid] = item.Hash
	}
	for key, s := range m.table {
		if !s.deleted {
			got[key] = s.hash
		}
	}
	if !maps.Equal(got, want) {
		t.Fatalf("ClickHouse holds %v\nthe vendor listed  %v", got, want)
	}
	expected, err := m.s.Expected("main", report.DayOf(noon))
	if err != nil || len(expected) != len(want) || m.s.Totals("main", report.DayOf(noon)).Rows != uint64(len(want)) {
		t.Fatalf("expected %v %v, total %v", expected, err, m.s.Totals("main", report.DayOf(noon)))
	}
}

// TestClickHouseMatchesTheVendor is the promise of this package: whatever is edited, retried,
// restarted or killed, each connection is there once, with the content that was read last.
func TestClickHouseMatchesTheVendor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{
			t: t, s: openTest(t, t.TempDir()), now: noon,
			vendor: map[string]report.Item{}, polled: map[string]report.Item{}, table: map[string]stored{},
		}
		rt.Repeat(map[string]func(*rapid.T){
			"edit": m.edit, "poll": m.poll, "write": m.write, "kill": m.kill, "check": m.check,
			"restart": func(*rapid.T) { m.s = reopen(t, m.s) },
			"forget": func(t *rapid.T) {
				if err := m.s.Forget("main", []string{rapid.SampledFrom([]string{"a", "b", "e"}).Draw(t, "uid")}); err != nil {
					t.Fatal(err)
				}
			},
		})
		m.check(rt)
		_ = m.s.Close()
	})
}
