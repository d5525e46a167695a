package alpemix_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

const emptyDay = `{"errornumber":0,"results":[]}`

func TestRequestsAreWrittenAsDocumented(t *testing.T) {
	c, v, _ := newClient(t, tokenAnswer(first), emptyDay)
	body := fetched(t, c, today)
	fetched(t, c, report.Window{Kind: report.Latest, Last: 10})
	fetched(t, c, report.Window{Kind: report.Yesterday})
	want := []string{
		`{"stepnumber":1,"secretkey":"S3cr\"et<Key>/+1","mainusername":"acme"}`,
		`{"stepnumber":2,"accesstoken":"tok-first-7f3a","requestnumber":1,"lastxconnection":0}`,
		`{"stepnumber":2,"accesstoken":"tok-first-7f3a","requestnumber":1,"lastxconnection":10}`,
		`{"stepnumber":2,"accesstoken":"tok-first-7f3a","requestnumber":2}`,
	}
	if got := v.bodies(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, s := range v.got {
		h := s.req.Header
		got := []string{s.req.Method, s.req.URL.String(), h.Get("Content-Type"), h.Get("Accept"), h.Get("User-Agent")}
		want := []string{"POST", "https://www.alpemix.com:5900/api", "application/json", "application/json", "alpemix-collector/1.2"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !slices.Equal(kinds(body), []report.Kind{report.Token, report.Today}) {
		t.Errorf("sent: %v", kinds(body))
	}
	if body.Account != "main" || body.Window != today || textOf(t, body) != emptyDay || body.ContentType != "application/json" ||
		body.Status != 200 || body.AskedAt.IsZero() || body.FetchedAt.Before(body.AskedAt) || body.FetchedAt.Location() != time.UTC {
		t.Errorf("body: %+v", body)
	}
}

func TestMethodAndContentTypeAreConfigurable(t *testing.T) {
	_, _, s := newClient(t)
	v := &vendor{t: t, answers: []any{tokenAnswer(first), emptyDay}}
	cfg := config()
	cfg.Method, cfg.ContentType = "PUT", "text/plain"
	fetched(t, mustNew(t, cfg, s, v), today)
	if got := v.got[1].req; got.Method != "PUT" || got.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("%s %s", got.Method, got.Header)
	}
}

func TestATokenIsKeptOverRestartsForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		v := &vendor{t: t, answers: []any{tokenAnswer(first), emptyDay}}
		s := openState(t, dir)
		c := clientOn(t, s, v)
		if !c.TokenExpiry().IsZero() {
			t.Error("a token before any request")
		}
		start := time.Now()
		fetched(t, c, today)
		if got := c.TokenExpiry().Sub(start); got != 24*time.Hour {
			t.Errorf("the token ends after %v", got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(23 * time.Hour)
		s = openState(t, dir)
		c = clientOn(t, s, v)
		if body := fetched(t, c, today); !slices.Equal(kinds(body), []report.Kind{report.Today}) {
			t.Errorf("after a restart: sent %v", kinds(body))
		}
		time.Sleep(56 * time.Minute)
		v.answers = []any{tokenAnswer("tok-second"), emptyDay}
		if body := fetched(t, c, today); !slices.Equal(kinds(body), []report.Kind{report.Token, report.Today}) {
			t.Errorf("shortly before its end: sent %v", kinds(body))
		}
		// Other credentials do not use this token.
		cfg := config()
		cfg.SecretKey = "another"
		if got := mustNew(t, cfg, s, v).TokenExpiry(); !got.IsZero() {
			t.Error("changed credentials use the old token")
		}
		_ = s.Close()
	})
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	for _, n := range []int{201, 202, 203} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			c, v, _ := newClient(t, tokenAnswer(first), number(n), tokenAnswer("tok-second"), emptyDay)
			body := fetched(t, c, today)
			if !slices.Equal(kinds(body), []report.Kind{"token", "today", "token", "today"}) {
				t.Errorf("sent %v", kinds(body))
			}
			var came []string
			for _, r := range body.Requests {
				came = append(came, fmt.Sprint(r.Job, " ", r.Outcome, " ", r.Code))
			}
			if len(came) != 4 || came[0] != "token ok 0" || !strings.HasPrefix(came[1], "today token_") || !strings.HasSuffix(came[1], fmt.Sprint(n)) || came[2] != "token ok 0" || came[3] != "today ok 0" {
				t.Errorf("what came of the requests: %q", came)
			}
			if got, want := v.got[3].body, `{"stepnumber":2,"accesstoken":"tok-second","requestnumber":1,"lastxconnection":0}`; got != want {
				t.Errorf("got %s", got)
			}
		})
		t.Run(fmt.Sprint(n, " again"), func(t *testing.T) {
			c, v, _ := newClient(t, tokenAnswer(first), number(n), tokenAnswer("tok-second"), number(n))
			f, _ := failed(t, c, today)
			if f.Class != report.Renew || f.Code != n || len(v.got) != 4 {
				t.Errorf("%v %d after %d requests", f.Class, f.Code, len(v.got))
			}
			if !c.TokenExpiry().IsZero() {
				t.Error("the refused token is kept")
			}
		})
	}
}

