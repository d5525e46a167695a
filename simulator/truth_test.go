package simulator

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// read is what a collector stores of a report: its rows, oldest first.
func read(t *testing.T, account string, body []byte) []report.Connection {
	t.Helper()
	var rows []report.Connection
	for _, w := range decode(t, body) {
		rows = append(rows, w.connection(t, account))
	}
	slices.SortFunc(rows, inOrder)
	return rows
}

func same(t *testing.T, what string, got, want []report.Connection) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%s: row %d is\n%+v, want\n%+v", what, i, got[i], want[i])
			return
		}
	}
}

func TestTruthIsWhatAReportSays(t *testing.T) {
	for _, q := range []Quirks{{}, {EndedOnly: true}, {EscapeUnicode: true}, {EscapeUnicode: true, Charset: Windows1254}, {DayOffset: 3 * time.Hour}, {FlipDelay: -time.Hour}, {ExtraKeys: true}} {
		b := newBench(t, Options{Quirks: q})
		for hour := 6; hour < 24; hour += 3 {
			at := monday.Start(Istanbul).Add(time.Duration(hour)*time.Hour + 17*time.Second)
			same(t, fmt.Sprintf("%+v at %s", q, at), read(t, "main", b.Report("main", monday, at)), b.Truth("main", monday, monday, at))
		}
	}
}

func TestTruthOfAReplacingCharset(t *testing.T) {
	b := newBench(t, Options{Quirks: Quirks{Charset: Windows1254}})
	marks := 0
	for _, c := range b.Truth("main", monday, monday+4, later) {
		if strings.ContainsAny(c.Explanation+c.Target.Name, "👍☎") {
			t.Fatalf("%q cannot arrive", c.Explanation+c.Target.Name)
		}
		if strings.HasSuffix(c.Explanation, " ?") || strings.HasSuffix(c.Target.Name, " ?") {
			marks++
		}
	}
	if marks == 0 {
		t.Error("nothing was replaced")
	}
}

