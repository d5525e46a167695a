package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestInvitationsAreReportedByAddress: what was done, what the vendor refused, what it didn't answer for.
func TestInvitationsAreReportedByAddress(t *testing.T) {
	for name, c := range map[string]struct {
		message         string
		code            int
		stdout, opening string
		outcome         string
	}{
		"all": {`[{"username":"ayse@x.example","status":"INVITED"},{"username":"can@x.example","status":"EXISTS"}]`, exitOK,
			"done: ayse@x.example INVITED, can@x.example EXISTS\n", "", "ok"},
		"one refused": {`[{"username":"ayse@x.example","status":"INVITED"},{"username":"can@x.example","status":"INVALID_EMAIL"}]`, exitFailure,
			"done: ayse@x.example INVITED\n", "collector: refused: ", "invitation_refused"},
		"one missing": {`[{"username":"ayse@x.example","status":"INVITED"}]`, exitFailure,
			"done: ayse@x.example INVITED\n", "collector: unknown: ", "outcome_unknown"},
		"none": {`[]`, exitFailure, "", "collector: unknown: ", "outcome_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			sent := ""
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				sent = string(body)
				_, _ = io.WriteString(w, `{"status":"OK","code":200,"message":`+c.message+`}`)
			}))
			t.Cleanup(srv.Close)
			s := newStand(t)
			s.set("remotepc", "ENDPOINT", srv.URL)
			got := s.words("remotepc user invite ayse@x.example:10 can@x.example --computers 3")
			if got.code != c.code || got.stdout != c.stdout || !strings.HasPrefix(got.stderr, c.opening) || (got.stderr == "") != (c.code == exitOK) {
				t.Errorf("%+v", got)
			}
			if c.code != exitOK && !strings.Contains(got.stderr, "can@x.example") {
				t.Errorf("the address is not named: %s", got.stderr)
			}
			if want := `[{"invitedUserEmailId":"ayse@x.example","allotedComputers":10},{"invitedUserEmailId":"can@x.example","allotedComputers":3}]`; sent != want {
				t.Errorf("sent %s", sent)
			}
			l := s.takeIn()
			if len(l.calls) != 1 || l.calls[0].Outcome != c.outcome || !strings.Contains(l.calls[0].Detail, "ayse@x.example 10, can@x.example 3") ||
				!strings.Contains(l.calls[0].Detail, strings.TrimSpace(strings.TrimPrefix(c.stdout, "done: "))) {
				t.Errorf("%+v", l.calls)
			}
		})
	}
}
