package reseller

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/simulator"
)

// samples are a read and a change of each vendor, with the right credentials, for its default account.
var samples = map[string]struct{ read, change request }{
	RemotePC:  {rpc("list", "{}"), rpc("add", `{"firstName":"a","lastName":"b","invitedUserEmailId":"new@firma.example","password":"password"}`)},
	CCPortal:  {cc("pack/10366/list"), cc("access/10366/enable/" + ccHash)},
	SerwerSMS: {sms("index", "{}"), sms("limit", `{"id":101000,"type":"eco","value":5}`)},
	LimaCity:  {lima("GET", "/usercp/domains", "RESELLER_API_KEY", ""), limaCreate(limaCustomer)},
}

func sample(vendor string, q Quirks, now func() time.Time) *Vendor {
	account := twinOf(vendor).account
	key := map[string]string{RemotePC: "rpc-key", SerwerSMS: "sms-token", LimaCity: "RESELLER_API_KEY"}[vendor]
	return New(vendor, Options{World: &World{Seed: 1}, Accounts: []Account{{Name: account, Key: key}}, Quirks: q, Now: now, Record: true})
}

func right() time.Time { return monday }

// TestBrokenModesAreNoAnswers: every mode that is none of the document's answers plays for every vendor, and what it stands
// in place of is done unless it sends the caller elsewhere.
func TestBrokenModesAreNoAnswers(t *testing.T) {
	looks := map[Instead]struct {
		status int
		body   func(string) bool
	}{
		InsteadPage:     {200, func(b string) bool { return strings.HasPrefix(strings.TrimSpace(b), "<") }},
		InsteadDebug:    {500, func(b string) bool { return strings.HasPrefix(strings.TrimSpace(b), "<") }},
		InsteadRedirect: {302, func(b string) bool { return b == "" }},
		InsteadRepeat:   {307, func(b string) bool { return b == "" }},
		InsteadNothing:  {200, func(b string) bool { return b == "" }},
		InsteadNull:     {200, func(b string) bool { return b == "null" }},
		InsteadArray:    {200, func(b string) bool { return b[0] == '[' }},
		InsteadHalf:     {200, func(b string) bool { return !json.Valid([]byte(b)) }},
	}
	for vendor, sample := range samples {
		played := 0
		for _, mode := range Modes(vendor) {
			look, found := looks[mode.Quirks.Instead]
			if !found {
				continue
			}
			played++
			for _, r := range []request{sample.read, sample.change} {
				v := sampleWith(vendor, mode.Quirks)
				status, header, body := ask(t, v, r)
				away := header.Get("Location") != ""
				if status != look.status || !look.body(body) || !mode.Broken || away != (status/100 == 3) {
					t.Errorf("%s %s: %d %v %q", vendor, mode.Name, status, header, body)
				}
				if changes := v.Stats().Changes == 1; changes != (r.method+r.path+r.body == sample.change.method+sample.change.path+sample.change.body && !away) {
					t.Errorf("%s %s: that %s changed something is %t", vendor, mode.Name, r.path, changes)
				}
			}
		}
		if played != len(looks) {
			t.Errorf("%s plays %d of %d", vendor, played, len(looks))
		}
	}
}

func sampleWith(vendor string, q Quirks) *Vendor { return sample(vendor, q, right) }

func TestModesHaveNames(t *testing.T) {
	for _, l := range Labels() {
		vendor := l.Vendor
		seen, quirks := map[string]bool{}, map[Quirks]bool{}
		for _, mode := range Modes(vendor) {
			if mode.Name == "" || seen[mode.Name] || quirks[mode.Quirks] {
				t.Errorf("%s: %+v is there twice", vendor, mode)
			}
			seen[mode.Name], quirks[mode.Quirks] = true, true
		}
		if Modes(vendor)[0].Name != "document" || Modes(vendor)[0].Quirks != (Quirks{}) {
			t.Errorf("%s: %+v", vendor, Modes(vendor)[0])
		}
	}
}

