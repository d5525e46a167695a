package ccportal_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

const (
	base     = "https://api04.ccgmbh.de/kommitt/ccsimplemailapi"
	password = "test" // its MD5 is the one of the document's examples
	hash     = "098f6bcd4621d373cade4e832627b4f6"
	hidden   = `Geh/eim+"ß<&9`
	hidden5  = "cdb35a67cb19b1c30cb81bec756ab5b4" // md5sum of hidden
)

// The examples of ccportal.txt. Where it shows XML alone, the JSON beside it is what a converter makes of that.
var examples = map[string]struct{ json, xml string }{
	"access/status": {
		`{"ParCustId":"Cust01","found":"true","enabled":"true","pwdchanged":"1","dirty":"false"}`,
		`<response>
  <ParCustId>Cust01</ParCustId>
  <found>true</found>
  <enabled>true</enabled>
    <!-- Nutzer hat Passwort geändert -->
  <pwdchanged>1</pwdchanged>
  <dirty>false</dirty>
</response>`,
	},
	"mail/list": {
		`{
"ParCustId":"10953",
"accounts":
        [
                {
                "account":
                    {
                     "mail":"10953@rapeedo.net",
                     "type":"TYPE_PRIMARY",
                     "forward":null
                    }
                }
        ]
}`,
		`<?xml version="1.0"?>
<response>
    <ParCustId>10953</ParCustId>
    <accounts>
        <account>
            <mail>10953@rapeedo.net</mail>
            <type>TYPE_PRIMARY</type>
            <forward/>
        </account>
    </accounts>
</response>`,
	},
	"pack/list": {
		`{"ParCustId":"14056","dirty":"false","packs":[{"pack":{"name":"Mail","value":"3"}},{"pack":{"name":"Web","value":"100M"}}]}`,
		`<response>
  <ParCustId>14056</ParCustId>
  <dirty>false</dirty>
  <packs>
    <pack>
      <name>Mail</name>
      <value>3</value>
    </pack>
    <pack>
      <name>Web</name>
      <value>100M</value>
    </pack>
  </packs>
</response>`,
	},
}

const manyMails = `<response>
  <ParCustId>10038892</ParCustId>
  <accounts>
    <account>
      <mail>10038892@example.com</mail>
      <type>TYPE_PRIMARY_FORWARD</type>
      <forward>wreiti@example.com</forward>
    </account>
    <account>
      <mail>wolfgang.reitmeier@example.com</mail>
      <type>TYPE_ADDITIONAL</type>
      <forward/>
    </account>
    <account>
      <mail>wreiti@example.com</mail>
      <type>TYPE_ADDITIONAL</type>
      <forward/>
    </account>
  </accounts>
</response>`

