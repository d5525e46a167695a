package report

import (
	"testing"
	"time"
)

func TestDayStart(t *testing.T) {
	for _, tc := range []struct{ zone, day, want string }{
		{"Europe/Istanbul", "2024-08-22", "2024-08-21T21:00:00Z"},
		{"UTC", "1970-01-01", "1970-01-01T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"},     // the clock changes at 02:00
		{"America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z"},  // midnight does not exist: the day starts at 01:00
		{"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"},    // midnight happens once, 00:00-01:00 twice: the first
		{"Asia/Beirut", "2024-10-27", "2024-10-26T22:00:00Z"},       // 23:00-24:00 of the day before happens twice
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},      // the day before was skipped
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // midnight does not exist
		{"America/Asuncion", "2024-03-24", "2024-03-24T04:00:00Z"},  // 23:00-24:00 of the day before happens twice
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z"},
	} {
		zone, err := time.LoadLocation(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := ParseDay(tc.day)
		if err != nil {
			t.Fatal(err)
		}
		start := day.Start(zone)
		if got := start.UTC().Format(time.RFC3339); got != tc.want {
			t.Errorf("%s starts in %s at %s, want %s", tc.day, tc.zone, got, tc.want)
		}
		if DayOf(start.In(zone)) != day {
			t.Errorf("%s in %s: the start is of %s", tc.day, tc.zone, DayOf(start.In(zone)))
		}
	}
}

// TestDaysTile: in every zone, each instant belongs to the day whose start it follows.
func TestDaysTile(t *testing.T) {
	for _, name := range []string{"Europe/Istanbul", "America/Santiago", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Africa/Cairo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(7 * time.Hour) {
			day := DayOf(at.In(zone))
			if start := day.Start(zone); start.After(at) || DayOf(start) != day || at.Sub(start) > 25*time.Hour {
				t.Fatalf("%s: %s is of %s, which starts %s", name, at, day, start)
			}
		}
	}
}
