package store

import (
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

func entries(b report.QueuedBatch) (raws []string) {
	for _, e := range b.Entries {
		raws = append(raws, string(e.Raw))
	}
	return raws
}

// transactions counts the write transactions that do commits.
func transactions(t *testing.T, s *Store, do func()) int {
	t.Helper()
	id := func() int {
		tx, err := s.db.Begin(false)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		return tx.ID()
	}
	before := id()
	do()
	return id() - before
}

func TestAnEditThatIsTakenBackIsStoredAgain(t *testing.T) {
	s := openTest(t, t.TempDir())
	a, b := row("u1", "A"), row("u1", "B")
	at := noon
	for i, item := range []report.Item{a, b, a, b, a} {
		if s.Seen("main", item.Hash) {
			t.Fatalf("step %d: %s is seen", i, item.Raw)
		}
		o := observation(item)
		at = at.Add(time.Minute)
		o.FetchedAt = at
		commitTest(t, s, o)
		if i == 2 {
			s = reopen(t, s)
		}
		if other := (map[uint64]uint64{a.Hash: b.Hash, b.Hash: a.Hash})[item.Hash]; !s.Seen("main", item.Hash) || s.Seen("main", other) {
			t.Fatalf("step %d: the current content is seen: %v, the other: %v", i, s.Seen("main", item.Hash), s.Seen("main", other))
		}
	}
	got := drainAll(t, s).Entries
	if len(got) != 5 {
		t.Fatalf("%d entries", len(got))
	}
	for i, e := range got {
		if !e.FirstSeenAt.Equal(noon.Add(time.Minute)) || !e.MovedFrom.IsZero() {
			t.Errorf("entry %d: first seen %v, moved from %v", i, e.FirstSeenAt, e.MovedFrom)
		}
		if i > 0 && e.Version <= got[i-1].Version {
			t.Errorf("version %d after %d", e.Version, got[i-1].Version)
		}
	}
}

func TestAMovedStartNamesTheOldOne(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "A")
	commitTest(t, s, observation(item))
	moved := row("u1", "B")
	moved.StartedAt = noon.Add(-25 * time.Hour)
	moved.LocalDay--
	commitTest(t, s, observation(moved))
	got := drainAll(t, s).Entries
	if len(got) != 2 || !got[0].MovedFrom.IsZero() || !got[1].MovedFrom.Equal(noon) {
		t.Errorf("%v", got)
	}
	id, ok := s.Lookup("main", "u1")
	want := report.Identity{Hash: moved.Hash, Seen: moved.Seen, Outcome: moved.Outcome, StartedAt: moved.StartedAt, Duration: time.Minute, FirstSeenAt: noon, LocalDay: moved.LocalDay}
	if !ok || id != want {
		t.Errorf("%+v", id)
	}
	for day, rows := range map[report.Day]int{item.LocalDay: 0, moved.LocalDay: 1} {
		expected, err := s.Expected("main", day)
		if err != nil || len(expected) != rows || s.Totals("main", day).Rows != uint64(rows) {
			t.Errorf("%v: %v %v, %v", day, expected, err, s.Totals("main", day))
		}
	}
}

func TestOfTwoContentsOfOneUIDTheFirstIsQueued(t *testing.T) {
	twin := row("u2", "B")
	twin.Twin = true
	items := []report.Item{row("u1", "A"), row("u1", "B"), row("u2", "A"), twin, row("u1", "A")}
	s := openTest(t, t.TempDir())
	commitTest(t, s, observation(items...))
	s = reopen(t, s)
	for _, item := range items {
		if !s.Seen("main", item.Hash) {
			t.Errorf("%s is not seen: the next poll would bring it again", item.Raw)
		}
	}
	queued := drainAll(t, s)
	if got := entries(queued); strings.Join(got, "") != string(items[0].Raw)+string(items[2].Raw)+string(twin.Raw) {
		t.Errorf("%q", got)
	}
	if !queued.Entries[2].Twin || queued.Entries[1].Twin {
		t.Errorf("twins: %+v", queued.Entries)
	}
	if id, _ := s.Lookup("main", "u1"); id.Hash != items[0].Hash {
		t.Error("the first content does not count")
	}
}