func newClient(t testing.TB, format string, rt http.RoundTripper, customers ...string) *ccportal.Client {
	t.Helper()
	c, err := ccportal.New(ccportal.Account{Name: "main", BaseURL: base, Format: format, Customers: customers}, "1.2", rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// calls are all calls in one format. The portal answers a change with an empty body.
func calls(format string) []vendortest.Call {
	do := func(f func(context.Context, *ccportal.Client) error) func(context.Context, testing.TB, http.RoundTripper) error {
		return func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			return f(ctx, newClient(t, format, rt))
		}
	}
	good := func(job string) any {
		if format == "xml" {
			return vendortest.Reply(200, "text/xml", examples[job].xml)
		}
		return vendortest.Reply(200, "text/json", examples[job].json)
	}
	done := func() any { return vendortest.Reply(200, "", "") }
	reads := func(job string) any { return func(vendortest.Sent) any { return good(job) } }
	changes := func(vendortest.Sent) any { return done() }
	return []vendortest.Call{
		{Job: "access/status", Good: reads("access/status"), Do: do(func(ctx context.Context, c *ccportal.Client) error {
			_, err := c.AccessStatus(ctx, "Cust01")
			return err
		})},
		{Job: "access/enable", Changes: true, Good: changes, Secrets: []string{hidden, hidden5}, Do: do(func(ctx context.Context, c *ccportal.Client) error {
			return c.AccessEnable(ctx, "12345", secret.New(hidden))
		})},
		{Job: "access/disable", Changes: true, Good: changes, Do: do(func(ctx context.Context, c *ccportal.Client) error {
			return c.AccessDisable(ctx, "12345")
		})},
		{Job: "mail/list", Good: reads("mail/list"), Do: do(func(ctx context.Context, c *ccportal.Client) error {
			_, err := c.MailList(ctx, "10953")
			return err
		})},
		{Job: "pack/list", Good: reads("pack/list"), Do: do(func(ctx context.Context, c *ccportal.Client) error {
			_, err := c.PackList(ctx, "14056")
			return err
		})},
		{Job: "pack/enable", Changes: true, Good: changes, Do: do(func(ctx context.Context, c *ccportal.Client) error {
			return c.PackEnable(ctx, "12345", "mail", "5")
		})},
		{Job: "pack/disable", Changes: true, Good: changes, Do: do(func(ctx context.Context, c *ccportal.Client) error {
			return c.PackDisable(ctx, "12345", "mail", "5")
		})},
	}
}

func TestTrouble(t *testing.T) {
	// HTTP status 200 is a success; its body may hold nothing.
	except := map[string]string{}
	for _, job := range []string{"access/status", "mail/list", "pack/list"} {
		for _, status := range []string{"server error", "not implemented"} {
			except[job+"/"+status] = "transient server_error"
		}
	}
	for _, job := range []string{"access/enable", "access/disable", "pack/enable", "pack/disable"} {
		for _, body := range []string{"empty", "null", "list", "empty object"} {
			except[job+"/"+body] = "success"
		}
	}
	for _, format := range []string{"json", "xml"} {
		t.Run(format, func(t *testing.T) { vendortest.Trouble(t, calls(format), except) })
	}
}

func TestRequestsAreWrittenAsDocumented(t *testing.T) {
	want := []string{
		"/access/Cust01/status", "/access/12345/enable/" + hidden5, "/access/12345/disable", "/mail/10953/list", "/pack/14056/list",
		"/pack/12345/enable/mail/5", "/pack/12345/disable/mail/5",
	}
	for _, format := range []string{"json", "xml"} {
		for i, call := range calls(format) {
			v := vendortest.New(t, call.Good)
			if err := call.Do(t.Context(), t, v); err != nil {
				t.Fatal(err)
			}
			sent := v.Got()[0]
			if sent.Method != "GET" || sent.URL != base+want[i] || sent.Body != "" {
				t.Errorf("%s %s %s", sent.Method, sent.URL, sent.Body)
			}
			force, accept := sent.Header.Get("Force-XML"), sent.Header.Get("Accept")
			if (force == "true") != (format == "xml") || !strings.HasPrefix(accept, "text/"+format) {
				t.Errorf("%s: Force-XML %q, Accept %q", format, force, accept)
			}
		}
	}
	v := vendortest.New(t, "")
	if err := newClient(t, "", v).AccessEnable(t.Context(), "12345", secret.New(password)); err != nil || v.Got()[0].URL != base+"/access/12345/enable/"+hash {
		t.Errorf("%v %v", err, v.Got())
	}
}

func TestWhatIsAskedForStaysInItsPlace(t *testing.T) {
	v := vendortest.New(t, "")
	if err := newClient(t, "json", v).PackEnable(t.Context(), "a/../b", "Cloud & Mail", "100%?#"); err != nil {
		t.Fatal(err)
	}
	if got := v.Got()[0].URL; got != base+"/pack/a%2F..%2Fb/enable/Cloud%20&%20Mail/100%25%3F%23" {
		t.Error(got)
	}
	c := newClient(t, "json", vendortest.New(t))
	for name, err := range map[string]error{
		"no customer":  c.AccessDisable(t.Context(), ""),
		"dots":         c.AccessDisable(t.Context(), ".."),
		"no value":     c.PackEnable(t.Context(), "1", "mail", ""),
		"line end":     c.PackDisable(t.Context(), "1", "mail\n", "5"),
		"no password":  c.AccessEnable(t.Context(), "1", secret.Value{}),
		"reading dots": func() error { _, err := c.MailList(t.Context(), "."); return err }(),
	} {
		if f := report.AsFailure(err); err == nil || f.Class != report.Permanent || f.Reason != "bad_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsAreAStatusAndPlainText(t *testing.T) {
	tests := []struct {
		status int
		text   string
		want   string
	}{
		{400, "Ungültiger Wert", "permanent refused 400"},
		{400, "", "permanent refused 400"},
		{401, "", "permanent not_authorized 401"},
		{403, "Zugriff verweigert", "permanent not_authorized 403"},
		{404, "Unbekannte ParCustId", "permanent not_found 404"},
		{409, "ParCustId is dirty", "throttle pending 409"},
		{423, "noch PENDING Requests", "throttle pending 423"},
		{500, "pending", "throttle pending 500"},
		{500, "Datenbankfehler", "transient server_error 500"},
		{500, "", "transient server_error 500"},
		{503, "Wartung", "transient server_error 503"},
	}
	for _, tt := range tests {
		for _, format := range []string{"json", "xml"} {
			for _, call := range calls(format) {
				err := call.Do(t.Context(), t, vendortest.New(t, vendortest.Reply(tt.status, "text/plain", tt.text)))
				f := report.AsFailure(err)
				want := tt.want
				if call.Changes && tt.status >= 500 && tt.text != "pending" {
					want = fmt.Sprint("unknown outcome_unknown ", tt.status)
				}
				if got := fmt.Sprintf("%s %s %d", f.Class, f.Reason, f.Code); got != want || !strings.Contains(f.Error(), tt.text) {
					t.Errorf("%s: %d %s: %s, want %s: %v", call.Job, tt.status, tt.text, got, want, err)
				}
			}
		}
	}
	for name, text := range map[string]string{"text/plain": "Kunde gel\xf6scht, Preis 5 \x80", "text/plain; charset=iso-8859-1": "Kunde gel\xf6scht", "text/plain; charset=utf-8": "Kunde gelöscht"} {
		_, err := newClient(t, "json", vendortest.New(t, vendortest.Reply(400, name, text))).PackList(t.Context(), "14056")
		if !strings.Contains(err.Error(), "Kunde gelöscht") || strings.ContainsRune(err.Error(), 0xfffd) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, status := range []int{201, 204} {
		for _, call := range calls("json") {
			err := call.Do(t.Context(), t, vendortest.New(t, vendortest.Reply(status, "text/json", "")))
			if f := report.AsFailure(err); err == nil || call.Changes && f.Reason != vendorhttp.OutcomeUnknown {
				t.Errorf("%s: %d: %v", call.Job, status, err)
			}
		}
	}
}

func TestAChangeMayBeAnsweredWithADocument(t *testing.T) {
	for _, body := range []string{`<?xml version="1.0"?><response/>`, `<response><ParCustId>12345</ParCustId><dirty>true</dirty></response>`, `{"ParCustId":"12345","dirty":true}`, "OK"} {
		for _, format := range []string{"json", "xml"} {
			if err := newClient(t, format, vendortest.New(t, body)).AccessDisable(t.Context(), "12345"); err != nil {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
	for _, body := range []string{
		"<response>", "<response/><html/>", "<p>", "<responses/>", `{"ParCustId":"7"}`, `{"message":"failed"}`, `{"error":"Datenbankfehler"}`, `[1]`, "Fatal error: out of memory",
		"<response><ParCustId>7</ParCustId></response>", "<response><error>nein</error></response>", "false", "0", `{"ParCustId":`,
	} {
		if err := newClient(t, "xml", vendortest.New(t, body)).AccessDisable(t.Context(), "12345"); report.AsFailure(err).Class != report.Unknown {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestNewNamesTheKey(t *testing.T) {
	for want, account := range map[string]ccportal.Account{
		"accounts.base_url: not an address":         {},
		`accounts.customers: ".." would be`:         {BaseURL: base, Customers: []string{"1", ".."}},
		`accounts.customers: "" is empty`:           {BaseURL: base, Customers: []string{""}},
		"accounts.tls.ca_file: open /nonexistent":   {BaseURL: base, TLS: vendorhttp.TLS{CAFile: "/nonexistent"}},
		"accounts.base_url: http://portal.example/": {BaseURL: "http://portal.example/"},
	} {
		if _, err := ccportal.New(account, "", nil); err == nil || !strings.Contains(err.Error(), "reseller.ccportal."+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := ccportal.New(ccportal.Account{BaseURL: "http://192.168.10.170/ccSimpleMailApi"}, "", nil); err != nil {
		t.Errorf("the document's own example: %v", err)
	}
}

func TestAccess(t *testing.T) {
	tests := map[string]string{ // found enabled changed dirty
		examples["access/status"].json:                                                      "true true true false",
		examples["access/status"].xml:                                                       "true true true false",
		`{"ParCustId":"cust01","found":false,"enabled":0,"pwdchanged":null}`:                "false false - -",
		`{"response":{"ParCustId":"Cust01","found":true,"dirty":1}}`:                        "true - - true",
		`<response><found> True </found><enabled/><dirty>maybe</dirty></response>`:          "true - - -",
		`<response xmlns="urn:cc"><enabled>0</enabled><dirty a="b">true</dirty></response>`: "- false - true",
	}
	for body, want := range tests {
		for _, format := range []string{"json", "xml"} { // what comes decides, not what was asked for
			a, err := newClient(t, format, vendortest.New(t, body)).AccessStatus(t.Context(), "Cust01")
			var got []string
			for _, f := range []any{a.Found, a.Enabled, a.PasswordChanged, a.Dirty} {
				text := strings.NewReplacer("{true true}", "true", "{false true}", "false", "{false false}", "-").Replace(fmt.Sprint(f))
				got = append(got, text)
			}
			if err != nil || strings.Join(got, " ") != want {
				t.Errorf("%s: %s, want %s; %v", body, got, want, err)
			}
		}
	}
}

func TestMailboxes(t *testing.T) {
	one := []ccportal.Mailbox{{"10953@rapeedo.net", "TYPE_PRIMARY", ""}}
	tests := map[string][]ccportal.Mailbox{
		examples["mail/list"].json: one,
		examples["mail/list"].xml:  one,
		`{"accounts":{"account":{"mail":"10953@rapeedo.net","type":"TYPE_PRIMARY"}}}`: one,
		`{"accounts":null}`: {},
		strings.Replace(manyMails, "10038892", "10953", 1): {
			{"10038892@example.com", "TYPE_PRIMARY_FORWARD", "wreiti@example.com"}, {"wolfgang.reitmeier@example.com", "TYPE_ADDITIONAL", ""}, {"wreiti@example.com", "TYPE_ADDITIONAL", ""},
		},
	}
	for body, want := range tests {
		got, err := newClient(t, "xml", vendortest.New(t, body)).MailList(t.Context(), "10953")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", body, got, err)
		}
	}
	for _, body := range []string{`{}`, `{"accounts":[{"account":{"type":"x"}}]}`, `<response><accounts><account/></accounts></response>`, `<response/>`, manyMails} {
		if _, err := newClient(t, "json", vendortest.New(t, body)).MailList(t.Context(), "10953"); report.AsFailure(err).Reason != "unexpected_answer" {
			t.Errorf("%s: %v", body, err)
		}
	}
}
