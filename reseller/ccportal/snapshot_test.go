package ccportal_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

// portal answers pack/list with packs, mail/list with no address, and access/status with enabled.
func portal(packs string) func(vendortest.Sent) any {
	return routes(map[string]any{"/pack/": packs})
}

// routes answers by a part of the address; what is not there has no address and is enabled.
func routes(answers map[string]any) func(vendortest.Sent) any {
	return func(r vendortest.Sent) any {
		for part, answer := range answers {
			if strings.Contains(r.URL, part) {
				if f, ok := answer.(func(vendortest.Sent) any); ok {
					return f(r)
				}
				return answer
			}
		}
		switch {
		case strings.Contains(r.URL, "/mail/"):
			return `{"accounts":[]}`
		case strings.Contains(r.URL, "/access/"):
			return `{"found":true,"enabled":true,"dirty":false}`
		}
		return `{"packs":[]}`
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
		v := vendortest.New(t, routes(map[string]any{
			"/pack/A1/": pack("A1"), "/mail/A1/": mails, "/pack/007/": strings.Replace(pack("007"), "false", "true", 1), "/mail/007/": `{"accounts":null}`,
			"/access/007/": `{"found":"true","enabled":"0"}`,
		}))
		start := time.Now()
		s, err := newClient(t, format, v, "A1", "007", "A1", "empty").Snapshot(t.Context(), nil)
		if err != nil || s.Vendor != "ccportal" || s.Account != "main" || s.At.Before(start) || s.At.Location() != time.UTC {
			t.Fatalf("%+v %v", s, err)
		}
		if got := told(s); got != "A1 mail 2 of 3|A1 web 100 MB|007 mail 3|007 web 100 MB" {
			t.Error(got)
		}
		if disabled := s.Allotments[3].Active; !disabled.Valid || disabled.V {
			t.Errorf("access is disabled: %+v", disabled)
		}
		if none := s.Allotments[2].Utilized; !none.Valid || none.V != 0 {
			t.Errorf("no address is in use: %+v", none)
		}
		if fmt.Sprint(s.Pending) != "[007]" {
			t.Errorf("pending: %v", s.Pending)
		}
		a := s.Allotments[1]
		if a.Vendor != "ccportal" || a.Account != "main" || a.Utilized.Valid || !a.Active.Valid || !a.Active.V || a.CreatedOn.Valid {
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
		if strings.Join(jobs, " ") != "ccportalmainpack/listok2 ccportalmainmail/listok2 ccportalmainaccess/statusok1 ccportalmainpack/listok2 ccportalmainmail/listok0 ccportalmainaccess/statusok1 ccportalmainpack/listok0" {
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
		s, err := newClient(t, "json", vendortest.New(t, portal(body)), "1").Snapshot(t.Context(), nil)
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
		`{"packs":[{"value":"3"}]}`:                                "has no name",
		`{"packs":[{"name":{"hidden":"hidden text"}}]}`:            `{"hidden": text}`,
		`{"packs":{"pack":"Mail"}}`:                                "text",
		`{"packs":{"pack":[{"name":"Mail"},"x"]}}`:                 "text",
		`{"ParCustId":"2","packs":[]}`:                             `customer "2"`,
		`{"response":[]}`:                                          "[]",
		`<response><dirty>false</dirty></response>`:                "<response><dirty>",
		`<response><packs>Mail</packs></response>`:                 "list of packs is missing",
		`<response><packs><pack/></packs></response>`:              "has no name",
		`<response><ParCustId>2</ParCustId><packs/></response>`:    `customer "2"`,
		`<response><packs/></response><response/>`:                 "another document",
		`<response><packs/></response> end`:                        "text follows",
		`<response><packs/>`:                                       "<response><packs>",
		`<response><packs><pack><name>M</name></packs></response>`: "<response>",
	}
	for body, shows := range tests {
		s, err := newClient(t, "xml", vendortest.New(t, body), "1").Snapshot(t.Context(), nil)
		f := s.Failed["1"]
		if err != nil || f == nil || f.Class != report.Transient || f.Reason != "unexpected_answer" || !strings.Contains(f.Error(), shows) || strings.Contains(f.Error(), "hidden text") {
			t.Errorf("%s: %v %v", body, f, err)
		}
		if s.Allotments != nil || s.Read != nil || len(s.Requests) != 1 {
			t.Errorf("%s: %+v", body, s)
		}
	}
	for _, page := range []string{"<html><body>response</body></html>", "<Response/>", "<", "<?xml version='1.0'?>", "<!-- -->"} {
		s, err := newClient(t, "xml", vendortest.New(t, page), "1").Snapshot(t.Context(), nil)
		if f := s.Failed["1"]; err != nil || f == nil || f.Reason != "html_answer" {
			t.Errorf("%s: %v", page, err)
		}
	}
}

// short shows what a round brought: who was read, who failed and why, and why it stopped.
func short(s report.Snapshot, err error) string {
	failed := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.Failed)) {
		failed = append(failed, name+" "+s.Failed[name].Reason)
	}
	stop := ""
	if err != nil {
		stop = report.AsFailure(err).Reason
	}
	return fmt.Sprint(s.Read, " ", failed, " ", stop)
}

