package vendorhttp

import (
	"net/http"
	"testing"
	"time"
)

// TestRetryAfter needs neither this machine's clock nor the server's to be right.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 7, 6, 9, 0, 0, 0, time.UTC)
	date := func(at time.Time) string { return at.Format(http.TimeFormat) }
	theirs := now.Add(-26 * time.Hour) // a clock that is a day behind
	const none = -1
	for name, tt := range map[string]struct {
		retry, date string
		want        time.Duration
	}{
		"none":               {"", "", none},
		"seconds":            {"90", "", 90 * time.Second},
		"short":              {"2", "", 2 * time.Second},
		"zero":               {"0", "", time.Second},
		"blanks":             {" 7 ", "", 7 * time.Second},
		"leading zeros":      {"0000000030", "", 30 * time.Second},
		"long":               {"7200", "", time.Hour},
		"beyond all numbers": {"99999999999999999999999", "", time.Hour},
		"negative":           {"-5", "", none},
		"fraction":           {"1.5", "", none},
		"words":              {"soon", "", none},
		"date":               {date(now.Add(2 * time.Minute)), "", 2 * time.Minute},
		"date, their clock":  {date(theirs.Add(5 * time.Second)), date(theirs), 5 * time.Second},
		"date, both right":   {date(now.Add(5 * time.Minute)), date(now), 5 * time.Minute},
		"date past":          {date(now.Add(-time.Hour)), "", time.Second},
		"date far":           {date(now.Add(1000 * time.Hour)), "", time.Hour},
		"date of RFC 850":    {now.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT"), "", time.Minute},
		"date of asctime":    {now.Add(time.Minute).Format(time.ANSIC), "", time.Minute},
		"broken Date":        {date(now.Add(time.Minute)), "yesterday", time.Minute},
		"ISO date":           {now.Add(time.Minute).Format(time.RFC3339), "", none},
	} {
		h := http.Header{"Retry-After": {tt.retry}, "Date": {tt.date}}
		wait, said := retryAfter(h, now)
		if !said {
			wait = none
		}
		if wait != tt.want {
			t.Errorf("%s: %v, want %v", name, wait, tt.want)
		}
	}
}