func TestErrorNumbersByClass(t *testing.T) {
	tests := []struct {
		number int
		class  report.Class
		reason string
	}{
		{100, report.Permanent, "step_missing"},
		{101, report.Permanent, "step_wrong"},
		{102, report.Permanent, "bad_credentials"},
		{103, report.Transient, "server_error"},
		{104, report.Permanent, "unsafe_credentials"},
		{105, report.Transient, "token_not_created"},
		{106, report.Permanent, "bad_request"},
		{107, report.Permanent, "unknown_request"},
		{108, report.Transient, "server_database"},
		{200, report.Permanent, "bad_credentials"},
		{204, report.Blocked, "token_limit_blocked"},
		{205, report.Throttle, "report_limit"},
		{999, report.Transient, "unknown_error"},
		{-1, report.Transient, "unknown_error"},
	}
	for _, tt := range tests {
		for kind, answers := range map[report.Kind][]any{
			report.Token: {number(tt.number)},
			report.Today: {tokenAnswer(first), number(tt.number)},
		} {
			c, _, _ := newClient(t, answers...)
			f, body := failed(t, c, today)
			if f.Class != tt.class || f.Reason != tt.reason || f.Code != tt.number || f.Kind != kind {
				t.Errorf("%d to %s: %s %s %d %s", tt.number, kind, f.Class, f.Reason, f.Code, f.Kind)
			}
			if len(textOf(t, body)) != 0 || body.FetchedAt.IsZero() {
				t.Errorf("%d: %+v", tt.number, body)
			}
		}
	}
}

func TestCheckSpendsOneTokenAndOneReportAtMost(t *testing.T) {
	const old, young = 2 * time.Hour, time.Minute
	tests := []struct {
		name    string
		before  []any         // answers to a Fetch before
		age     time.Duration // of the stored token
		answers []any
		sent    int
		reason  string
		note    string
	}{
		{"fresh", nil, 0, []any{tokenAnswer(first), emptyDay}, 2, "", ""},
		{"stored token", []any{tokenAnswer(first), emptyDay}, old, []any{emptyDay}, 1, "", ""},
		{"stored token expired", []any{tokenAnswer(first), emptyDay}, old, []any{number(202), tokenAnswer("tok-2")}, 2, "", "not tried yet"},
		{"stored token refused soon after it was granted", []any{tokenAnswer(first), emptyDay}, young, []any{number(203), tokenAnswer("tok-2")}, 2, "token_invalid", ""},
		{"stored token, credentials refused", []any{tokenAnswer(first), emptyDay}, old, []any{number(203), number(200)}, 2, "bad_credentials", ""},
		{"fresh token refused", nil, 0, []any{tokenAnswer(first), number(201)}, 2, "token_ip_changed", ""},
		{"bad credentials", nil, 0, []any{number(102)}, 1, "bad_credentials", ""},
		{"the vendor counts more requests than were sent", nil, 0, []any{tokenAnswer(first), number(205)}, 2, "report_limit", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, v, _ := newClient(t, tt.before...)
				if tt.before != nil {
					fetched(t, c, today)
				}
				time.Sleep(tt.age)
				v.got, v.answers = nil, tt.answers
				note, err := c.Check(t.Context(), func(time.Time) bool { return false })
				if (err != nil) != (tt.reason != "") || err != nil && report.AsFailure(err).Reason != tt.reason {
					t.Errorf("error %v", err)
				}
				if !strings.Contains(note, tt.note) || (note != "") != (tt.note != "") {
					t.Errorf("note %q", note)
				}
				if len(v.got) != tt.sent {
					t.Errorf("sent %q", v.bodies())
				}
			})
		})
	}
}

// TestCheckWaitsForOurLimits and then sends what they had forbidden, once.
func TestCheckWaitsForOurLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		answers []any // to Check
		waits   int
		sent    int
		reason  string
		patient bool
	}{
		"the report waits":             {[]any{emptyDay}, 1, 1, "", true},
		"nobody waits":                 {nil, 1, 0, report.OwnLimit, false},
		"the vendor still counts more": {[]any{number(205)}, 1, 1, "report_limit", true},
		"the stored token is refused":  {[]any{number(201), tokenAnswer("new")}, 1, 2, "token_ip_changed", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, v, _ := newClient(t, tokenAnswer(first), number(205))
				f, _ := failed(t, c, today)
				v.got, v.answers = nil, tt.answers
				waits := 0
				_, err := c.Check(t.Context(), func(until time.Time) bool {
					waits++
					if !until.Equal(f.NotBefore) {
						t.Errorf("waits until %v, want %v", until, f.NotBefore)
					}
					if tt.patient {
						time.Sleep(time.Until(until))
					}
					return tt.patient
				})
				if (err != nil) != (tt.reason != "") || err != nil && report.AsFailure(err).Reason != tt.reason {
					t.Errorf("error %v", err)
				}
				if waits != tt.waits || len(v.got) != tt.sent {
					t.Errorf("%d waits, sent %q", waits, v.bodies())
				}
			})
		})
	}
}

func TestUnknownWindowsSendNoReport(t *testing.T) {
	c, _, _ := newClient(t, tokenAnswer(first))
	for _, w := range []report.Window{{Kind: report.Latest}, {Kind: "tomorrow"}} {
		if f, _ := failed(t, c, w); f.Reason != "bad_window" {
			t.Errorf("%v: %v", w, f)
		}
	}
}