func TestACustomerThatFailsCostsTheOthersNothing(t *testing.T) {
	const web = `{"packs":[{"name":"Web","value":"3M"}]}`
	reply := func(status int, text string) any {
		return func(vendortest.Sent) any { return vendortest.Reply(status, "text/plain", text) }
	}
	lost := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	unreachable := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for name, tt := range map[string]struct {
		second map[string]any // what customer 2 gets
		want   string
	}{
		"deleted":         {map[string]any{"/pack/2/": reply(404, "Unbekannt")}, "[1 3] [2 not_found] "},
		"server error":    {map[string]any{"/pack/2/": reply(500, "")}, "[1 3] [2 server_error] "},
		"closed":          {map[string]any{"/pack/2/": lost}, "[1 3] [2 connection_lost] "},
		"too slow":        {map[string]any{"/pack/2/": context.DeadlineExceeded}, "[1 3] [2 timeout] "},
		"cut":             {map[string]any{"/pack/2/": vendortest.Cut(200, "text/json", "{")}, "[1 3] [2 body_cut] "},
		"page":            {map[string]any{"/pack/2/": "<html>"}, "[1 3] [2 html_answer] "},
		"another's":       {map[string]any{"/pack/2/": `{"ParCustId":"9","packs":[]}`}, "[1 3] [2 unexpected_answer] "},
		"no mail":         {map[string]any{"/pack/2/": `{"packs":[{"name":"Mail","value":"3"}]}`, "/mail/2/": reply(503, "Wartung")}, "[1 3] [2 server_error] "},
		"no status":       {map[string]any{"/access/2/": reply(503, "Wartung")}, "[1 2 3] [2 server_error] "},
		"no such status":  {map[string]any{"/access/2/": reply(404, "")}, "[1 2 3] [] "},
		"status refused":  {map[string]any{"/access/2/": reply(403, "")}, "[1 2 3] [] "},
		"status unread":   {map[string]any{"/access/2/": `{}`}, "[1 2 3] [2 unexpected_answer] "},
		"machine refused": {map[string]any{"/pack/": reply(403, "")}, "[] [] not_authorized"},
		"unreachable":     {map[string]any{"/": unreachable}, "[] [] connect_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]any{"/pack/1/": web, "/pack/2/": web, "/pack/3/": web}
			if strings.HasSuffix(tt.want, "d") {
				answers = map[string]any{}
			}
			maps.Copy(answers, tt.second)
			s, err := newClient(t, "json", vendortest.New(t, routes(answers)), "1", "2", "3").Snapshot(t.Context(), nil)
			if got := short(s, err); got != tt.want {
				t.Errorf("%s, want %s: %v", got, tt.want, err)
			}
			if f := s.Failed["2"]; f != nil && !strings.HasPrefix(f.Error(), "customer 2: ccportal account main, request for ") {
				t.Errorf("%v", f)
			}
			if len(s.Read) != 0 && len(s.Allotments) != len(s.Read) || (len(s.Read) == 0) != s.At.IsZero() {
				t.Errorf("%+v", s)
			}
			if kept := strings.Contains(name, "status"); kept != slices.Equal(s.ActiveKept, []string{"2"}) {
				t.Errorf("active is kept of %v", s.ActiveKept)
			}
		})
	}
	_, err := newClient(t, "json", vendortest.New(t)).Snapshot(t.Context(), nil)
	if f := report.AsFailure(err); f.Reason != "no_customers" || f.Class != report.Permanent {
		t.Errorf("%v", err)
	}
	if _, err = newClient(t, "json", vendorhttp.DryRun{}, "1").Snapshot(t.Context(), nil); !strings.HasPrefix(fmt.Sprint(err), "GET "+base+"/pack/1/list\n") {
		t.Errorf("%v", err)
	}
}

