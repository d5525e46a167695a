package reseller

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

const (
	ccBase = "/kommitt/ccsimplemailapi"
	ccHash = "098f6bcd4621d373cade4e832627b4f6"
)

func cc(path string) request { return request{method: "GET", path: ccBase + "/" + path} }

func ccXML(path string) request { return cc(path).with("Force-XML", "true") }

func ccVendor(q Quirks) (*Vendor, *clock) {
	return newVendor(CCPortal, Options{World: &World{Seed: 1}, Quirks: q})
}

func TestCCPortal(t *testing.T) {
	v, _ := ccVendor(Quirks{})
	status := func(found, enabled bool) string {
		return fmt.Sprintf(`{"ParCustId":"Cust/1","found":%t,"enabled":%t,"pwdchanged":0,"dirty":false}`, found, enabled)
	}
	const customer = "Cust%2F1" // a slash within an identifier
	play(t, v, []row{
		{"status of an unknown customer", cc("access/" + customer + "/status"), 200, status(false, false), false},
		{"packs of an unknown customer", cc("pack/" + customer + "/list"), 200, `{"ParCustId":"Cust/1","dirty":false,"packs":[]}`, false},
		{"mails of an unknown customer", cc("mail/" + customer + "/list"), 200, `{"ParCustId":"Cust/1","accounts":[]}`, false},
		{"disable an unknown customer", cc("access/" + customer + "/disable"), 404, "ParCustId unbekannt\n", false},
		{"a pack for an unknown customer", cc("pack/" + customer + "/enable/mail/5"), 404, "ParCustId unbekannt\n", false},
		{"enable with a password", cc("access/" + customer + "/enable/geheim"), 400, "HASH ist kein MD5\n", false},

		{"enable", cc("access/" + customer + "/enable/" + ccHash), 200, "", true},
		{"status", cc("access/" + customer + "/status"), 200, status(true, true), false},
		{"status in XML", ccXML("access/" + customer + "/status"), 200, `<?xml version="1.0"?>
<response>
    <ParCustId>Cust/1</ParCustId>
    <found>true</found>
    <enabled>true</enabled>
    <pwdchanged>0</pwdchanged>
    <dirty>false</dirty>
</response>
`, false},
		{"enable a pack", cc("pack/" + customer + "/enable/mail/5"), 200, "", true},
		{"enable it in XML", ccXML("pack/" + customer + "/enable/Web/100M"), 200, "", true},
		{"packs", cc("pack/" + customer + "/list"), 200,
			`{"ParCustId":"Cust/1","dirty":false,"packs":[{"pack":{"name":"Mail","value":"5"}},{"pack":{"name":"Web","value":"100M"}}]}`, false},
		{"packs in XML", ccXML("pack/" + customer + "/list"), 200, `<?xml version="1.0"?>
<response>
    <ParCustId>Cust/1</ParCustId>
    <dirty>false</dirty>
    <packs>
        <pack>
            <name>Mail</name>
            <value>5</value>
        </pack>
        <pack>
            <name>Web</name>
            <value>100M</value>
        </pack>
    </packs>
</response>
`, false},
		{"mails", cc("mail/" + customer + "/list"), 200,
			`{"ParCustId":"Cust/1","accounts":[{"account":{"mail":"Cust/1@kommitt.example","type":"TYPE_PRIMARY","forward":null}}]}`, false},
		{"mails in XML", ccXML("mail/" + customer + "/list"), 200, `<?xml version="1.0"?>
<response>
    <ParCustId>Cust/1</ParCustId>
    <accounts>
        <account>
            <mail>Cust/1@kommitt.example</mail>
            <type>TYPE_PRIMARY</type>
            <forward/>
        </account>
    </accounts>
</response>
`, false},
		{"a larger pack", cc("pack/" + customer + "/enable/mail/50"), 200, "", true},
		{"no number", cc("pack/" + customer + "/enable/mail/viele"), 400, "VALUE ungültig\n", false},
		{"an unknown pack", cc("pack/" + customer + "/enable/cloud/5"), 400, "PACK unbekannt\n", false},
		{"disable a pack", cc("pack/" + customer + "/disable/web/100M"), 200, "", true},
		{"disable it again", cc("pack/" + customer + "/disable/web/100M"), 404, "PACK nicht aktiviert\n", false},
		{"disable the other", cc("pack/" + customer + "/disable/mail/50"), 200, "", true},
		{"packs of nobody in XML", ccXML("pack/" + customer + "/list"), 200, "<?xml version=\"1.0\"?>\n<response>\n    <ParCustId>Cust/1</ParCustId>\n    <dirty>false</dirty>\n    <packs/>\n</response>\n", false},
		{"disable", cc("access/" + customer + "/disable"), 200, "", true},
		{"status of a disabled customer", cc("access/" + customer + "/status"), 200, status(true, false), false},
		{"a pack without access", cc("pack/" + customer + "/enable/mail/5"), 409, "Zugang nicht eingerichtet\n", false},

		{"packs for pack", cc("packs/" + customer + "/list"), 404, "Not Found\n", false},
		{"a call with too much", cc("pack/" + customer + "/list/"), 404, "Not Found\n", false},
		{"a call with too little", cc("pack/" + customer + "/enable/mail"), 404, "Not Found\n", false},
		{"another case", request{method: "GET", path: "/kommitt/ccSimpleMailApi/pack/1/list"}, 404, "Not Found\n", false},
		{"POST", request{method: "POST", path: ccBase + "/pack/1/list"}, 405, "Method Not Allowed\n", false},
	})
	if truth := v.Truth("kommitt", monday); slices.ContainsFunc(truth, func(a report.Allotment) bool { return a.Customer == "Cust/1" }) {
		t.Errorf("%v", truth)
	}
	if !slices.Contains(v.Secrets(), ccHash) {
		t.Error("the hash is no secret")
	}
}