// TestShownIsTruthForWhoReadsOften polls two days until they are gone: who reads often holds what can be known, also
// of rows that vanish.
func TestShownIsTruthForWhoReadsOften(t *testing.T) {
	for _, q := range []Quirks{{}, {EndedOnly: true}, {Vanish: 0.1}, {DayOffset: -2 * time.Hour}, {FlipDelay: 10 * time.Minute}, {FlipDelay: -10 * time.Minute}} {
		b := newBench(t, Options{World: &World{PerWorkday: 40, HourlyMinimum: 2}, Quirks: q, Record: true, Limits: Limits{TokenLife: 1000 * time.Hour}})
		b.now = monday.Start(Istanbul).Add(q.DayOffset + q.FlipDelay)
		token, end := b.token(), b.now.Add(72*time.Hour)
		step := 10 * time.Minute
		if q.Vanish > 0 {
			step = time.Minute
		}
		for ; b.now.Before(end); b.now = b.now.Add(step) {
			b.post(fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":1}`, token))
			b.post(fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":2}`, token))
		}
		var got []report.Connection
		for _, c := range b.Shown("main") {
			if day := report.DayOf(c.StartedAt.Add(-q.DayOffset).In(Istanbul)); day == monday || day == monday+1 {
				got = append(got, c)
			}
		}
		want := b.Truth("main", monday, monday+1, end)
		if q.Vanish > 0 { // what was typed just before the row vanished may have been missed
			for _, list := range [][]report.Connection{got, want} {
				for i := range list {
					list[i].Explanation, list[i].SupportNumber = "", ""
				}
			}
		}
		same(t, fmt.Sprintf("%+v", q), got, want)
	}
}

func TestTruthEndsWhenTheDayCannotBeRead(t *testing.T) {
	b := newBench(t, Options{})
	open, gone := monday.Start(Istanbul), (monday + 2).Start(Istanbul)
	if n := len(b.Truth("main", monday, monday+9, open.Add(-time.Second))); n != 0 {
		t.Errorf("%d connections before the day", n)
	}
	same(t, "afterwards", b.Truth("main", monday, monday, gone.Add(90*24*time.Hour)), b.Truth("main", monday, monday, gone.Add(-time.Second)))
}

func TestWhichDayTodayIs(t *testing.T) {
	midnight := (monday + 1).Start(Istanbul)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		quirks Quirks
		flip   time.Time
	}{
		{Quirks{}, midnight},
		{Quirks{Zone: time.UTC}, midnight.Add(3 * time.Hour)},
		{Quirks{Zone: berlin}, midnight.Add(time.Hour)},
		{Quirks{DayOffset: 2 * time.Hour}, midnight.Add(2 * time.Hour)},
		{Quirks{FlipDelay: 10 * time.Minute}, midnight.Add(10 * time.Minute)},
		{Quirks{FlipDelay: -10 * time.Minute}, midnight.Add(-10 * time.Minute)},
	} {
		b := newBench(t, Options{World: &World{HourlyMinimum: 30}, Quirks: test.quirks, Limits: Limits{Reports: 100}})
		b.now = test.flip.Add(-time.Second)
		token := b.token()
		ask := func(number int) string {
			return b.post(fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":%d}`, token, number))
		}
		if got, want := ask(1), string(b.Report("main", monday, b.now)); got != want {
			t.Errorf("%+v: today before the flip is %.200s, want %.200s", test.quirks, got, want)
		}
		b.now = test.flip
		if got, want := ask(2), string(b.Report("main", monday, b.now)); got != want {
			t.Errorf("%+v: yesterday after the flip is %.200s, want %.200s", test.quirks, got, want)
		}
		if got, want := ask(1), string(b.Report("main", monday+1, b.now)); got != want {
			t.Errorf("%+v: today after the flip is %.200s, want %.200s", test.quirks, got, want)
		}
	}
}

// TestWrongZoneIsReadWrongly: what a collector stores that believes in another zone than the vendor writes in.
func TestWrongZoneIsReadWrongly(t *testing.T) {
	b := newBench(t, Options{})
	b.SetQuirks(Quirks{Zone: time.FixedZone("", 2*60*60)})
	at := monday.Start(Istanbul).Add(15 * time.Hour)
	same(t, "an hour off", b.Truth("main", monday, monday, at), read(t, "main", b.Report("main", monday, at)))
}

func TestRepeatedHourIsReadAsTheFirst(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	q := Quirks{Zone: berlin}
	for _, test := range []struct{ start, want string }{
		{"2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"}, // 02:30, first time
		{"2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"}, // 02:30, second time
		{"2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
		{"2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"}, // after the missing hour
		{"2026-07-01T01:30:00Z", "2026-07-01T01:30:00Z"},
	} {
		start, _ := time.Parse(time.RFC3339, test.start)
		if got := q.readAs(start, berlin).Format(time.RFC3339); got != test.want {
			t.Errorf("%s is read as %s, want %s", test.start, got, test.want)
		}
	}
}

func TestMissingHourIsReadAsIfTheClocksHadNotChanged(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	q := Quirks{Zone: time.UTC} // writes 02:30, which Berlin skips
	start := time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC)
	if got := q.readAs(start, berlin); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("%s is read as %s", start, got)
	}
}

func TestQuirksChangeWhileServing(t *testing.T) {
	b := newBench(t, Options{Accounts: []Account{{Name: "main", Username: "acme", SecretKey: "s3cr3t"}, {Name: "other"}}, Record: true})
	before := string(b.Report("other", monday, b.now))
	plain := b.latest(b.token())
	b.SetQuirks(Quirks{Compact: true, Dur: DurPlain, NumericUID: true}, "main")
	changed := b.latest(b.token())
	if strings.Contains(plain, `"dur":`) || !strings.Contains(changed, `,"dur":`) {
		t.Errorf("before %s after %s", plain, changed)
	}
	if string(b.Report("other", monday, b.now)) != before {
		t.Error("the other account's reports changed, too")
	}
	if shown := b.Shown("main"); len(shown) != 1 {
		t.Errorf("%d rows were shown", len(shown))
	}
}

func TestVanishedRowsStayTrue(t *testing.T) {
	b := newBench(t, Options{Quirks: Quirks{Vanish: 0.2}})
	reported := read(t, "main", b.Report("main", monday, later))
	truth := b.Truth("main", monday, monday, later)
	if len(reported) == 0 || len(reported) > len(truth)*9/10 {
		t.Errorf("%d of %d rows are left", len(reported), len(truth))
	}
	left := map[string]bool{}
	for _, c := range reported {
		left[c.UID] = true
	}
	for _, c := range truth {
		delete(left, c.UID)
		if c.Duration < shortest*time.Second {
			t.Errorf("%+v vanished before its end", c)
		}
	}
	if len(left) != 0 {
		t.Errorf("%d reported rows are not true", len(left))
	}
}