// hanging answers all customers but those who hang at once.
type hanging struct {
	names []string
	mu    sync.Mutex
	asked map[string]int
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/kommitt/ccsimplemailapi/"), "/")[1]
	h.mu.Lock()
	h.asked[name]++
	h.mu.Unlock()
	if slices.Contains(h.names, name) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	time.Sleep(100 * time.Millisecond)
	body := `{"packs":[{"name":"Web","value":"3M"}]}`
	if strings.Contains(r.URL.Path, "/access/") {
		body = `{"enabled":true}`
	}
	return vendortest.Reply(200, "text/json", body), nil
}

// TestOneWhoHangsAmongMany holds up nobody; a portal that is silent is not asked for every customer.
func TestOneWhoHangsAmongMany(t *testing.T) {
	customers := make([]string, 500)
	for i := range customers {
		customers[i] = strconv.Itoa(i)
	}
	for name, tt := range map[string]struct {
		silent       []string
		read, failed int
		most         time.Duration
		reason       string
	}{
		"nobody":  {nil, 500, 0, 26 * time.Second, ""},
		"one":     {[]string{"3"}, 499, 1, 35 * time.Second, ""},
		"several": {[]string{"0", "100", "200", "300", "400"}, 495, 5, 60 * time.Second, ""},
		"all":     {customers, 0, 8, 61 * time.Second, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hanging{names: tt.silent, asked: map[string]int{}}
				began := time.Now()
				s, err := newClient(t, "json", h, customers...).Snapshot(t.Context(), nil)
				took := time.Since(began)
				if len(s.Read) != tt.read || len(s.Failed) < tt.failed || len(s.Failed) > tt.failed+3 || took > tt.most {
					t.Errorf("%d read, %d failed, after %v: %v", len(s.Read), len(s.Failed), took, err)
				}
				if err == nil && tt.reason != "" || err != nil && report.AsFailure(err).Reason != tt.reason {
					t.Errorf("%v", err)
				}
				for name, n := range h.asked {
					if n > 2 {
						t.Errorf("customer %s was asked %d times", name, n)
					}
				}
			})
		})
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"3": "3", "0": "0", "007": "7", "2.0": "2", "100M": "100 MB", "10K": "10 KB", "1.5G": "1.5 GB", "2T": "2 TB", "3\n": "3", "1G": "1 GB", "1T": "1 TB",
		"10 GB": "10 GB", "10\u00a0GB": "10 GB", "10\u202fgb": "10 GB", "1,5G": "1.5 GB", "1,5": "1.5", "1,25 TB": "1.25 TB", "100m": "100 MB", "100MB": "100 MB", "100 M": "100 MB",
		"100MiB": "100 MB", "5 GByte": "5 GB", "512 kBytes": "512 KB", "0.125G": "0.125 GB", "0,125 G": "0.125 GB", "1024M": "1024 MB", "1.0000G": "1 GB", "0M": "0 MB",
		"": "-", " ": "-", "unlimited": "-", "Unbegrenzt": "-", "\u221e": "-", "-1": "-", "UNLIMITED ": "-", "unbeschr\u00e4nkt": "-",
		"M": "odd", ".5G": "odd", "5.": "odd", "-2": "odd", "+1": "odd", "1e3": "odd", "0x10": "odd", "\u0661\u0660": "odd", "NaN": "odd", "1.024": "odd", "1,500M": "odd", "1.024 MB": "odd",
		"1.5.2G": "odd", "1.024,5M": "odd", "100Mbit": "odd", "10 Gbit/s": "odd", "10B": "odd", "Tarif L": "odd", "10 GB/Monat": "odd", "5 + 5": "odd", "10 20": "odd", "1 000 M": "odd", "10P": "odd", strings.Repeat("9", 400): "odd",
	} {
		n, unit, odd := ccportal.ParseValue(text)
		got := "-"
		switch {
		case n.Valid:
			got = strings.TrimSpace(fmt.Sprint(n.V, " ", unit))
		case odd:
			got = "odd"
		}
		if got != want || !n.Valid && (unit != "" || n.V != 0) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	s, err := newClient(t, "json", vendortest.New(t, portal(`{"packs":[{"name":"Web","value":"Tarif L"},{"name":"Cloud","value":"unlimited"}]}`)), "1").Snapshot(t.Context(), nil)
	if err != nil || len(s.Odd) != 1 || !strings.Contains(s.Odd[0], `customer 1 has pack web with the value "Tarif L"`) || !strings.Contains(s.Allotments[0].Raw, "Tarif L") {
		t.Errorf("%q %v", s.Odd, err)
	}
}
