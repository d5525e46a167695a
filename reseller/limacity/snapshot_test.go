package limacity_test

import (
	"reflect"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp/vendortest"
)

func TestASnapshotTellsWhoTheCustomersAre(t *testing.T) {
	began := time.Now()
	s, err := newClient(t, vendortest.New(t, `{"customers":[{"id":386557,"username":"demo"},{"id":"7"},{"id":7}]}`)).Snapshot(t.Context(), nil)
	if err != nil || !s.WithoutLimits || s.At.Before(began) || s.At.Location() != time.UTC || len(s.Requests) != 1 || s.Requests[0].Rows != 3 {
		t.Errorf("%+v %v", s, err)
	}
	want := []report.Allotment{
		{Vendor: "limacity", Account: "main", Customer: "386557", Raw: `{"id":386557,"username":"demo"}`},
		{Vendor: "limacity", Account: "main", Customer: "7", Raw: `{"id":7,"username":""}`},
	}
	if s.Vendor != "limacity" || s.Account != "main" || !reflect.DeepEqual(s.Allotments, want) {
		t.Errorf("got  %+v\nwant %+v", s.Allotments, want)
	}
}

func TestAFailedSnapshotTellsItsRequests(t *testing.T) {
	for reason, answer := range map[string]any{
		"unexpected_answer": `{"status":"ok"}`, "html_answer": "<html>", report.NotOffered: vendortest.Reply(404, "text/html", "<html>"),
	} {
		s, err := newClient(t, vendortest.New(t, answer)).Snapshot(t.Context(), nil)
		if report.AsFailure(err).Reason != reason || len(s.Allotments) != 0 || len(s.Requests) != 1 || s.Requests[0].Outcome != reason {
			t.Errorf("%s: %+v %v", reason, s, err)
		}
	}
}
