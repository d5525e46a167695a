package collector

import (
	"testing"

	"alpemix-collector/report"
)

func TestRowsSayWhatDayAnAnswerDescribes(t *testing.T) {
	const day = report.Day(20_000)
	type shares = map[report.Day][2]int // known, listed
	for _, tc := range []struct {
		name    string
		shares  shares
		unseen  bool
		doubted bool
		another bool
	}{
		{"an empty day", nil, false, false, false},
		{"an empty day that nobody saw", nil, true, true, false},
		{"the complete day", shares{day: {100, 100}}, false, false, false},
		{"a tenth has vanished", shares{day: {100, 90}}, false, false, false},
		{"a fifth has vanished", shares{day: {100, 80}}, false, false, false},
		{"more has vanished", shares{day: {100, 79}}, false, true, false},
		{"empty, though it was not", shares{day: {1, 0}}, false, true, false},
		{"three of twenty", shares{day: {20, 3}}, false, true, false},
		{"the day before, nothing known", shares{day - 1: {100, 100}}, false, true, true},
		{"the day before", shares{day: {13, 0}, day - 1: {100, 20}}, false, true, true},
		{"today", shares{day: {13, 0}, day + 1: {7, 7}}, false, true, true},
		{"a day of last week", shares{day: {13, 0}, day - 6: {20, 20}}, false, true, true},
		{"parts of many days", shares{day: {10, 10}, day - 6: {4, 4}, day - 5: {4, 4}, day + 3: {3, 3}}, false, true, true},
		{"mostly the day before", shares{day: {100, 10}, day - 1: {100, 100}}, false, true, true},
		{"with rows of the day before", shares{day: {100, 100}, day - 1: {100, 30}}, false, false, false},
	} {
		compared := map[report.Day]report.DayShare{}
		for d, share := range tc.shares {
			compared[d] = report.DayShare{Known: share[0], Listed: share[1]}
		}
		got := doubtful(day, compared, tc.unseen)
		if (got.why != "") != tc.doubted || got.another != tc.another {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}