func TestRejectsAreQueuedOnce(t *testing.T) {
	s := openTest(t, t.TempDir())
	long := row(strings.Repeat("x", maxUID+1), "a UID that is too long for a key")
	commitTest(t, s, observation(reject("a"), reject("a"), long))
	if !s.Seen("main", reject("a").Hash) || !s.Seen("main", long.Hash) {
		t.Error("not seen")
	}
	commitTest(t, s, observation(reject("a")))
	if got := drainAll(t, s).Entries; len(got) != 2 {
		t.Errorf("%d entries", len(got))
	}
	if expected, err := s.Expected("main", long.LocalDay); err != nil || len(expected) != 0 {
		t.Errorf("%v %v", expected, err)
	}
}

func TestAnItemThatIsAlreadyQueuedIsSkipped(t *testing.T) {
	s := openTest(t, t.TempDir())
	item := row("u1", "A")
	commitTest(t, s, observation(item))
	commitTest(t, s, observation(item))
	if rows, _ := s.QueueStats(); rows != 1 {
		t.Errorf("%d rows", rows)
	}
}

func TestVersionsGrowAlthoughTheClockIsSetBack(t *testing.T) {
	s := openTest(t, t.TempDir())
	var versions []uint64
	for _, back := range []time.Duration{0, 0, time.Hour, 48 * time.Hour, -time.Hour} {
		o := observation(row("u1", back.String()+string(rune('a'+len(versions)))))
		o.FetchedAt = noon.Add(-back)
		o.Day = report.DayOf(o.FetchedAt)
		commitTest(t, s, o)
		b := drainAll(t, s)
		versions = append(versions, b.Entries[0].Version)
		s = reopen(t, s)
	}
	for i := 1; i < len(versions); i++ {
		if versions[i] <= versions[i-1] {
			t.Errorf("%v", versions)
		}
	}
	if want := uint64(noon.Add(time.Hour).UnixMicro()); versions[4] != want {
		t.Errorf("a version is the time of the fetch again, %d, not %d", want, versions[4])
	}
}

