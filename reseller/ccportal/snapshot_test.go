package ccportal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

// portal answers pack/list with packs, and mail/list with no address.
func portal(packs string) func(vendortest.Sent) any {
	return func(r vendortest.Sent) any {
		if strings.Contains(r.URL, "/mail/") {
			return `{"accounts":[]}`
		}
		return packs
	}
}

// told is the allotments of a snapshot in short.
func told(s report.Snapshot) string {
	var lines []string
	for _, a := range s.Allotments {
		n := "-"
		if a.Allotted.Valid {
			n = fmt.Sprint(a.Allotted.V)
		}
		if a.Utilized.Valid && a.Utilized.V > 0 {
			n = fmt.Sprint(a.Utilized.V, " of ", n)
		}
		lines = append(lines, strings.TrimSpace(strings.Join([]string{a.Customer, a.Resource, n, a.Unit}, " ")))
	}
	return strings.Join(lines, "|")
}

func TestSnapshot(t *testing.T) {
	for _, format := range []string{"json", "xml"} {
		pack := func(id string) string {
			example := examples["pack/list"].json
			if format == "xml" {
				example = examples["pack/list"].xml
			}
			return strings.Replace(example, "14056", id, 1)
		}
		mails := `{"accounts":[{"account":{"mail":"a@x.example","type":"TYPE_PRIMARY"}},{"account":{"mail":"b@x.example","type":"TYPE_ADDITIONAL"}}]}`
		v := vendortest.New(t, pack("A1"), mails, strings.Replace(pack("007"), "false", "true", 1), `{"accounts":null}`, `{"packs":[],"dirty":false}`)
		start := time.Now()
		s, err := newClient(t, format, v, "A1", "007", "A1", "empty").Snapshot(t.Context())
		if err != nil || s.Vendor != "ccportal" || s.Account != "main" || s.At.Before(start) || s.At.Location() != time.UTC {
			t.Fatalf("%+v %v", s, err)
		}
		if got := told(s); got != "A1 mail 2 of 3|A1 web 100 MB|007 mail 3|007 web 100 MB" {
			t.Error(got)
		}
		if none := s.Allotments[2].Utilized; !none.Valid || none.V != 0 {
			t.Errorf("no address is in use: %+v", none)
		}
		if fmt.Sprint(s.Pending) != "[007]" {
			t.Errorf("pending: %v", s.Pending)
		}
		a := s.Allotments[1]
		if a.Vendor != "ccportal" || a.Account != "main" || a.Utilized.Valid || a.Active.Valid || a.CreatedOn.Valid {
			t.Errorf("%+v", a)
		}
		want := `{"name":"Web","value":"100M"}`
		if format == "xml" {
			want = "<pack>\n      <name>Web</name>\n      <value>100M</value>\n    </pack>"
		}
		if a.Raw != want {
			t.Errorf("raw: %s", a.Raw)
		}
		var jobs []string
		for _, r := range s.Requests {
			jobs = append(jobs, fmt.Sprint(r.Vendor, r.Account, r.Job, r.Outcome, r.Rows))
		}
		if strings.Join(jobs, " ") != "ccportalmainpack/listok2 ccportalmainmail/listok2 ccportalmainpack/listok2 ccportalmainmail/listok0 ccportalmainpack/listok0" {
			t.Error(jobs)
		}
	}
}

