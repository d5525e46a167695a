package web

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

func TestFormatting(t *testing.T) {
	known := func(f float64) *float64 { return &f }
	for got, want := range map[string]string{
		count(uint64(0)): "0", count(999): "999", count(1000): "1,000", count(uint64(12345678)): "12,345,678",
		plural(1, "row", "rows"): "1 row", plural(2000, "row", "rows"): "2,000 rows",
		span(0): "–", span(59): "59 s", span(60): "1 min", span(3599): "59 min", span(3600): "1 h 00 min", span(360000): "100 h 00 min", span(3_600_000): "1,000 h",
		amount(nil): "–", amount(known(2500)): "2,500", amount(known(12.5)): "12.50", amount(known(-3)): "-3.00",
		newClock(sceneNow, "Europe/Istanbul").String():       "Europe/Istanbul (UTC+3)",
		newClock(sceneNow, "Asia/Kathmandu").String():        "Asia/Kathmandu (UTC+5:45)",
		newClock(sceneNow, "America/St_Johns").String():      "America/St_Johns (UTC−2:30)",
		newClock(sceneNow, "UTC").String():                   "UTC",
		newClock(sceneNow, "UTC").timestamp(&sceneNow).Text:  "11:36:20",
		newClock(sceneNow, "UTC").Timestamp(sceneNow).ISO:    "2026-03-12T11:36:20Z",
		timeText(sceneNow.Add(-24 * time.Hour)):              "11 Mar 14:36",
		timeText(sceneNow.AddDate(-1, 0, 0)):                 "12 Mar 2025 14:36",
		fmt.Sprint(newClock(sceneNow, "UTC").timestamp(nil)): "<nil>",
		zoneOf(nil): "UTC",
		zoneOf([]Account{{Timezone: "A"}, {Timezone: "A"}}): "A",
		zoneOf([]Account{{Timezone: "A"}, {Timezone: "B"}}): "UTC",
	} {
		if strings.ReplaceAll(got, "\u00a0", " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func timeText(at time.Time) string { return newClock(sceneNow, sceneZone).timestamp(&at).Text }

func TestCalendar(t *testing.T) {
	first := report.DayOf(time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)) // a Saturday
	var days []DayUse
	for i := range report.Day(12) {
		days = append(days, DayUse{Day: first + i, State: []string{DaySealed, DayGap, DayOpen, DayNotCollected}[i%4]})
	}
	days[3].Connections = 1
	c := newCalendar(days)
	var drawn strings.Builder
	for _, row := range c.Weekdays {
		fmt.Fprintf(&drawn, "%.2s", row.Name)
		for _, d := range row.Days {
			if d == nil {
				drawn.WriteString(" .")
			} else {
				fmt.Fprintf(&drawn, " %c", d.State[0])
			}
		}
		drawn.WriteString("\n")
	}
	if want := "Mo . o g\nTu . n o\nWe . s n\nTh . g .\nFr . o .\nSa s n .\nSu g s .\n"; drawn.String() != want {
		t.Errorf("got\n%swant\n%s", &drawn, want)
	}
	if fmt.Sprint(c.Weeks) != "[{week of 23 February } {week of 2 March Mar} {week of 9 March }]" {
		t.Error(c.Weeks)
	}
	if fmt.Sprint(c.Legend) != "[{sealed sealed 3} {open open 3} {gap lost 3} {not_collected not collected 3}]" {
		t.Error(c.Legend)
	}
	for at, want := range map[[2]int]string{
		{0, 1}: "Monday 2 March: open, 0 connections", {1, 1}: "Tuesday 3 March: not collected, 1 connection", {4, 2}: "",
		{5, 0}: "Saturday 28 February: sealed, 0 connections", {6, 0}: "Sunday 1 March: lost, 0 connections", {5, 1}: "Saturday 7 March: not collected",
	} {
		got := ""
		if d := c.Weekdays[at[0]].Days[at[1]]; d != nil {
			got = d.Text
		}
		if got != want {
			t.Errorf("%v: got %q, want %q", at, got, want)
		}
	}
}

// TestNotices: what a person should look at, and what not yet.
func TestNotices(t *testing.T) {
	ago := func(d time.Duration) *time.Time { return new(sceneNow.Add(-d)) }
	for _, c := range []struct {
		name   string
		change func(*Status, *UsageAnswer)
		want   string
		bad    bool
	}{
		{"all is well", func(*Status, *UsageAnswer) {}, "Everything is collected", false},
		{"a start", func(s *Status, _ *UsageAnswer) { s.Accounts[0].LastSuccess = LastSuccess{} }, "Collecting has started", false},
		{"no account", func(s *Status, _ *UsageAnswer) { s.Accounts, s.Resellers = nil, nil }, "Nothing is collected: no account is configured", false},
		{"a failure", func(s *Status, _ *UsageAnswer) { s.Accounts[0].LastError = &LastError{Message: "refused"} }, "Account main cannot be read: refused.", true},
		{"silence", func(s *Status, _ *UsageAnswer) { s.Accounts[0].LastSuccess.Today = ago(11 * time.Minute) }, "Account main was last read at 14:25:20.", true},
		{"yesterday in the afternoon", func(s *Status, _ *UsageAnswer) { s.Accounts[0].UnsealedDays = []report.Day{s.Accounts[0].Today - 1} },
			"Account main: 11 Mar 2026 is not sealed yet.", true},
		{"yesterday in the morning", func(s *Status, _ *UsageAnswer) {
			s.Accounts[0].UnsealedDays, s.At = []report.Day{s.Accounts[0].Today - 1}, s.At.Add(-5*time.Hour)
		}, "Everything is collected", false},
		{"a doubt", func(s *Status, _ *UsageAnswer) {
			s.Accounts[0].Doubts = []DayDoubt{{Day: s.Accounts[0].Today - 1, Why: "it lists only 3 of the 20 connections that are known for that day"}}
		}, "Account main: the answer for 11 Mar 2026 is in doubt: it lists only 3 of the 20 connections that are known for that day.", true},
		{"a day sealed in doubt", func(s *Status, _ *UsageAnswer) {
			s.Accounts[0].Doubts = []DayDoubt{{Day: s.Accounts[0].Today - 3, Sealed: true, Why: "it lists only 3"}}
		}, "Account main: the answer for 9 Mar 2026 is in doubt: it lists only 3.", false},
		{"a day lost this week", func(_ *Status, a *UsageAnswer) { a.Usage.Accounts[0].Days[DaysShown-3].State = DayGap },
			"Account main: Tue 10 Mar 2026 was lost before it could be sealed.", true},
		{"a queue of a minute", func(s *Status, _ *UsageAnswer) { s.Queue = Queue{Rows: 5, Oldest: ago(time.Minute)} }, "Everything is collected", false},
		{"a queue", func(s *Status, _ *UsageAnswer) { s.Queue = Queue{Rows: 1, Oldest: ago(6 * time.Minute)} }, "1 row waits for ClickHouse for more than 5 minutes.", true},
		{"ClickHouse away", func(_ *Status, a *UsageAnswer) { a.Error = &UsageError{Message: "refused.", Since: sceneNow} }, "ClickHouse does not answer: refused.", true},
		{"ClickHouse's data damaged", func(_ *Status, a *UsageAnswer) {
			a.Error = &UsageError{Message: "Checksum doesn't match", Since: sceneNow, Answered: true}
		}, "ClickHouse answers with an error: Checksum doesn't match.", true},
		{"a reseller", func(s *Status, _ *UsageAnswer) { s.Resellers[0].LastError = &SnapshotError{Message: "auth"} }, "remotepc account eu cannot be read: auth.", true},
		{"the customers file", func(s *Status, _ *UsageAnswer) { s.CustomersFile.Valid, s.CustomersFile.Error = false, "line 3" },
			"The newest version of customers.csv cannot be used: line 3.", false},
		{"quarantine", func(_ *Status, a *UsageAnswer) { a.Usage.Quarantine = []Quarantined{{Rows: 1}, {Rows: 1}} }, "2 records could not be read.", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := busyScene(t)
			a := UsageAnswer{At: &sceneNow, Usage: s.usage}
			c.change(&s.status, &a)
			v := newView(s.status, a, builtIn())
			got := v.Headline()
			if len(v.Notices) == 1 {
				got = v.Notices[0].Text
			}
			if got != c.want || v.Bad() != c.bad || len(v.Notices) > 1 {
				t.Errorf("%s %v %+v", got, v.Bad(), v.Notices)
			}
		})
	}
	s := troubledScene(t)
	v := newView(s.status, UsageAnswer{At: &sceneNow, Usage: s.usage}, builtIn())
	if v.Headline() != "6 things need attention" || v.Tab() != "(6) Alpemix collector" || !v.Notices[3].Bad || v.Notices[4].Bad {
		t.Errorf("%s: %+v", v.Headline(), v.Notices)
	}
}

func TestSingular(t *testing.T) {
	s := busyScene(t)
	for i := range s.usage.Accounts {
		a := &s.usage.Accounts[i]
		a.Hours, a.Days = a.Hours[:1], a.Days[len(a.Days)-1:]
		a.Hours[0].Connections, a.Days[0].Connections = 1, 1
	}
	s.usage.Customers[0].Connections = 1
	page := ask(s.server(loopback).handler, "GET", "/").Body.String()
	for _, want := range []string{"<b>1</b> connection<", "<b>1</b> connection,", ">1 connection,"} { // today, in 90 days, of a customer
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
}

// TestWire: the page is small on the wire, known content is not sent again, and assets are cached.
func TestWire(t *testing.T) {
	s := busyScene(t)
	handler := s.server(loopback).handler
	get := func(path string, header ...string) *httptest.ResponseRecorder {
		return ask(handler, "GET", path, header...)
	}
	page := get("/", "Accept-Encoding", "gzip")
	if page.Header().Get("Content-Encoding") != "gzip" || page.Header().Get("Cache-Control") != "no-store" || page.Body.Len() > 12<<10 {
		t.Errorf("%d bytes %v", page.Body.Len(), page.Header())
	}
	plain, err := gzip.NewReader(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(plain); err != nil || !strings.Contains(string(text), "Everything is collected") || strings.Contains(string(text), " style=") {
		t.Errorf("%v %s", err, text)
	}
	w := get("/live")
	for _, encoding := range []string{"", "gzip"} {
		if again := get("/live", "If-None-Match", w.Header().Get("ETag"), "Accept-Encoding", encoding); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("known: %d, %d bytes", again.Code, again.Body.Len())
		}
	}
	s.change(func() { s.status.At = s.status.At.Add(time.Second) })
	if again := get("/live", "If-None-Match", w.Header().Get("ETag")); again.Code != 304 {
		t.Errorf("a second later nothing has changed, and %d", again.Code)
	}
	s.change(func() { s.status.Queue.Rows++ })
	if changed := get("/live", "If-None-Match", w.Header().Get("ETag")); changed.Code != 200 {
		t.Errorf("changed: %d", changed.Code)
	}
	kept := get("/assets/"+builtIn().hash+"/page.js", "Accept-Encoding", "gzip")
	if kept.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || kept.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("%v", kept.Header())
	}
}