func TestCCPortalTypes(t *testing.T) {
	v, _ := ccVendor(Quirks{})
	for _, test := range []struct {
		request request
		want    string
	}{
		{cc("pack/1/list"), "text/json"}, {ccXML("pack/1/list"), "text/xml"}, {cc("access/1/disable"), "text/plain; charset=utf-8"}, {cc("access/1/enable/" + ccHash), ""},
		{cc("pack/1/list").with("XML-Force", "true"), "text/json"},
	} {
		if _, header, body := ask(t, v, test.request); header.Get("Content-Type") != test.want {
			t.Errorf("%s: %v %s", test.request.path, header, body)
		}
	}
}

func TestCCPortalRefusals(t *testing.T) {
	changes := []request{cc("access/10366/enable/" + ccHash), cc("access/10366/disable"), cc("pack/10366/enable/mail/5"), cc("pack/10366/disable/mail/5")}
	for _, test := range []struct {
		name    string
		quirks  Quirks
		allowed []string
		status  int
		body    string
	}{
		{"dirty", Quirks{Dirty: true}, nil, 409, "Änderung verweigert: für diese ParCustId stehen noch Requests auf PENDING\n"},
		{"silent", Quirks{Dirty: true, SilentErrors: true}, nil, 409, ""},
		{"address", Quirks{}, []string{"198.51.100.7"}, 403, "Forbidden\n"},
	} {
		v, _ := newVendor(CCPortal, Options{World: &World{Seed: 1}, Quirks: test.quirks, Accounts: []Account{{Name: "kommitt", AllowedIPs: test.allowed}}})
		for _, r := range changes {
			status, _, body := ask(t, v, r)
			if status != test.status || body != test.body {
				t.Errorf("%s: %d %s", test.name, status, body)
			}
		}
		if s := v.Stats(); s.Changes != 0 || s.Answers[test.status] != len(changes) {
			t.Errorf("%s: %+v", test.name, s)
		}
	}
	v, _ := ccVendor(Quirks{Dirty: true})
	if _, _, body := ask(t, v, cc("pack/10366/list")); !strings.Contains(body, `"dirty":true`) {
		t.Errorf("%s", body)
	}
	v.SetQuirks(Quirks{Strict: true})
	for _, call := range []string{"pack/1/list", "mail/1/list"} {
		if status, _, _ := ask(t, v, cc(call)); status != 404 {
			t.Errorf("%s: %d", call, status)
		}
	}
}