func TestNothingNewIsNoTransaction(t *testing.T) {
	s := openTest(t, t.TempDir())
	open := report.DayStatus{Account: "main", Day: 1, State: report.DayOpen}
	o := observation()
	o.Days = []report.DayStatus{open}
	commitTest(t, s, o)
	fetch := report.Fetch{At: noon, Account: "main", Outcome: "ok"}
	o.Fetches = []report.Fetch{fetch}
	drainAll(t, s)
	if n := transactions(t, s, func() {
		commitTest(t, s, observation())
		commitTest(t, s, o)
		if err := s.Prune("main", o.Day); err != nil {
			t.Error(err)
		}
		if _, ok, err := s.Next(1, 1, false); ok || err != nil {
			t.Error(ok, err)
		}
	}); n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestForgottenConnectionsAreQueuedAgain(t *testing.T) {
	s := openTest(t, t.TempDir())
	a, b := row("u1", "A"), row("u2", "B")
	commitTest(t, s, observation(a, b))
	drainAll(t, s)
	if err := s.Forget("main", []string{"u1", "unknown"}); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	if s.Seen("main", a.Hash) || !s.Seen("main", b.Hash) {
		t.Error("seen is wrong")
	}
	if expected, err := s.Expected("main", a.LocalDay); err != nil || len(expected) != 2 {
		t.Errorf("%v %v", expected, err)
	}
	o := observation(a)
	o.FetchedAt = noon.Add(time.Hour)
	commitTest(t, s, o)
	if got := drainAll(t, s).Entries; len(got) != 1 || !got[0].FirstSeenAt.Equal(noon) || got[0].Version != uint64(o.FetchedAt.UnixMicro()) {
		t.Errorf("%v", got)
	}
	if !s.Seen("main", a.Hash) || s.Totals("main", a.LocalDay).Rows != 2 {
		t.Errorf("seen %v, %v", s.Seen("main", a.Hash), s.Totals("main", a.LocalDay))
	}
}

func TestPruneForgetsDaysThatAreGone(t *testing.T) {
	s := openTest(t, t.TempDir())
	var days []report.Item
	for i := range report.Day(4) {
		item := row("u"+string(rune('0'+i)), "A")
		item.LocalDay += i
		o := observation(item, reject("r"+string(rune('0'+i))))
		o.Day += i
		o.Days = []report.DayStatus{{Account: "main", Day: o.Day, State: report.DayOpen}}
		commitTest(t, s, o)
		days = append(days, item)
	}
	// An edit on a later day keeps a connection for longer.
	edited := row("u0", "B")
	o := observation(edited)
	o.Day += 3
	commitTest(t, s, o)
	if err := s.Prune("main", days[2].LocalDay); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i, want := range []bool{false, false, true, true} {
			_, known := s.Lookup("main", days[i].UID)
			if s.Seen("main", days[i].Hash) != want || known != (want || i == 0) || s.Seen("main", reject("r"+string(rune('0'+i))).Hash) != want {
				t.Errorf("day %d: seen %v, known %v", i, s.Seen("main", days[i].Hash), known)
			}
			if total := s.Totals("main", days[i].LocalDay); (total.Rows == 1) != (want || i == 0) {
				t.Errorf("day %d: %v", i, total)
			}
		}
		if !s.Seen("main", edited.Hash) {
			t.Error("the edited connection is forgotten")
		}
		s = reopen(t, s)
	}
	if got := len(s.Days("main")); got != 4 {
		t.Errorf("%d days: their states are to be kept", got)
	}
}

func TestDaysAreKeptInOrder(t *testing.T) {
	s := openTest(t, t.TempDir())
	o := observation()
	o.Days = []report.DayStatus{
		{Account: "main", Day: 5, State: report.DayOpen}, {Account: "main", Day: -3, State: report.DayGap}, {Account: "main", Day: 4, State: report.DayOpen},
	}
	commitTest(t, s, o)
	o.Days = []report.DayStatus{{Account: "main", Day: 4, State: report.DaySealed, Rows: 7, SealedAt: time.Now()}}
	commitTest(t, s, o)
	for range 2 {
		got := s.Days("main")
		if len(got) != 3 || got[0].Day != -3 || got[1].Day != 4 || got[1].State != report.DaySealed || got[1].Rows != 7 || got[2].Day != 5 {
			t.Errorf("%v", got)
		}
		if !got[1].SealedAt.Equal(o.Days[0].SealedAt) || got[1].Version <= got[0].Version {
			t.Errorf("%+v", got[1])
		}
		s = reopen(t, s)
	}
	if b := drainAll(t, s); len(b.Days) != 4 || b.Days[3].State != report.DaySealed {
		t.Errorf("%v", b.Days)
	}
	if got := s.Days("nobody"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestTotalsCountWhatIsKnown(t *testing.T) {
	s := openTest(t, t.TempDir())
	long := row("u2", "B")
	long.Duration = time.Hour
	commitTest(t, s, observation(row("u1", "A"), long, reject("?")))
	want := report.DayTotal{Rows: 2, Seconds: 3660}
	for range 2 {
		if got := s.Totals("main", long.LocalDay); got != want {
			t.Errorf("%v", got)
		}
		s = reopen(t, s)
	}
	longer := row("u2", "C")
	longer.Duration = 2 * time.Hour
	commitTest(t, s, observation(longer))
	if got := s.Totals("main", long.LocalDay); got != (report.DayTotal{Rows: 2, Seconds: 7260}) {
		t.Errorf("%v", got)
	}
	if got := s.Totals("nobody", 1); got != (report.DayTotal{}) {
		t.Errorf("%v", got)
	}
}
