package collector

import (
	"fmt"
	"strings"
	"testing"

	"alpemix-collector/report"
)

func TestTurned(t *testing.T) {
	day := func(d report.Day, state report.DayState) report.DayStatus {
		return report.DayStatus{Account: "main", Day: d, State: state}
	}
	const today = report.Day(20_000)
	for _, tc := range []struct {
		name string
		days []report.DayStatus
		want string // changes as offset:state
	}{
		{"a new account begins with yesterday", nil, "-1:open 0:open"},
		{"the same day", []report.DayStatus{day(today-1, report.DaySealed), day(today, report.DayOpen)}, ""},
		{"the next day", []report.DayStatus{day(today-2, report.DaySealed), day(today-1, report.DayOpen)}, "0:open"},
		{"an unsealed day is lost", []report.DayStatus{day(today-2, report.DayOpen), day(today-1, report.DayOpen)}, "-2:gap 0:open"},
		{"asleep for days", []report.DayStatus{day(today-5, report.DaySealed), day(today-4, report.DayOpen)}, "-4:gap -3:gap -2:gap -1:open 0:open"},
		{"a clock that was ahead", []report.DayStatus{day(today+3, report.DayOpen)}, ""},
		{"a gap stays one", []report.DayStatus{day(today-2, report.DayGap), day(today-1, report.DaySealed), day(today, report.DayOpen)}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, d := range turned("main", tc.days, today) {
				got = append(got, fmt.Sprintf("%d:%s", d.Day-today, d.State))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("changes %q, want %q", s, tc.want)
			}
		})
	}
	if n := len(turned("main", []report.DayStatus{day(0, report.DaySealed)}, today)); n != maxGapDays+1 {
		t.Errorf("a clock that jumps far records %d days, want %d", n, maxGapDays+1)
	}
}
