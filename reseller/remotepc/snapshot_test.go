package remotepc_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp/vendortest"
)

func list(elements ...string) string {
	return `{"status":"OK","code":200,"message":{"resellerUsersList":[` + strings.Join(elements, ",") + `]}}`
}

// told is the allotments of a snapshot in short.
func told(s report.Snapshot) (lines []string) {
	show := func(v any, valid bool) string {
		if !valid {
			return "-"
		}
		return fmt.Sprint(v)
	}
	for _, a := range s.Allotments {
		lines = append(lines, strings.Join([]string{
			a.Customer, show(a.Allotted.V, a.Allotted.Valid), show(a.Utilized.V, a.Utilized.Valid), show(a.Active.V, a.Active.Valid), show(a.CreatedOn.V, a.CreatedOn.Valid),
		}, " "))
	}
	return lines
}

func TestSnapshot(t *testing.T) {
	v := vendortest.New(t, strings.Replace(listed, `"[email protected]"`, `"first@example.org"`, 1))
	c := newClient(t, v)
	start := time.Now()
	s, err := c.Snapshot(t.Context(), nil)
	if err != nil || s.Vendor != "remotepc" || s.Account != "main" || s.At.Before(start) || s.At.Location() != time.UTC {
		t.Fatalf("%+v %v", s, err)
	}
	day, _ := report.ParseDay("2023-01-13")
	number := func(v float64) sql.Null[float64] { return sql.Null[float64]{V: v, Valid: true} }
	want := report.Allotment{
		Vendor: "remotepc", Account: "main", Customer: "first@example.org", Resource: "computers", Allotted: number(1), Utilized: number(0),
		Active: sql.Null[bool]{V: true, Valid: true}, CreatedOn: sql.Null[report.Day]{V: day, Valid: true},
		Raw: `{ "alloted_computers": 1, "created_date": "01-13-2023", "isActive": true, "utilized_computers": 0, "username": "first@example.org" }`,
	}
	if len(s.Allotments) != 2 || s.Allotments[0] != want || s.Allotments[1].Allotted != number(425) {
		t.Errorf("%s", cmp.Diff([]report.Allotment{want}, s.Allotments))
	}
	if len(s.Requests) != 1 {
		t.Fatalf("%+v", s.Requests)
	}
	f := s.Requests[0]
	if f.Seconds < 0 || f.At.Before(start) || f.Bytes == 0 {
		t.Errorf("%+v", f)
	}
	f.At, f.Seconds, f.Bytes = time.Time{}, 0, 0
	if (f != report.Fetch{Vendor: "remotepc", Account: "main", Job: "user/list", Outcome: "ok", Rows: 2}) {
		t.Errorf("%+v", f)
	}
}

func TestEveryShapeOfAListIsRead(t *testing.T) {
	user := func(members string) string { return list(`{"username":"a",` + members + `}`) }
	text := func(body string) string {
		message := strings.TrimSuffix(strings.TrimPrefix(body, `{"status":"OK","code":200,"message":`), "}")
		return fmt.Sprintf(`{"status":"OK","code":200,"message":%q}`, message)
	}
	tests := map[string]string{
		user(`"alloted_computers":3,"utilized_computers":2,"isActive":true,"created_date":"01-13-2023"`): "a 3 2 true 2023-01-13",
		text(user(`"alloted_computers":3`)):                                            "a 3 - - -",
		user(`"allotted_computers":3`):                                                 "a 3 - - -",
		user(`"allotted_computers":4,"alloted_computers":3`):                           "a 3 - - -",
		user(`"allotted_computers":4,"alloted_computers":null`):                        "a 4 - - -",
		user(`"alloted_computers":"3","utilized_computers":" 2 ","isActive":"true"`):   "a 3 2 true -",
		user(`"alloted_computers":"unlimited","utilized_computers":null,"isActive":0`): "a - - false -",
		user(`"alloted_computers":-1,"utilized_computers":"","isActive":"maybe"`):      "a - - - -",
		user(`"alloted_computers":0`):                                                  "a 0 - - -",
		user(`"created_date":"1-3-2023"`):                                              "a - - - 2023-01-03",
		user(`"created_date":" 12-31-2023 "`):                                          "a - - - 2023-12-31",
		user(`"created_date":""`):                                                      "a - - - -",
		user(`"created_date":null`):                                                    "a - - - -",
		user(`"created_date":"13-01-2023"`):                                            "a - - - -", // never the thirteenth of January
		user(`"created_date":"25-12-2023"`):                                            "a - - - -",
		user(`"created_date":"02-29-2023"`):                                            "a - - - -",
		user(`"created_date":"02-29-2024"`):                                            "a - - - 2024-02-29",
		user(`"created_date":"01/13/2023"`):                                            "a - - - -",
		user(`"created_date":"01-13-23"`):                                              "a - - - -",
		user(`"created_date":"2023-01-13"`):                                            "a - - - -",
		user(`"created_date":1673568000`):                                              "a - - - -",
		list():                                                                         "",
		list(`{"username":"a","alloted_computers":1,"isActive":true}`, `{"username":"a","alloted_computers":2,"isActive":false}`):                      "a 1 - true -",
		list(`{"username":"a","alloted_computers":1,"isActive":false}`, `{"username":"b"}`, `{"username":" a","alloted_computers":2,"isActive":true}`): "a 2 - true -|b - - - -",
		list(`{"username":"a","alloted_computers":1}`, `{"username":"a","alloted_computers":2}`):                                                       "a 2 - - -",
	}
	for body, want := range tests {
		s, err := newClient(t, vendortest.New(t, body)).Snapshot(t.Context(), nil)
		if got := strings.Join(told(s), "|"); err != nil || got != want {
			t.Errorf("%s: %s, want %s; %v", body, got, want, err)
		}
	}
}