func TestEveryShapeOfPacksIsRead(t *testing.T) {
	tests := map[string]string{
		`{"packs":[{"name":"Mail","value":3},{"name":"Web","value":"1.5G"}]}`:                      "1 mail 3|1 web 1.5 GB",
		`{"packs":{"pack":{"name":"Mail","value":"3"}}}`:                                           "1 mail 3",
		`{"packs":{"pack":[{"name":"Mail","value":"3"},{"name":"Web","value":"2T"}]}}`:             "1 mail 3|1 web 2 TB",
		`{"packs":[{"pack":[{"name":"Mail","value":"3"}]},{"Pack":{"name":"Web","value":"10K"}}]}`: "1 mail 3|1 web 10 KB",
		`{"packs":{"name":"Mail","value":"3"}}`:                                                    "1 mail 3",
		`{"packs":{"pack":null}}`:                                                                  "",
		`{"packs":null}`:                                                                           "",
		`{"packs":""}`:                                                                             "",
		`{"packs":" \n "}`:                                                                         "",
		`{"packs":[]}`:                                                                             "",
		`{"packs":{}}`:                                                                             "",
		`{"ParCustId":1,"packs":[]}`:                                                               "",
		`{"response":{"ParCustId":"1","packs":{"pack":{"name":" Mail ","value":" 3 "}}}}`:           "1 mail 3",
		`{"packs":[{"name":"Mail","value":"3"},{"name":"MAIL","value":"4"}]}`:                       "1 mail 4",
		`{"packs":[{"name":"Cloud"},{"name":"Web","value":null},{"name":"X","value":"unlimited"}]}`: "1 cloud -|1 web -|1 x -",
		`<response><packs/></response>`:                                                                                                                       "",
		`<response><packs></packs></response>`:                                                                                                                "",
		`<response><packs><pack><name>Mail</name><value>3</value></pack></packs></response>`:                                                                  "1 mail 3",
		`<response><packs><pack><value><![CDATA[100M]]></value><name>&#87;eb</name></pack></packs></response>`:                                                "1 web 100 MB",
		`<response><packs><pack><name>Mail</name><value/></pack></packs></response>`:                                                                          "1 mail -",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><response><packs><pack><name>B\xfcro</name><value>1</value></pack></packs></response> <!-- end -->\n": "1 büro 1",
		"\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<!DOCTYPE response><response><ParCustId>01</ParCustId><packs/></response>":                                    "",
	}
	for body, want := range tests {
		s, err := newClient(t, "json", vendortest.New(t, portal(body)), "1").Snapshot(t.Context())
		if got := told(s); err != nil || got != want {
			t.Errorf("%s: %s, want %s; %v", body, got, want, err)
		}
	}
}

func TestWhatIsNoListOfPacksChangesNothing(t *testing.T) {
	tests := map[string]string{ // what the error has to show
		`{"ParCustId":"1","dirty":false}`:                          `{"ParCustId": text, "dirty": flag}`,
		`{"packs":"Mail"}`:                                         "text",
		`{"packs":7}`:                                              "number",
		`{"packs":false}`:                                          "flag",
		`{"packs":["Mail"]}`:                                       "text",
		`{"packs":[null]}`:                                         "null",
		`{"packs":[[{"name":"Mail"}]]}`:                            "[{",
		`{"packs":[{"value":"3"}]}`:                                "without name",
		`{"packs":[{"name":{"hidden":"hidden text"}}]}`:            `{"hidden": text}`,
		`{"packs":{"pack":"Mail"}}`:                                "text",
		`{"packs":{"pack":[{"name":"Mail"},"x"]}}`:                 "text",
		`{"ParCustId":"2","packs":[]}`:                             `customer "2"`,
		`{"response":[]}`:                                          "[]",
		`<response><dirty>false</dirty></response>`:                "<response><dirty>",
		`<response><packs>Mail</packs></response>`:                 "no list of packs",
		`<response><packs><pack/></packs></response>`:              "without name",
		`<response><ParCustId>2</ParCustId><packs/></response>`:    `customer "2"`,
		`<response><packs/></response><response/>`:                 "another document",
		`<response><packs/></response> end`:                        "text behind",
		`<response><packs/>`:                                       "<response><packs>",
		`<response><packs><pack><name>M</name></packs></response>`: "<response>",
	}
	for body, shows := range tests {
		s, err := newClient(t, "xml", vendortest.New(t, body), "1").Snapshot(t.Context())
		f := report.AsFailure(err)
		if err == nil || f.Class != report.Transient || f.Reason != "unexpected_answer" || !strings.Contains(f.Error(), shows) || strings.Contains(f.Error(), "hidden text") {
			t.Errorf("%s: %s %v", body, f.Reason, err)
		}
		if s.Allotments != nil || len(s.Requests) != 1 {
			t.Errorf("%s: %+v", body, s)
		}
	}
	for _, page := range []string{"<html><body>response</body></html>", "<Response/>", "<", "<?xml version='1.0'?>", "<!-- -->"} {
		_, err := newClient(t, "xml", vendortest.New(t, page), "1").Snapshot(t.Context())
		if f := report.AsFailure(err); f.Reason != "html_answer" {
			t.Errorf("%s: %v", page, err)
		}
	}
}