// TestCCPortalIsDirtyAfterAChange of its own, for a while.
func TestCCPortalIsDirtyAfterAChange(t *testing.T) {
	v, c := ccVendor(Quirks{})
	s := v.world.seatsFor(Label{CCPortal, "kommitt"})[0]
	_, start := s.plan.phase(monday.Unix())
	name := v.Customers("kommitt", monday)[0].Name
	for _, test := range []struct {
		after int64
		dirty bool
	}{{0, true}, {pendingFor - 1, true}, {pendingFor, false}} {
		c.at = time.Unix(start+test.after, 0)
		_, _, body := ask(t, v, cc("access/"+name+"/status"))
		if strings.Contains(body, `"dirty":true`) != test.dirty {
			t.Errorf("%d s after: %s", test.after, body)
		}
	}
}

// collect gathers what the reading of an answer in any shape brings: name and value of packs, and addresses.
func collect(value any, packs map[string]string, mails map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		if name, ok := value["name"].(string); ok {
			packs[name] = value["value"].(string)
			return
		}
		if mail, ok := value["mail"].(string); ok {
			forward, _ := value["forward"].(string)
			mails[mail] = value["type"].(string) + " " + forward
			return
		}
		for _, part := range value {
			collect(part, packs, mails)
		}
	case []any:
		for _, part := range value {
			collect(part, packs, mails)
		}
	}
}

type ccResponse struct {
	XMLName   xml.Name `xml:"response"`
	ParCustID string   `xml:"ParCustId"`
	Packs     []struct {
		Name  string `xml:"name"`
		Value string `xml:"value"`
	} `xml:"packs>pack"`
	Accounts []struct {
		Mail    string `xml:"mail"`
		Type    string `xml:"type"`
		Forward string `xml:"forward"`
	} `xml:"accounts>account"`
}

// TestCCPortalListsAreTheTruth: in each shape of JSON, and in XML.
func TestCCPortalListsAreTheTruth(t *testing.T) {
	for _, mode := range Modes(CCPortal) {
		if mode.Broken {
			continue
		}
		v, c := ccVendor(mode.Quirks)
		truth := byKey(v.Truth("kommitt", c.at))
		seen, forwards := 0, 0
		for _, customer := range v.Customers("kommitt", c.at) {
			packs, mails := map[string]string{}, map[string]string{}
			xmlPacks, xmlMails := map[string]string{}, map[string]string{}
			for _, list := range []string{"pack", "mail"} {
				_, _, body := ask(t, v, cc(list+"/"+customer.Name+"/list"))
				var answer map[string]any
				if err := json.Unmarshal([]byte(body), &answer); err != nil || answer["ParCustId"] != customer.Name {
					t.Fatalf("%s: %s: %v", mode.Name, body, err)
				}
				collect(answer, packs, mails)
				_, _, body = ask(t, v, ccXML(list+"/"+customer.Name+"/list"))
				var response ccResponse
				if err := xml.Unmarshal([]byte(body), &response); err != nil || response.ParCustID != customer.Name {
					t.Fatalf("%s: %s: %v", mode.Name, body, err)
				}
				for _, p := range response.Packs {
					xmlPacks[p.Name] = p.Value
				}
				for _, a := range response.Accounts {
					xmlMails[a.Mail] = a.Type + " " + a.Forward
				}
			}
			if !maps.Equal(packs, xmlPacks) || !maps.Equal(mails, xmlMails) || len(mails) != len(customer.Mails) {
				t.Errorf("%s: %v %v in JSON, %v %v in XML", mode.Name, packs, mails, xmlPacks, xmlMails)
			}
			_, _, status := ask(t, v, cc("access/"+customer.Name+"/status"))
			var access map[string]any
			if err := json.Unmarshal([]byte(status), &access); err != nil {
				t.Fatalf("%s: %s: %v", mode.Name, status, err)
			}
			enabled := fmt.Sprint(access["enabled"])
			for name, value := range packs {
				seen++
				a := truth[customer.Name+"/"+strings.ToLower(name)]
				want := fmt.Sprint(a.Allotted.V)
				if a.Unit == "MB" {
					want += "M"
				}
				if a.Allotted.Valid == mode.Quirks.FreeValues || a.Allotted.Valid && value != want || a.Active.V != (enabled == "true" || enabled == "1") || name == "Mail" && a.Utilized.V != float64(len(mails)) {
					t.Errorf("%s: %s is %s, the truth %+v", mode.Name, name, value, a)
				}
			}
			for _, kind := range mails {
				if strings.HasPrefix(kind, "TYPE_PRIMARY_FORWARD ") && strings.Contains(kind, "@") {
					forwards++
				}
			}
		}
		if seen != len(truth) || seen < 10 || forwards == 0 {
			t.Errorf("%s: %d packs, want %d; %d forwards", mode.Name, seen, len(truth), forwards)
		}
	}
}