var faultTests = []struct {
	name    string
	fault   simulator.Fault
	counts  bool // the vendor counts the request
	changes bool
	took    time.Duration // in a bubble
	status  int
	err     error
}{
	{"none", simulator.Fault{}, true, true, 0, 200, nil},
	{"delay", simulator.Fault{Delay: 7 * time.Second}, true, true, 7 * time.Second, 200, nil},
	{"lag", simulator.Fault{Lag: 9 * time.Second}, true, true, 9 * time.Second, 200, nil},
	{"refused", simulator.Fault{Delay: time.Second, Err: simulator.ErrRefused}, false, false, time.Second, 0, syscall.ECONNREFUSED},
	{"lost answer", simulator.Fault{Lag: time.Second, Lost: simulator.ErrReset}, true, true, time.Second, 0, syscall.ECONNRESET},
	{"cut", simulator.Fault{Cut: 5}, true, true, 0, 200, io.ErrUnexpectedEOF},
	{"cut quietly", simulator.Fault{Cut: 5, CutQuietly: true}, true, true, 0, 200, nil},
	{"stall", simulator.Fault{Cut: 5, Stall: 3 * time.Second}, true, true, 3 * time.Second, 200, nil},
	{"page", simulator.Fault{Page: simulator.MaintenancePage}, true, false, 0, 200, nil},
	{"502", simulator.Fault{Status: 502}, true, false, 0, 502, nil},
	{"an error of the vendor's", simulator.Fault{ErrorNumber: 500}, true, false, 0, 500, nil},
	{"wrong key", simulator.Fault{Expire: true}, true, false, 0, 401, nil},
	{"blocked", simulator.Fault{Block: time.Minute}, true, false, 0, 403, nil},
}

// send sends a change over c and returns what came of it.
func send(ctx context.Context, c *http.Client, base string, r request) (status int, body string, took time.Duration, err error) {
	start := time.Now()
	q, err := http.NewRequestWithContext(ctx, r.method, base+r.path, strings.NewReader(r.body))
	if err != nil {
		return 0, "", 0, err
	}
	for name, value := range r.header {
		q.Header.Set(name, value)
	}
	answer, err := c.Do(q)
	if err != nil {
		return 0, "", time.Since(start), err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), time.Since(start), err
}

func TestFaultsInABubble(t *testing.T) {
	for _, test := range faultTests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, vendor := range []string{RemotePC, LimaCity} {
					v := sample(vendor, Quirks{}, nil)
					v.SetFault(simulator.ScriptedFaults(test.fault))
					status, body, took, err := send(t.Context(), &http.Client{Transport: v.RoundTripper()}, "https://vendor.example", samples[vendor].change)
					if took != test.took || status != test.status || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
						t.Errorf("%s: %d after %s: %s %v", vendor, status, took, body, err)
					}
					if s := v.Stats(); (len(s.Log) == 1) != test.counts || (s.Changes == 1) != test.changes {
						t.Errorf("%s: %+v", vendor, s)
					}
					if test.fault.Cut > 0 && test.fault.Stall == 0 && len(body) != test.fault.Cut {
						t.Errorf("%s: %q", vendor, body)
					}
				}
			})
		})
	}
}

// TestFaultsOverTheNetwork holds the handler on a socket against the same table; of a connection that fails, a socket shows
// only that it failed.
func TestFaultsOverTheNetwork(t *testing.T) {
	for _, test := range faultTests {
		v := sampleWith(RemotePC, Quirks{})
		test.fault.Delay, test.fault.Lag, test.fault.Stall = test.fault.Delay/1000, test.fault.Lag/1000, test.fault.Stall/1000
		v.SetFault(simulator.ScriptedFaults(test.fault))
		server := httptest.NewServer(v)
		status, body, _, err := send(t.Context(), server.Client(), server.URL, samples[RemotePC].change)
		server.Close()
		if status != test.status && test.err != io.ErrUnexpectedEOF || (err == nil) != (test.err == nil) || (v.Stats().Changes == 1) != test.changes {
			t.Errorf("%s: %d %s %v, %+v", test.name, status, body, err, v.Stats())
		}
	}
}

func TestTheHookIsToldOfTheRequest(t *testing.T) {
	for vendor, want := range map[string]string{RemotePC: "user/list", CCPortal: "pack/list", SerwerSMS: "subaccounts/index", LimaCity: "usercp/domains"} {
		v := sampleWith(vendor, Quirks{})
		var seen []simulator.Request
		v.SetFault(func(q simulator.Request) simulator.Fault { seen = append(seen, q); return simulator.Fault{} })
		ask(t, v, samples[vendor].read)
		if len(seen) != 1 || seen[0].N != 1 || string(seen[0].Kind) != want || seen[0].Account != v.Accounts()[0].Name || seen[0].IP != "192.0.2.10" || !seen[0].At.Equal(monday) {
			t.Errorf("%s: %+v", vendor, seen)
		}
	}
}

