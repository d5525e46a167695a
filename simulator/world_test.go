package simulator

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"alpemix-collector/report"
)

var (
	monday = report.DayOf(time.Date(2026, 7, 6, 0, 0, 0, 0, time.UTC))
	later  = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
)

func TestEveryDayFollowsFromSeedAccountAndDate(t *testing.T) {
	one, other := &World{Seed: 7}, &World{Seed: 7}
	for day := monday; day < monday+5; day++ {
		one.Connections("b", day, later)
	}
	for _, day := range []report.Day{monday + 4, monday, monday + 9} {
		a, b := one.Connections("a", day, later), other.Connections("a", day, later)
		if len(a) == 0 || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: two worlds of one seed differ", day)
		}
		if reflect.DeepEqual(a, one.Connections("b", day, later)) {
			t.Errorf("%s: two accounts have the same connections", day)
		}
		if reflect.DeepEqual(a, (&World{Seed: 8}).Connections("a", day, later)) {
			t.Errorf("%s: two seeds have the same connections", day)
		}
	}
}

func TestForgettingDaysChangesNothing(t *testing.T) {
	w := &World{PerWorkday: 300_000}
	before := w.Connections("a", monday+6, later)
	for day := monday; day < monday+14; day++ {
		w.each("a", day.Start(Istanbul), (day + 1).Start(Istanbul), func(*deskDay, int) bool { return false })
	}
	if w.slots > cachedSlots || len(w.days) == 14 {
		t.Errorf("%d sessions of %d days are kept in memory", w.slots, len(w.days))
	}
	if !reflect.DeepEqual(before, w.Connections("a", monday+6, later)) {
		t.Error("a day made again is another")
	}
}

func TestDeskIsBelievable(t *testing.T) {
	w := &World{Seed: 3}
	hours, staff, targets, overlaps, total := [24]int{}, map[string]bool{}, map[string]bool{}, 0, 0
	for day := monday; day < monday+5; day++ {
		list := w.Connections("main", day, later)
		if len(list) < 200 || len(list) > 420 {
			t.Errorf("%s, a workday, has %d connections", day, len(list))
		}
		until := map[string]time.Time{}
		for _, c := range slices.Backward(list) {
			hours[c.StartedAt.In(Istanbul).Hour()]++
			staff[c.Staff.Name], targets[c.Target.AlpemixID] = true, true
			if c.StartedAt.Before(until[c.Staff.AlpemixID]) {
				overlaps++
			}
			until[c.Staff.AlpemixID] = c.StartedAt.Add(c.Duration)
			total++
		}
	}
	if n := len(staff); n < 15 || n > 25 {
		t.Errorf("%d people", n)
	}
	if len(targets) < 200 {
		t.Errorf("%d targets", len(targets))
	}
	if hours[12] >= hours[10]*2/3 || hours[12] >= hours[14]*2/3 || hours[3] > 10 || hours[20] == 0 {
		t.Errorf("hours of five workdays: %v", hours)
	}
	if overlaps == 0 || overlaps*10 > total {
		t.Errorf("%d of %d sessions overlap another of the same person", overlaps, total)
	}
	for _, quiet := range []string{"2026-07-12", "2026-07-15", "2026-05-28"} { // a Sunday, a fixed and a moving holiday
		day, _ := report.ParseDay(quiet)
		if n := len(w.Connections("main", day, later)); n == 0 || n > 40 {
			t.Errorf("%s has %d connections", day, n)
		}
	}
}

func TestSundayNightIsNotEmptyIfAskedFor(t *testing.T) {
	w := &World{HourlyMinimum: 6}
	perHour := map[int64]int{}
	for _, c := range w.Connections("main", monday-1, later) {
		perHour[c.StartedAt.Truncate(time.Hour).Unix()]++
	}
	for hour := range 24 {
		if n := perHour[(monday-1).Start(Istanbul).Unix()+int64(hour)*3600]; n < 4 {
			t.Errorf("hour %d has %d connections", hour, n)
		}
	}
}

func TestTextsHoldWhatBreaksReaders(t *testing.T) {
	w := &World{}
	var all strings.Builder
	anonymous, presentations, foreign, emptyTarget, zeroID := 0, 0, 0, 0, 0
	for day := monday; day < monday+10; day++ {
		for _, c := range w.Connections("main", day, later) {
			text := c.Explanation + "\x00" + c.Target.Name + "\x00" + c.Staff.Name + "\x00"
			all.WriteString(text)
			if c.Staff.Name == "" && c.Explanation == "" && c.SupportNumber == "" {
				anonymous++
			}
			if c.Target.Name == "" {
				emptyTarget++
			}
			if c.Mode == report.ModePresentation {
				presentations++
			}
			if c.Target.AlpemixID[0] == '0' {
				zeroID++
			}
			if _, err := charmap.Windows1254.NewEncoder().String(text); err != nil {
				foreign++
			}
			if len(c.Target.AlpemixID) != 9 || len(c.Staff.AlpemixID) != 9 {
				t.Errorf("Alpemix ids %q and %q", c.Staff.AlpemixID, c.Target.AlpemixID)
			}
		}
	}
	for _, want := range []string{"ğ", "ü", "ş", "ı", "ö", "ç", "İ", "\r\n", "\t", "\"", `OFIS\berk`, `C:\new`, `\YEDEK\` + "\x00", "👍", `\u2024`} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("nobody wrote %q in ten days", want)
		}
	}
	for what, n := range map[string]int{"anonymous": anonymous, "presentation": presentations, "outside windows-1254": foreign, "nameless target": emptyTarget, "leading zero": zeroID} {
		if n == 0 || n > 800 {
			t.Errorf("%d connections are: %s", n, what)
		}
	}
}

func TestSessionsRunEndAndAreDescribedLater(t *testing.T) {
	w := &World{}
	end := (monday + 1).Start(Istanbul)
	last := map[string]report.Connection{}
	grew, described, changed := 0, 0, 0
	for at := monday.Start(Istanbul); at.Before(end.Add(20 * time.Hour)); at = at.Add(5 * time.Minute) {
		for _, c := range w.Connections("main", monday, at) {
			before, known := last[c.UID]
			if c.StartedAt.After(at) || c.Duration > at.Sub(c.StartedAt) {
				t.Fatalf("at %s: %+v is from the future", at, c)
			}
			if known && c.Duration > before.Duration {
				grew++
			}
			if known && before.Explanation == "" && c.Explanation != "" {
				described++
			}
			if known && before.Explanation != "" && c.Explanation != before.Explanation {
				changed++
			}
			if at.After(end.Add(19*time.Hour)) && !reflect.DeepEqual(c, before) {
				t.Errorf("19 hours after its day %+v became %+v", before, c)
			}
			last[c.UID] = c
		}
	}
	if len(last) < 200 || grew < 100 || described < 100 || changed < 3 {
		t.Errorf("of %d sessions, growths %d, descriptions %d, later edits %d", len(last), grew, described, changed)
	}
}

func TestListIsDescendingAndUIDsAreUnique(t *testing.T) {
	w := &World{PerWorkday: 5000}
	seen := map[string]bool{}
	for day := monday; day < monday+3; day++ {
		list := w.Connections("main", day, later)
		if !slices.IsSortedFunc(list, func(a, b report.Connection) int { return b.StartedAt.Compare(a.StartedAt) }) {
			t.Errorf("%s is not in descending order", day)
		}
		for _, c := range list {
			if seen[c.UID] || c.LocalDay != day {
				t.Errorf("%s: uid %s is known or of day %s", day, c.UID, c.LocalDay)
			}
			seen[c.UID] = true
		}
	}
}
