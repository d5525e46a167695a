package parser

import (
	"testing"
	"time"
)

func TestResolve(t *testing.T) {
	for _, tt := range []struct {
		zone, local, utc, shown string
		times                   occurrence
	}{
		{"UTC", "2024-08-22 23:38:18", "2024-08-22 23:38:18", "2024-08-22 23:38:18", once},
		{"Europe/Istanbul", "2024-08-22 23:38:18", "2024-08-22 20:38:18", "2024-08-22 23:38:18", once},
		// Istanbul in its last spring and autumn with a clock change.
		{"Europe/Istanbul", "2016-03-27 03:30:00", "2016-03-27 01:30:00", "2016-03-27 04:30:00", never},
		{"Europe/Istanbul", "2015-11-08 03:30:00", "2015-11-08 00:30:00", "2015-11-08 03:30:00", twice},
		// Spring: 02:00 becomes 03:00.
		{"Europe/Berlin", "2024-03-31 01:59:59", "2024-03-31 00:59:59", "2024-03-31 01:59:59", once},
		{"Europe/Berlin", "2024-03-31 02:00:00", "2024-03-31 01:00:00", "2024-03-31 03:00:00", never},
		{"Europe/Berlin", "2024-03-31 02:59:59", "2024-03-31 01:59:59", "2024-03-31 03:59:59", never},
		{"Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31 01:00:00", "2024-03-31 03:00:00", once},
		// Autumn: 03:00 becomes 02:00.
		{"Europe/Berlin", "2024-10-27 01:59:59", "2024-10-26 23:59:59", "2024-10-27 01:59:59", once},
		{"Europe/Berlin", "2024-10-27 02:00:00", "2024-10-27 00:00:00", "2024-10-27 02:00:00", twice},
		{"Europe/Berlin", "2024-10-27 02:59:59", "2024-10-27 00:59:59", "2024-10-27 02:59:59", twice},
		{"Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27 02:00:00", "2024-10-27 03:00:00", once},
		// West of Greenwich, and years beyond the zone's table.
		{"America/New_York", "2040-03-11 02:30:00", "2040-03-11 07:30:00", "2040-03-11 03:30:00", never},
		{"America/New_York", "2040-11-04 01:30:00", "2040-11-04 05:30:00", "2040-11-04 01:30:00", twice},
		// Half an hour, midnight skipped, midnight twice, a whole day skipped.
		{"Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05 15:45:00", "2024-10-06 02:45:00", never},
		{"Africa/Cairo", "2024-04-26 00:30:00", "2024-04-25 22:30:00", "2024-04-26 01:30:00", never},
		{"Asia/Beirut", "2024-10-26 23:30:00", "2024-10-26 20:30:00", "2024-10-26 23:30:00", twice},
		{"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 22:00:00", "2011-12-31 12:00:00", never},
	} {
		at, shown, times := resolve(clock(t, tt.local), mustZone(t, tt.zone))
		if !at.Equal(time.Unix(int64(clock(t, tt.utc)), 0)) || shown != clock(t, tt.shown) || times != tt.times {
			t.Errorf("%s in %s: %s, shown as %s, %d", tt.local, tt.zone, at, time.Unix(int64(shown), 0).UTC(), times)
		}
	}
}

// TestResolveAgreesWithClocks walks through two years of a zone in steps of 15 minutes: an instant's local time leads back to it,
// or to its first occurrence.
func TestResolveAgreesWithClocks(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "Europe/Istanbul", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia"} {
		zone := mustZone(t, name)
		first := map[civil]time.Time{}
		for at := time.Date(2011, 6, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2013; at = at.Add(15 * time.Minute) {
			_, offset := at.In(zone).Zone()
			local := civil(at.Unix() + int64(offset))
			want, again := first[local]
			if !again {
				want = at
				first[local] = at
			}
			got, shown, times := resolve(local, zone)
			if !got.Equal(want) || shown != local || again && times != twice || times == never {
				t.Fatalf("%s: %s comes back as %s, %d", name, want, got, times)
			}
		}
	}
}

func clock(t *testing.T, s string) civil {
	t.Helper()
	at, err := time.Parse(time.DateTime, s)
	if err != nil {
		t.Fatal(err)
	}
	return civil(at.Unix())
}
