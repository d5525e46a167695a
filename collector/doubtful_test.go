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
		unread  int // records that are no connection
		unseen  bool
		doubted bool
		another bool
	}{
		{"an empty day", nil, 0, false, false, false},
		{"an empty day that nobody saw", nil, 0, true, true, false},
		{"the complete day", shares{day: {100, 100}}, 0, false, false, false},
		{"a tenth has vanished", shares{day: {100, 90}}, 0, false, false, false},
		{"a fifth has vanished", shares{day: {100, 80}}, 0, false, false, false},
		{"more has vanished", shares{day: {100, 79}}, 0, false, true, false},
		{"empty, though it was not", shares{day: {1, 0}}, 0, false, true, false},
		{"three of twenty", shares{day: {20, 3}}, 0, false, true, false},
		{"the day before, nothing known", shares{day - 1: {100, 100}}, 0, false, true, true},
		{"the day before", shares{day: {13, 0}, day - 1: {100, 20}}, 0, false, true, true},
		{"today", shares{day: {13, 0}, day + 1: {7, 7}}, 0, false, true, true},
		{"a day of last week", shares{day: {13, 0}, day - 6: {20, 20}}, 0, false, true, true},
		{"parts of many days", shares{day: {10, 10}, day - 6: {4, 4}, day - 5: {4, 4}, day + 3: {3, 3}}, 0, false, true, true},
		{"mostly the day before", shares{day: {100, 10}, day - 1: {100, 100}}, 0, false, true, true},
		{"nothing that can be read", nil, 20, false, true, false},
		{"most of it can't be read", shares{day: {10, 10}}, 32, false, true, false},
		{"little of it can't be read", shares{day: {100, 100}}, 30, false, false, false},
		{"with rows of the day before", shares{day: {100, 100}, day - 1: {100, 30}}, 0, false, false, false},
	} {
		compared, records := map[report.Day]report.DayShare{}, tc.unread
		for d, share := range tc.shares {
			records += share[1]
			compared[d] = report.DayShare{Known: share[0], Listed: share[1]}
		}
		l := listing{day: day, beside: day, shares: compared, records: records, watched: !tc.unseen}
		got := doubtful(l)
		if (got.why != "") != tc.doubted || got.another != tc.another {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

// TestRowsOfAVendorWhoseDayIsShifted: each report lists parts of two days.
func TestRowsOfAVendorWhoseDayIsShifted(t *testing.T) {
	const day = report.Day(20_000)
	for _, tc := range []struct {
		name      string
		of        report.DayShare
		beside    int // connections of the day beside
		elsewhere int
		unread    int
		unseen    bool
		doubted   bool
		another   bool
	}{
		{"all but what other reports list", report.DayShare{Known: 100, Listed: 60}, 40, 40, 0, false, false, false},
		{"a quiet day and the busy one beside it", report.DayShare{Known: 10, Listed: 4}, 90, 6, 0, false, false, false},
		{"the same of a day that nobody saw", report.DayShare{Known: 10, Listed: 4}, 90, 6, 0, true, true, false},
		{"too few of what this report has to list", report.DayShare{Known: 100, Listed: 30}, 40, 40, 0, false, true, false},
		{"nothing of the day", report.DayShare{Known: 100}, 40, 100, 0, false, true, true},
		{"most of it can't be read", report.DayShare{Known: 10, Listed: 10}, 10, 0, 21, false, true, false},
		{"half of it can be read", report.DayShare{Known: 10, Listed: 10}, 10, 0, 20, false, false, false},
	} {
		got := doubtful(listing{
			day: day, beside: day + 1, watched: !tc.unseen, elsewhere: tc.elsewhere, records: tc.of.Listed + tc.beside + tc.unread,
			shares: map[report.Day]report.DayShare{day: tc.of, day + 1: {Known: tc.beside, Listed: tc.beside}},
		})
		if (got.why != "") != tc.doubted || got.another != tc.another {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}