func TestErrorsOfTheVendor(t *testing.T) {
	for _, test := range []struct {
		vendor string
		number int
		status int
		body   string
	}{
		{RemotePC, 500, 500, rpcError("INTERNAL_SERVER_ERROR", 500, "INTERNAL_SERVER_ERROR")},
		{RemotePC, 401, 401, rpcError("UNAUTHORIZED", 401, "UNAUTHORIZED_ACCESS")},
		{RemotePC, 400, 400, rpcError("BAD_REQUEST", 400, "INVALID_PARAMETERS")},
		{RemotePC, 999, 200, rpcError("INTERNAL_SERVER_ERROR", 999, "INTERNAL_SERVER_ERROR")},
		{CCPortal, 503, 503, "Service Unavailable\n"},
		{CCPortal, 7, 500, "Internal Server Error\n"},
		{SerwerSMS, 1005, 200, smsError(1005, "InvalidRole", "Brak uprawnień")},
		{SerwerSMS, 9999, 200, smsError(9999, "Error", "Błąd")},
		{LimaCity, 503, 503, `{"error":"Service Unavailable"}`},
	} {
		v := sampleWith(test.vendor, Quirks{})
		v.SetFault(simulator.ScriptedFaults(simulator.Fault{ErrorNumber: test.number}))
		play(t, v, []row{{test.vendor, samples[test.vendor].read, test.status, test.body, false}})
	}
}

// TestBlockedAddresses are refused until the block ends; RemotePC's sign-in says why.
func TestBlockedAddresses(t *testing.T) {
	v, c := newVendor(RemotePC, Options{Accounts: []Account{{Name: "eu", Key: "rpc-key"}}})
	v.SetFault(simulator.ScriptedFaults(simulator.Fault{Block: time.Minute}))
	forbidden := rpcError("Forbidden", 403, "Forbidden")
	play(t, v, []row{
		{"list", rpc("list", ""), 403, forbidden, false},
		{"sign in", rpc("signin", `{"username":"a","password":"b"}`), 400, rpcError("BAD_REQUEST", 400, "IP_ADDRESS_BLOCKED"), false},
	})
	c.at = c.at.Add(time.Minute)
	play(t, v, []row{{"list later", rpc("list", ""), 200, "", false}})
}

func TestRandomFaultsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := sample(SerwerSMS, Quirks{}, nil)
		v.SetFault(simulator.RandomFaults(3, 0.4, EveryFault()...))
		good := 0
		for range 300 {
			status, body, _, err := send(t.Context(), &http.Client{Transport: v.RoundTripper()}, "https://vendor.example", samples[SerwerSMS].read)
			if err == nil && status == 200 && strings.HasPrefix(body, `{"items":[`) && strings.HasSuffix(body, `]}`) {
				good++
			}
		}
		if good < 180 || good > 260 {
			t.Errorf("%d of 300 were answered", good)
		}
	})
}

// TestManyAtOnce is for the race detector, over a socket and with calls that look at the vendor meanwhile.
func TestManyAtOnce(t *testing.T) {
	v := sampleWith(SerwerSMS, Quirks{})
	server := httptest.NewServer(v)
	defer server.Close()
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			for range 20 {
				for _, r := range []request{samples[SerwerSMS].read, samples[SerwerSMS].change} {
					if status, body, _, err := send(t.Context(), server.Client(), server.URL, r); status != 200 || err != nil {
						t.Errorf("%d %s %v", status, body, err)
					}
				}
				v.Truth("pl", monday)
				v.SetQuirks(Quirks{TextCode: true})
				v.Secrets()
			}
		})
	}
	g.Wait()
	if s := v.Stats(); s.Requests["subaccounts/limit"] != 80 || s.Changes != 80 || s.Answers[200] != 160 {
		t.Errorf("%+v", s)
	}
}

func TestPathsAreTheDefaultsOfTheConfiguration(t *testing.T) {
	for vendor, want := range map[string]string{
		RemotePC: "/rpc-api/reseller/private", CCPortal: "/kommitt/ccsimplemailapi", SerwerSMS: "", LimaCity: "/resellercp",
	} {
		v := New(vendor, Options{})
		if got := v.Path(v.Accounts()[0].Name); got != want {
			t.Errorf("%s: %q", vendor, got)
		}
	}
}

func TestClientIP(t *testing.T) {
	v := New(CCPortal, Options{Accounts: []Account{{Name: "kommitt", AllowedIPs: []string{"127.0.0.1"}}}})
	server := httptest.NewServer(v)
	defer server.Close()
	if status, body, _, err := send(t.Context(), server.Client(), server.URL, samples[CCPortal].read); status != 200 || err != nil {
		t.Errorf("%d %s %v", status, body, err)
	}
	if status, _, _ := ask(t, v, samples[CCPortal].read); status != 403 {
		t.Errorf("%d", status)
	}
}