// TestUnreadableValuesAreReported: what is there and cannot be read is not only unknown.
func TestUnreadableValuesAreReported(t *testing.T) {
	body := list(`{"username":"a","alloted_computers":"unlimited","utilized_computers":-1,"isActive":"maybe","created_date":"13-01-2023"}`,
		`{"username":"b","alloted_computers":"1,5","allotted_computers":2,"utilized_computers":"","isActive":null}`, `{"username":"c"}`)
	s, err := newClient(t, vendortest.New(t, body)).Snapshot(t.Context(), nil)
	want := []string{
		`user a has alloted_computers "unlimited", which is no number of computers`,
		`user a has utilized_computers "-1", which is no number of computers`,
		`user a has isActive "maybe", which is neither true nor false`,
		`user a has created_date "13-01-2023", which is no date of the form MM-DD-YYYY`,
		`user b has alloted_computers "1,5", which is no number of computers`,
	}
	if err != nil || !slices.Equal(s.Odd, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, s.Odd))
	}
}

func TestWhatIsNoListChangesNothing(t *testing.T) {
	tests := map[string]string{ // what the error has to show of the shape
		`{"status":"OK","code":200,"message":{}}`:                                             "nothing",
		`{"status":"OK","code":200,"message":{"resellerUsersList":null}}`:                     "null",
		`{"status":"OK","code":200,"message":{"resellerUsersList":""}}`:                       "text",
		`{"status":"OK","code":200,"message":{"resellerUsersList":{"a":1}}}`:                  `{"a": number}`,
		`{"status":"OK","code":200,"message":"SUCCESS"}`:                                      "text",
		`{"status":"OK","code":200,"message":null}`:                                           "null",
		`{"status":"OK","code":200}`:                                                          "nothing",
		list(`{"username":"a"}`, `{"alloted_computers":7}`):                                   `element 1: username is missing in {"alloted_computers": number}`,
		list(`{"username":" "}`):                                                              "username is missing",
		list(`{"username":null}`):                                                             "username is missing",
		list(`"a"`):                                                                           "text",
		list(`null`):                                                                          "null",
		list(`{"username":"a","alloted_computers":{"hidden":"hidden text"}}`):                 `{"hidden": text}`,
		`{"status":"OK","code":200,"message":"{\"resellerUsersList\":[{\"username\":\"a\"}"}`: "not JSON",
	}
	for body, shape := range tests {
		s, err := newClient(t, vendortest.New(t, body)).Snapshot(t.Context(), nil)
		f := report.AsFailure(err)
		if err == nil || f.Class != report.Transient || f.Reason != "unexpected_answer" || !strings.Contains(f.Error(), shape) || strings.Contains(f.Error(), "hidden text") {
			t.Errorf("%s: %s %v", body, f.Reason, err)
		}
		if s.Allotments != nil || len(s.Requests) != 1 || s.Requests[0].Outcome != "unexpected_answer" {
			t.Errorf("%s: %+v", body, s)
		}
	}
}
