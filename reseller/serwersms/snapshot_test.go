package serwersms_test

import (
	"reflect"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp/vendortest"
)

func TestASnapshotTellsWhoTheSubaccountsAre(t *testing.T) {
	began := time.Now()
	s, err := newClient(t, "token", vendortest.New(t, `{"items":[{"id":123,"username":"wojtek"},{"id":"456","username":"login2"},{"id":123,"username":"wojtek"}]}`)).Snapshot(t.Context(), nil)
	if err != nil || !s.WithoutLimits || s.At.Before(began) || s.At.Location() != time.UTC || len(s.Requests) != 1 || s.Requests[0].Rows != 3 {
		t.Errorf("%+v %v", s, err)
	}
	want := []report.Allotment{
		{Vendor: "serwersms", Account: "main", Customer: "123", Raw: `{"id":123,"username":"wojtek"}`},
		{Vendor: "serwersms", Account: "main", Customer: "456", Raw: `{"id":456,"username":"login2"}`},
	}
	if s.Vendor != "serwersms" || s.Account != "main" || !reflect.DeepEqual(s.Allotments, want) {
		t.Errorf("got  %+v\nwant %+v", s.Allotments, want)
	}
}

func TestAFailedSnapshotTellsItsRequests(t *testing.T) {
	for body, reason := range map[string]string{`{"success":true}`: "unexpected_answer", "<html>": "html_answer", "": "empty_answer"} {
		s, err := newClient(t, "token", vendortest.New(t, body)).Snapshot(t.Context(), nil)
		if report.AsFailure(err).Reason != reason || len(s.Allotments) != 0 || len(s.Requests) != 1 || s.Requests[0].Outcome != reason {
			t.Errorf("%q: %+v %v", body, s, err)
		}
	}
}
