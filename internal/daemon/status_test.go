package daemon

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/internal/config"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/web"
)

func TestStatusTellsTheFacts(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 3, hour, 0, 0, 0, time.FixedZone("+03", 3*3600)) }
	day := report.DayOf(at(12))
	facts := collector.Facts{
		QueueRows: 5, QueueOldest: at(9), Budget: map[report.Kind]int{report.Today: 2, report.Token: 4},
		Accounts: []collector.AccountFacts{{
			Name: "main", Timezone: "Europe/Istanbul", Day: day, Today: report.DayTotal{Rows: 7, Seconds: 70},
			LastSuccess: map[report.Kind]time.Time{report.Today: at(8), report.Latest: at(10), report.Yesterday: at(1)},
			Unsealed:    []report.Day{day - 1},
			Days: []report.DayStatus{
				{Day: day - 4, State: report.DayGap}, {Day: day - 3, State: report.DaySealed}, {Day: day - 2, State: report.DaySealed}, {Day: day - 1, State: report.DayOpen},
			},
			TokenExpiry: at(23), PausedUntil: time.Now().Add(time.Hour),
			Failure: &report.Failure{Reason: "blocked", Code: 204, Kind: report.Token, Err: errors.New("the vendor blocks this address")},
		}, {Name: "new", Timezone: "UTC", Day: day, PausedUntil: at(0)}},
	}
	got := alpemixStatus(facts, at(7))
	if got.Queue.Rows != 5 || !got.Queue.Oldest.Equal(at(9)) || got.Budget.Reports != 2 || got.Budget.Tokens != 4 {
		t.Errorf("%+v", got)
	}
	a := got.Accounts[0]
	if !a.LastSuccess.Today.Equal(at(10)) || !a.LastSuccess.Yesterday.Equal(at(1)) || *a.SealedUntil != day-2 || a.GapDays != 1 ||
		len(a.UnsealedDays) != 1 || a.ConnectionsToday != 7 || a.ConnectionSecondsToday != 70 || a.BackoffUntil == nil {
		t.Errorf("%+v", a)
	}
	if e := a.LastError; e.Code != 204 || e.Report != report.Token || e.Reason != "blocked" || e.Message != "the vendor blocks this address" {
		t.Errorf("%+v", e)
	}
	text, err := json.Marshal(got.Accounts[1])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"new","timezone":"UTC","last_success":{"today":null,"yesterday":null},"last_error":null,"backoff_until":null,"token_expires_at":null,` +
		`"today":"2026-03-03","connections_today":0,"connection_seconds_today":0,"unsealed_days":[],"sealed_until":null,"gap_days":0}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestLimitScope(t *testing.T) {
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := &config.AlpemixAccount{Name: "ip"}, &config.AlpemixAccount{Name: "b"}
	if limitScope(c, a) != limitScope(c, b) {
		t.Error("accounts behind one address share the limits")
	}
	shared := limitScope(c, a)
	c.Alpemix.Limits.Scope = "account"
	if limitScope(c, a) == limitScope(c, b) || limitScope(c, a) == shared {
		t.Error("each account has limits of its own")
	}
}

func TestStatusTellsResellers(t *testing.T) {
	at := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	failure := &report.Failure{Reason: "html_answer", Code: 200, Err: errors.New("remotepc account eu: a page")}
	for state, facts := range map[string]reseller.AccountFacts{
		web.SnapshotDue:        {},
		web.SnapshotOK:         {LastSuccess: at},
		web.SnapshotNotOffered: {NotOffered: true},
		web.SnapshotFailing:    {LastSuccess: at, Failure: failure, FailedAt: at},
		web.SnapshotPartial:    {LastSuccess: at, Failure: failure, FailedAt: at, Partly: true, Missing: 2},
	} {
		got := resellerStatus(facts)
		if got.State != state || (got.LastError != nil) != (facts.Failure != nil) || (got.LastSnapshot != nil) != !facts.LastSuccess.IsZero() {
			t.Errorf("%s: %+v", state, got)
		}
		if e := got.LastError; e != nil && (e.Reason != "html_answer" || e.Code != 200 || e.Message != "remotepc account eu: a page" || !e.At.Equal(at)) {
			t.Errorf("%+v", e)
		}
	}
}