func TestACustomerThatFailsCostsTheOthersNothing(t *testing.T) {
	const web = `{"packs":[{"name":"Web","value":"3M"}]}`
	gone := func(vendortest.Sent) any { return vendortest.Reply(404, "text/plain", "Unbekannt") }
	v := vendortest.New(t, web, gone, web)
	s, err := newClient(t, "json", v, "1", "2", "3").Snapshot(t.Context())
	f, ok := err.(*report.Failure)
	if !ok || f.Reason != "not_found" || !strings.HasPrefix(f.Error(), "customer 2: ccportal account main, request for pack/list: ") {
		t.Errorf("%v", err)
	}
	if !slices.Equal(s.Kept, []string{"2"}) || len(s.Allotments) != 2 || s.Allotments[1].Customer != "3" || s.At.IsZero() {
		t.Errorf("%+v", s)
	}
	if len(s.Requests) != 3 || s.Requests[1].Outcome != "not_found" || s.Requests[1].Code != 404 {
		t.Errorf("%+v", s.Requests)
	}
	for name, answers := range map[string][]any{
		"of all customers":        {gone, gone, gone},
		"that concerns all":       {web, vendortest.Reply(403, "text/plain", "Forbidden"), web},
		"without an answer":       {web, gone, errors.New("connection refused")},
		"that concerns all later": {gone, vendortest.Reply(401, "text/plain", "Unauthorized"), web},
	} {
		s, err := newClient(t, "json", vendortest.New(t, answers...), "1", "2", "3").Snapshot(t.Context())
		if err == nil || s.Kept != nil || s.Allotments != nil {
			t.Errorf("a failure %s: %+v, %v", name, s, err)
		}
	}
	v = vendortest.New(t, `{"packs":[{"name":"Mail","value":"3"}]}`, vendortest.Reply(503, "text/plain", "Wartung"))
	s, err = newClient(t, "json", v, "1").Snapshot(t.Context())
	if s.Allotments != nil || len(s.Requests) != 2 || !strings.HasPrefix(fmt.Sprint(err), "customer 1: ccportal account main, request for mail/list: ") {
		t.Errorf("%+v %v", s, err)
	}
	_, err = newClient(t, "json", vendortest.New(t)).Snapshot(t.Context())
	if f := report.AsFailure(err); f.Reason != "no_customers" || f.Class != report.Permanent {
		t.Errorf("%v", err)
	}
	if _, err = newClient(t, "json", vendorhttp.DryRun{}, "1").Snapshot(t.Context()); !strings.HasPrefix(fmt.Sprint(err), "GET "+base+"/pack/1/list\n") {
		t.Errorf("%v", err)
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"3": "3", "0": "0", "100M": "100 MB", "10K": "10 KB", "1.5G": "1.5 GB", "2T": "2 TB", "007": "7", "2.0": "2",
		"": "-", "M": "-", "100m": "-", "100MB": "-", "100 M": "-", "1,5G": "-", ".5G": "-", "5.": "-", "-1": "-", "+1": "-", "1e3": "-", "unlimited": "-",
		"0x10": "-", "١٠": "-", "3\n": "-", "NaN": "-", strings.Repeat("9", 400): "-",
	} {
		n, unit := ccportal.ParseValue(text)
		got := "-"
		if n.Valid {
			got = strings.TrimSpace(fmt.Sprint(n.V, " ", unit))
		}
		if got != want || !n.Valid && (unit != "" || n.V != 0) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