func TestCCPortalShapes(t *testing.T) {
	one, two := `{"name":"Mail","value":"3"}`, `{"name":"Web","value":"100M"}`
	for _, test := range []struct{ mode, none, single, both string }{
		{"document", `[]`, `[{"pack":` + one + `}]`, `[{"pack":` + one + `},{"pack":` + two + `}]`},
		{"wrap-list", `[]`, `{"pack":` + one + `}`, `{"pack":[` + one + `,` + two + `]}`},
		{"wrap-none", `[]`, `[` + one + `]`, `[` + one + `,` + two + `]`},
		{"wrap-object", `[]`, `{"pack":` + one + `}`, `[{"pack":` + one + `},{"pack":` + two + `}]`},
		{"wrap-bare", `[]`, one, `[` + one + `,` + two + `]`},
		{"empty-null", `null`, `[{"pack":` + one + `}]`, `[{"pack":` + one + `},{"pack":` + two + `}]`},
		{"empty-text", `""`, `[{"pack":` + one + `}]`, `[{"pack":` + one + `},{"pack":` + two + `}]`},
		{"converter", `""`, `{"pack":` + one + `}`, `{"pack":[` + one + `,` + two + `]}`},
	} {
		v, _ := ccVendor(modeOf(t, CCPortal, test.mode).Quirks)
		ask(t, v, cc("access/77/enable/"+ccHash))
		for step, want := range []string{test.none, test.single, test.both} {
			if step > 0 {
				ask(t, v, cc("pack/77/enable/"+[]string{"mail/3", "web/100M"}[step-1]))
			}
			_, _, body := ask(t, v, cc("pack/77/list"))
			var answer struct{ Packs json.RawMessage }
			if err := json.Unmarshal([]byte(body), &answer); err != nil || string(answer.Packs) != want {
				t.Errorf("%s: %s, want %s: %v", test.mode, body, want, err)
			}
		}
	}
	for _, test := range []struct{ mode, json, xml string }{
		{"document", `{"ParCustId":"77","found":true,"enabled":true,"pwdchanged":0,"dirty":false}`, "<found>true</found>"},
		{"flag-number", `{"ParCustId":"77","found":1,"enabled":1,"pwdchanged":0,"dirty":0}`, "<found>1</found>"},
		{"flag-text", `{"ParCustId":"77","found":"true","enabled":"true","pwdchanged":"0","dirty":"false"}`, "<found>true</found>"},
		{"no-declaration", `{"ParCustId":"77","found":true,"enabled":true,"pwdchanged":0,"dirty":false}`, "<response>"},
	} {
		v, _ := ccVendor(modeOf(t, CCPortal, test.mode).Quirks)
		ask(t, v, cc("access/77/enable/"+ccHash))
		_, _, inJSON := ask(t, v, cc("access/77/status"))
		_, _, inXML := ask(t, v, ccXML("access/77/status"))
		if !same(inJSON, test.json) || !strings.Contains(inXML, test.xml) || strings.HasPrefix(inXML, "<?xml") == (test.mode == "no-declaration") {
			t.Errorf("%s: %s %s", test.mode, inJSON, inXML)
		}
	}
	v, _ := ccVendor(Quirks{ChangeBodies: true})
	_, _, inJSON := ask(t, v, cc("access/77/enable/"+ccHash))
	_, _, inXML := ask(t, v, ccXML("access/77/enable/"+ccHash))
	if !same(inJSON, `{"ParCustId":"77"}`) || !strings.Contains(inXML, "<ParCustId>77</ParCustId>") {
		t.Errorf("%s %s", inJSON, inXML)
	}
}
