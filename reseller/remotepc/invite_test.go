package remotepc_test

import (
	"fmt"
	"strings"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/reseller/remotepc"
	"alpemix-collector/vendorhttp/vendortest"
)

// TestEachInvitationHasItsOutcome: what the answer does not say of an address is unknown.
func TestEachInvitationHasItsOutcome(t *testing.T) {
	sent := []remotepc.Invitation{{Email: "a@example.org", Computers: 1}, {Email: "B@example.org"}}
	entry := func(name, status string) string { return fmt.Sprintf(`{"username":%q,"status":%q}`, name, status) }
	list := func(entries ...string) string { return "[" + strings.Join(entries, ",") + "]" }
	const a, b = "a@example.org", "b@example.org"
	tests := []struct{ message, outcomes, failure string }{
		{list(entry(a, "INVITED"), entry(b, "INVITED")), "done done", "success"},
		{list(entry(b, "EXISTS"), entry(a, "ALREADY_INVITED")), "unchanged unchanged", "success"},
		{list(entry(" A@Example.org ", "invited "), entry("B@EXAMPLE.ORG", "Exists")), "done unchanged", "success"},
		{fmt.Sprintf("%q", list(entry(a, "INVITED"), entry(b, "INVITED"))), "done done", "success"},
		{list(entry(a, "INVITED"), entry(b, "INVITED"), entry("c@example.org", "INVITED")), "done done", "success"},
		{list(entry(a, "INVITED"), entry(a, "INVITED"), entry(b, "INVITED")), "done done", "success"},
		{list(entry(a, "INVITED"), entry(b, "INVALID_EMAIL")), "done refused", "permanent invitation_refused"},
		{list(entry(a, "ENTER_VALID_EMAIL"), entry(b, "EXISTS")), "refused unchanged", "permanent invitation_refused"},
		{list(entry(a, "INVITED")), "done unknown", "unknown outcome_unknown"},
		{entry(a, "INVITED"), "done unknown", "unknown outcome_unknown"},
		{list(entry("c@example.org", "INVITED"), entry(b, "INVITED")), "unknown done", "unknown outcome_unknown"},
		{list(entry(a, "INVITED"), entry(a, "EXISTS"), entry(b, "INVITED")), "unknown done", "unknown outcome_unknown"},
		{list(entry(a, "QUEUED"), entry(b, "INVITED")), "unknown done", "unknown outcome_unknown"},
		{list(entry(a, "INTERNAL_SERVER_ERROR"), entry(b, "INVALID_EMAIL")), "unknown refused", "unknown outcome_unknown"},
		{`[]`, "unknown unknown", "unknown outcome_unknown"},
		{`"[]"`, "unknown unknown", "unknown outcome_unknown"},
		{`"SUCCESS"`, "", "unknown outcome_unknown"},
		{`"INVITED"`, "", "unknown outcome_unknown"},
		{`{}`, "", "unknown outcome_unknown"},
		{`null`, "", "unknown outcome_unknown"},
		{`7`, "", "unknown outcome_unknown"},
		{`["INVITED"]`, "", "unknown outcome_unknown"},
		{`[{"username":"a@example.org"}]`, "", "unknown outcome_unknown"},
	}
	for _, tt := range tests {
		body := `{"status":"OK","code":200,"message":` + tt.message + `}`
		all, err := newClient(t, vendortest.New(t, body)).Invite(t.Context(), sent)
		var got []string
		for i, v := range all {
			got = append(got, string(v.Outcome))
			if v.Invitation != sent[i] {
				t.Errorf("%s: %+v stands for %+v", tt.message, v, sent[i])
			}
		}
		failure := "success"
		if err != nil {
			f := report.AsFailure(err)
			failure = string(f.Class) + " " + f.Reason
		}
		if strings.Join(got, " ") != tt.outcomes || failure != tt.failure {
			t.Errorf("%s: %s %s, want %s %s: %v", tt.message, got, failure, tt.outcomes, tt.failure, err)
		}
		if tt.outcomes != "" && strings.Contains(tt.outcomes, "unknown") && !strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: %v does not name the address", tt.message, err)
		}
	}
}

func TestInvitationsThatCannotBeMeantAreNotSent(t *testing.T) {
	for name, all := range map[string][]remotepc.Invitation{
		"nobody": nil,
		"twice":  {{Email: "a@example.org", Computers: 1}, {Email: "A@example.org", Computers: 2}},
	} {
		_, err := newClient(t, vendortest.New(t)).Invite(t.Context(), all)
		if f := report.AsFailure(err); f.Reason != "bad_request" || f.Class != report.Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
}
