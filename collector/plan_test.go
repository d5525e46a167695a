package collector

import (
	"testing"
	"time"

	"alpemix-collector/report"
)

var istanbul = mustZone("Europe/Istanbul")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func testAccount(t *testing.T, name string) *account {
	t.Helper()
	a, err := newAccount(Account{Name: name, Location: istanbul, Today: "@every 20s", Yesterday: "5 0,3 * * *"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestChooseTakesYesterdayThenNearestDeadlineThenTurns(t *testing.T) {
	now := time.Date(2024, 8, 22, 12, 0, 0, 0, time.UTC)
	yesterday := func(hours int) want { return want{first: true, deadline: now.Add(time.Duration(hours) * time.Hour)} }
	failing := func(minutesAgo int) want {
		return want{deadline: now.Add(time.Hour), askedAt: now.Add(-time.Duration(minutesAgo) * time.Minute)}
	}
	today := func(minutesAgo int) want { return want{askedAt: now.Add(-time.Duration(minutesAgo) * time.Minute)} }
	notYet := func(w want, seconds int) want {
		w.since = now.Add(time.Duration(seconds) * time.Second)
		return w
	}
	for _, tc := range []struct {
		name  string
		wants []want
		want  int // index of the chosen, -1 for none
		until time.Time
	}{
		{"nothing wanted", nil, -1, time.Time{}},
		{"yesterday before today", []want{today(60), yesterday(20)}, 1, time.Time{}},
		{"the nearest deadline", []want{yesterday(9), yesterday(3), yesterday(5)}, 1, time.Time{}},
		{"who waited longest", []want{today(1), today(3), today(2)}, 1, time.Time{}},
		{"a yesterday that fails takes turns", []want{failing(2), today(3), failing(4), today(1)}, 2, time.Time{}},
		{"and does not starve today", []want{failing(2), today(3)}, 1, time.Time{}},
		{"a paused yesterday does not stop today", []want{notYet(yesterday(1), 30), today(1)}, 1, time.Time{}},
		{"when all pause, the first to end", []want{notYet(yesterday(1), 30), notYet(today(1), 10)}, -1, now.Add(10 * time.Second)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, until := choose(now, tc.wants)
			switch {
			case tc.want < 0 && got != nil:
				t.Fatalf("chose %+v, want none", got)
			case tc.want >= 0 && (got == nil || *got != tc.wants[tc.want]):
				t.Fatalf("chose %+v, want %+v", got, tc.wants[tc.want])
			}
			if !until.Equal(tc.until) {
				t.Errorf("until %v, want %v", until, tc.until)
			}
		})
	}
}

func TestWantsFollowFromState(t *testing.T) {
	noon := time.Date(2024, 8, 22, 12, 0, 0, 0, istanbul)
	midnight := time.Date(2024, 8, 22, 0, 1, 0, 0, istanbul)
	for _, tc := range []struct {
		name  string
		now   time.Time
		state report.DayState
		set   func(*account)
		kinds string
		since time.Time // of the first want
	}{
		{"a sealed day and no tick: nothing", noon, report.DaySealed, func(*account) {}, "", time.Time{}},
		{"an open day needs no tick", noon, report.DayOpen, func(*account) {}, "yesterday ", time.Time{}},
		{"right after midnight it waits", midnight, report.DayOpen, func(*account) {}, "yesterday ", midnight.Add(4 * time.Minute)},
		{"a day lost by a wrong clock can still be read", noon, report.DayGap, func(*account) {}, "yesterday ", time.Time{}},
		{
			"an answer for another day is not requested again at once", noon, report.DayOpen,
			func(a *account) { a.unsealed.Until = noon.Add(time.Minute) }, "yesterday ", noon.Add(time.Minute),
		},
		{"a tick reads a sealed day again", noon, report.DaySealed, func(a *account) { a.yesterdayDue = true }, "yesterday ", time.Time{}},
		{"a tick for today", noon, report.DaySealed, func(a *account) { a.todayDue = true }, "today ", time.Time{}},
		{
			"refused credentials pause both", noon, report.DayOpen,
			func(a *account) { a.todayDue, a.pauses[report.Token].Until = true, noon.Add(time.Hour) }, "yesterday today ", noon.Add(time.Hour),
		},
		{
			"an unreadable yesterday does not pause today", noon, report.DaySealed,
			func(a *account) { a.todayDue, a.pauses[report.Yesterday].Until = true, noon.Add(time.Hour) }, "today ", time.Time{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := testAccount(t, "main")
			a.todayDue, a.yesterdayDue = false, false
			tc.set(a)
			kinds := ""
			ws := a.wants(tc.now, report.DayStatus{State: tc.state})
			for _, w := range ws {
				kinds += string(w.job.window.Kind) + " "
			}
			if kinds != tc.kinds {
				t.Fatalf("wants %q, want %q", kinds, tc.kinds)
			}
			if len(ws) > 0 && tc.since.After(tc.now) && !ws[0].since.Equal(tc.since) {
				t.Errorf("not before %v, want %v", ws[0].since, tc.since)
			}
			if len(ws) > 0 && tc.since.IsZero() && ws[0].since.After(tc.now) {
				t.Errorf("not before %v, want now", ws[0].since)
			}
		})
	}
}

func TestTodayWindow(t *testing.T) {
	now := time.Date(2024, 8, 22, 12, 0, 0, 0, istanbul)
	day := report.DayOf(now)
	big := wholeRead{day: day, askedAt: now.Add(-20 * time.Second), rows: 10_000}
	aged := func(d time.Duration) wholeRead { w := big; w.askedAt = now.Add(-d); return w }
	asked := now.Add(-20 * time.Second)
	small := big
	small.rows = wholeBelow - 1
	for _, tc := range []struct {
		name   string
		whole  wholeRead
		latest int
		want   string
	}{
		{"at start", wholeRead{}, 0, "today"},
		{"a small day is always read completely", small, 0, "today"},
		{"a large day is read in part between", big, 0, "latest 50"},
		{"as many as were new", big, 300, "latest 300"},
		{"a part as large as the day is the day", big, 10_000, "today"},
		{"in time for a session that ended late", aged(81 * time.Second), 0, "today"},
		{"not too early", aged(80 * time.Second), 0, "latest 50"},
		{"yesterday's whole read does not count", wholeRead{day - 1, now.Add(-time.Second), 10_000}, 0, "today"},
		{"a clock set back", aged(-time.Hour), 0, "today"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := todayWindow(now, day, tc.whole, asked, tc.latest).String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestNextLatestWidensUntilItOverlaps(t *testing.T) {
	for _, tc := range []struct {
		asked, rows, fresh int
		overlaps           bool
		latest             int
		again              bool
	}{
		{50, 50, 3, true, 50, false},
		{50, 50, 50, false, 200, true},
		{200, 200, 140, true, 280, false},
		{50, 20, 20, false, 50, false}, // the whole day is shorter than what was asked
	} {
		latest, again := nextLatest(tc.asked, tc.rows, tc.fresh, tc.overlaps)
		if latest != tc.latest || again != tc.again {
			t.Errorf("nextLatest(%d, %d, %d, %v) = %d, %v, want %d, %v",
				tc.asked, tc.rows, tc.fresh, tc.overlaps, latest, again, tc.latest, tc.again)
		}
	}
}
