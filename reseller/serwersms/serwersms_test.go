package serwersms_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/reseller/serwersms"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

const (
	token       = `Tok/en+7ą&"9`
	password    = `Has ło<1>"`
	subPassword = "testABC"
)

// The examples of serwersms.txt.
const (
	indexed = `{
"items":[{
"id":123,
"username":"wojtek"
},
{
"id":456,
"username":"login2"
},
{
"id":789,
"username":"testowy"
}]
}`
	viewed = `{
"id":1194,
"username":"wojtek",
"name":"Wojciech",
"phone":"+48730856000",
"email":"wojtek@mail.com"
}`
	added   = "{\n\"success\":true,\n\"id\":1485\n}"
	deleted = "{\n\"success\":true\n}"
)

var logins = map[string]serwersms.Account{
	"token":    {Token: secret.New(token)},
	"password": {Username: "demo", Password: secret.New(password)},
}

func newClient(t testing.TB, login string, rt http.RoundTripper) *serwersms.Client {
	t.Helper()
	account := logins[login]
	account.Name, account.Endpoint = "main", "https://api2.serwersms.pl"
	c, err := serwersms.New(account, "1.2", rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func calls(login string) []vendortest.Call {
	do := func(f func(context.Context, *serwersms.Client) error) func(context.Context, testing.TB, http.RoundTripper) error {
		return func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			return f(ctx, newClient(t, login, rt))
		}
	}
	secrets := []string{token}
	if login == "password" {
		secrets = []string{password}
	}
	return []vendortest.Call{
		{Job: "subaccounts/index", Good: indexed, Secrets: secrets, Do: do(func(ctx context.Context, c *serwersms.Client) error {
			_, err := c.Index(ctx)
			return err
		})},
		{Job: "subaccounts/view", Good: viewed, Secrets: secrets, Do: do(func(ctx context.Context, c *serwersms.Client) error {
			_, err := c.View(ctx, 1194)
			return err
		})},
		{Job: "subaccounts/add", Changes: true, Good: added, Secrets: append([]string{subPassword}, secrets...), Do: do(func(ctx context.Context, c *serwersms.Client) error {
			_, err := c.Add(ctx, serwersms.NewSubaccount{
				Username: "login1", Password: secret.New(subPassword), Template: 123, Name: "testowe subkonto", Phone: "500600700", Email: "test@test.pl",
			})
			return err
		})},
		{Job: "subaccounts/limit", Changes: true, Good: added, Secrets: secrets, Do: do(func(ctx context.Context, c *serwersms.Client) error {
			return c.Limit(ctx, serwersms.Limit{ID: 1485, Type: serwersms.Full, Value: 100})
		})},
		{Job: "subaccounts/delete", Changes: true, Good: deleted, Secrets: secrets, Do: do(func(ctx context.Context, c *serwersms.Client) error {
			return c.Delete(ctx, 1485)
		})},
	}
}

func TestTrouble(t *testing.T) {
	// No error and no success is a success, of what tells nothing else.
	except := map[string]string{"subaccounts/limit/empty object": "success", "subaccounts/delete/empty object": "success"}
	for login := range logins {
		t.Run(login, func(t *testing.T) { vendortest.Trouble(t, calls(login), except) })
	}
}

func TestRequestsAreWrittenAsDocumented(t *testing.T) {
	want := []string{
		``, `"id":1194`,
		`"subaccount_username":"login1","subaccount_password":"testABC","subaccount_id":123,"name":"testowe subkonto","phone":"500600700","email":"test@test.pl"`,
		`"id":1485,"type":"full","value":100`, `"id":1485`,
	}
	for login := range logins {
		for i, call := range calls(login) {
			v := vendortest.New(t, call.Good)
			if err := call.Do(t.Context(), t, v); err != nil {
				t.Fatal(err)
			}
			body, bearer := "{"+want[i]+"}", "Bearer "+token
			if login == "password" {
				body, bearer = strings.TrimSuffix(`{"username":"demo","password":"Has ło<1>\"",`+want[i], ",")+"}", ""
			}
			sent := v.Got()[0]
			if sent.Method != "POST" || sent.URL != "https://api2.serwersms.pl/"+call.Job || sent.Body != body {
				t.Errorf("%s %s %s, want %s", sent.Method, sent.URL, sent.Body, body)
			}
			for name, value := range map[string]string{"Authorization": bearer, "Content-Type": "application/json", "Accept": "application/json"} {
				if got := sent.Header.Get(name); got != value {
					t.Errorf("%s: %s is %q", call.Job, name, got)
				}
			}
		}
	}
	v := vendortest.New(t, added)
	_, err := newClient(t, "token", v).Add(t.Context(), serwersms.NewSubaccount{Username: "a.B_1,c@x", Password: secret.New("żółw"), Template: 1})
	if err != nil || v.Got()[0].Body != `{"subaccount_username":"a.B_1,c@x","subaccount_password":"żółw","subaccount_id":1}` {
		t.Errorf("%v: what is empty is left out: %s", err, v.Got()[0].Body)
	}
}

func TestWhatTheVendorWouldRefuseIsNotSent(t *testing.T) {
	c := newClient(t, "token", vendortest.New(t))
	add := func(username, password string) error {
		_, err := c.Add(t.Context(), serwersms.NewSubaccount{Username: username, Password: secret.New(password)})
		return err
	}
	for name, err := range map[string]error{
		"blank": add("jan kowalski", subPassword), "letter": add("Łukasz", subPassword), "dash": add("jan-kowalski", subPassword), "control": add("jan\n", subPassword),
		"quote": add("o'hara", subPassword), "not UTF-8": add("jan\xff", subPassword), "plus": add("a+b@x.pl", subPassword),
		"short name": add("ab", subPassword), "long name": add(strings.Repeat("x", 21), subPassword),
		"short password": add("abc", "xy"), "long password": add("abc", strings.Repeat("x", 21)),
		"type":     c.Limit(t.Context(), serwersms.Limit{ID: 1, Type: "sms", Value: 1}),
		"negative": c.Limit(t.Context(), serwersms.Limit{ID: 1, Type: serwersms.Eco, Value: -1}),
	} {
		if f := report.AsFailure(err); err == nil || f.Class != report.Permanent || f.Reason != "bad_request" || strings.Contains(err.Error(), "xy") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsAreSortedByTheirCode(t *testing.T) {
	answer := func(code int, kind string) string {
		return fmt.Sprintf(`{"error":{"code":%d,"type":%q,"message":"Nieprawidłowy login lub hasło"}}`, code, kind)
	}
	tests := []struct{ body, want string }{
		{answer(1000, "InvalidAction"), "permanent unknown_action 1000"},
		{answer(1001, "InvalidUser"), "permanent bad_credentials 1001"},
		{answer(1002, "InvalidRole"), "permanent no_rights 1002"},
		{answer(1003, "InvalidIP"), "permanent address_refused 1003"},
		{answer(1004, "InvalidID"), "permanent unknown_id 1004"},
		{answer(1005, "InvalidRole"), "permanent no_rights 1005"},
		{answer(1006, "InvalidData"), "permanent bad_format 1006"},
		{answer(1007, "InvalidRole"), "permanent no_rights 1007"},
		{answer(1008, "InvalidRole"), "permanent no_rights 1008"},
		{answer(2000, "ValidationRequiredError"), "permanent invalid_parameter 2000"},
		{answer(2001, "ValidationPhoneError"), "permanent invalid_parameter 2001"},
		{answer(2002, "ValidationCodeError"), "permanent invalid_parameter 2002"},
		{answer(4500, "x"), "permanent subaccount_refused 4500"},
		{answer(4502, "x"), "permanent subaccount_refused 4502"},
		{answer(9999, "x"), "transient unknown_error 9999"},
		{answer(-1, "x"), "transient unknown_error -1"},
		{`{"error":{"code":"1001","type":null,"message":null}}`, "permanent bad_credentials 1001"},
		{`{"success":true,"error":{"code":1001}}`, "permanent bad_credentials 1001"},
		{`{"success":false,"error":{"code":1004}}`, "permanent unknown_id 1004"},
		{`{"error":{"type":"InvalidUser"}}`, "permanent refused 0"},
		{`{"error":"Nieprawidłowy login lub hasło"}`, "permanent refused 0"},
		{`{"success":false}`, "permanent refused 0"},
		{`{"success":"false","error":null}`, "permanent refused 0"},
		{`{"success":0,"id":1485}`, "permanent refused 0"},
		{`{"success":"nie"}`, "transient unexpected_answer 0"},
	}
	for _, tt := range tests {
		for _, status := range []int{200, 400, 401, 403, 500} {
			if status != 200 && strings.HasSuffix(tt.want, " 0") {
				continue // without a code the status may say more
			}
			for _, call := range calls("password") {
				err := call.Do(t.Context(), t, vendortest.New(t, vendortest.Reply(status, "application/json", tt.body)))
				f := report.AsFailure(err)
				want := tt.want
				if call.Changes && strings.HasPrefix(want, "transient") { // nobody knows what that error means
					want = fmt.Sprint("unknown outcome_unknown ", f.Code)
				}
				if got := fmt.Sprintf("%s %s %d", f.Class, f.Reason, f.Code); got != want {
					t.Errorf("%s, HTTP %d: %s: %s, want %s: %v", call.Job, status, tt.body, got, want, err)
				}
			}
		}
	}
	_, err := newClient(t, "token", vendortest.New(t, answer(1001, "InvalidUser"))).Index(t.Context())
	if !strings.Contains(err.Error(), "Nieprawidłowy login") || !strings.Contains(err.Error(), "InvalidUser") {
		t.Errorf("%v does not say what the vendor said", err)
	}
	for _, body := range []string{`{"error":[]}`, `{"error":{"code":{"a":1}}}`} {
		for _, call := range calls("token") {
			err := call.Do(t.Context(), t, vendortest.New(t, body))
			if f := report.AsFailure(err); f.Reason != "unexpected_answer" && f.Reason != vendorhttp.OutcomeUnknown {
				t.Errorf("%s: %s: %v", call.Job, body, err)
			}
		}
	}
}

func TestAnErrorStatusIsNoSuccess(t *testing.T) {
	for status, want := range map[int]string{302: "unknown outcome_unknown", 401: "unknown outcome_unknown", 500: "unknown outcome_unknown"} {
		err := newClient(t, "token", vendortest.New(t, vendortest.Reply(status, "application/json", added))).Limit(t.Context(), serwersms.Limit{ID: 1485, Type: serwersms.Eco})
		if f := report.AsFailure(err); err == nil || fmt.Sprintf("%s %s", f.Class, f.Reason) != want {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestIndex(t *testing.T) {
	tests := map[string][]serwersms.Subaccount{
		indexed:        {{123, "wojtek"}, {456, "login2"}, {789, "testowy"}},
		`{"items":[]}`: {},
		`{"success":true,"error":null,"items":[{"id":"123","username":" wojtek "}]}`: {{123, "wojtek"}},
		`{"success":1,"items":[{"id":123,"username":7,"more":{}}]}`:                  {{123, "7"}},
	}
	for body, want := range tests {
		got, err := newClient(t, "token", vendortest.New(t, body)).Index(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", body, got, err)
		}
	}
	for body, shows := range map[string]string{
		`{"success":true}`:                      "nothing",
		`{"items":null}`:                        "null",
		`{"items":{"id":1}}`:                    `{"id": number}`,
		`{"items":[{"id":1}]}`:                  `{"id": number}`,
		`{"items":[{"username":"hidden"}]}`:     `{"username": text}`,
		`{"items":[{"id":"x","username":"a"}]}`: "element 0",
		`{"items":["hidden"]}`:                  "text",
	} {
		_, err := newClient(t, "token", vendortest.New(t, body)).Index(t.Context())
		if f := report.AsFailure(err); f.Reason != "unexpected_answer" || !strings.Contains(f.Error(), shows) || strings.Contains(f.Error(), "hidden") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestView(t *testing.T) {
	wojtek := serwersms.Details{Subaccount: serwersms.Subaccount{ID: 1194, Username: "wojtek"}, Name: "Wojciech", Phone: "+48730856000", Email: "wojtek@mail.com"}
	for body, want := range map[string]serwersms.Details{
		viewed: wojtek,
		`{"username":"wojtek","name":"Wojciech","phone":"+48730856000","email":"wojtek@mail.com"}`:      wojtek,
		`{"id":"1194","username":"wojtek","name":null,"phone":48730856000,"success":"true","email":""}`: {Subaccount: wojtek.Subaccount, Phone: "48730856000"},
	} {
		got, err := newClient(t, "token", vendortest.New(t, body)).View(t.Context(), 1194)
		if err != nil || got != want {
			t.Errorf("%s: %+v %v", body, got, err)
		}
	}
	for _, body := range []string{`{"id":1194}`, `{"id":7,"username":"wojtek"}`, `{"id":1194,"username":["wojtek"]}`, `{"success":true}`} {
		if _, err := newClient(t, "token", vendortest.New(t, body)).View(t.Context(), 1194); report.AsFailure(err).Reason != "unexpected_answer" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestChangesTellTheirSubaccount(t *testing.T) {
	for _, body := range []string{added, `{"success":"true","id":"1485"}`, `{"id":1485}`} {
		c := newClient(t, "token", vendortest.New(t, body))
		id, err := c.Add(t.Context(), serwersms.NewSubaccount{Username: "login1", Password: secret.New(subPassword), Template: 123})
		if err != nil || id != 1485 {
			t.Errorf("%s: %d %v", body, id, err)
		}
		if err := c.Limit(t.Context(), serwersms.Limit{ID: 1485, Type: serwersms.HLR}); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	c := newClient(t, "token", vendortest.New(t, `{"success":true,"id":7}`))
	for name, err := range map[string]error{"limit": c.Limit(t.Context(), serwersms.Limit{ID: 1485, Type: serwersms.HLR}), "delete": c.Delete(t.Context(), 1485)} {
		if f := report.AsFailure(err); f.Class != report.Unknown || !strings.Contains(f.Error(), "subaccount 7") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []string{`{"message":"later"}`, `{"status":"queued","error":null}`, `{"success":true,"id":"other"}`, `{"success":true,"id":1485.5}`} {
		c := newClient(t, "token", vendortest.New(t, body))
		for name, err := range map[string]error{"limit": c.Limit(t.Context(), serwersms.Limit{ID: 1485, Type: serwersms.HLR}), "delete": c.Delete(t.Context(), 1485)} {
			if f := report.AsFailure(err); f.Class != report.Unknown && body != `{"success":true,"id":"other"}` {
				t.Errorf("%s: %s: %v", name, body, err)
			}
		}
	}
	_, err := newClient(t, "token", vendortest.New(t, deleted)).Add(t.Context(), serwersms.NewSubaccount{Username: "login1", Password: secret.New(subPassword)})
	if f := report.AsFailure(err); f.Class != report.Unknown || !strings.Contains(f.Error(), "id is missing") {
		t.Errorf("a subaccount without id: %v", err)
	}
}

func TestALimitThatWasSetIsAnAllotment(t *testing.T) {
	got := serwersms.Limit{ID: 1485, Type: serwersms.Eco, Value: 100}.Allotment("main")
	want := report.Allotment{
		Vendor: "serwersms", Account: "main", Customer: "1485", Resource: "sms_eco", Allotted: sql.Null[float64]{V: 100, Valid: true}, Raw: `{"id":1485,"type":"eco","value":100}`,
	}
	if got != want {
		t.Errorf("%+v", got)
	}
	for kind, resource := range map[serwersms.Type]string{serwersms.Full: "sms_full", serwersms.Voice: "voice", serwersms.MMS: "mms", serwersms.HLR: "hlr"} {
		if got := (serwersms.Limit{Type: kind}).Allotment(""); got.Resource != resource || !got.Allotted.Valid {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestNewNamesTheKey(t *testing.T) {
	_, err := serwersms.New(serwersms.Account{Endpoint: "x", Token: secret.New("x")}, "", nil)
	if want := "reseller.serwersms.accounts.endpoint: not an address"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestNothingExportedShowsASecret(t *testing.T) {
	for login, cfg := range logins {
		c := newClient(t, login, vendorhttp.DryRun{})
		s := serwersms.NewSubaccount{Password: secret.New(subPassword)}
		for _, v := range []any{c, *c, cfg, &cfg, s, &s} {
			vendortest.CheckSecrets(t, fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v), []string{token, password, subPassword})
		}
	}
}

// FuzzAnswer: see vendortest.Fuzz.
func FuzzAnswer(f *testing.F) {
	vendortest.Fuzz(f, append(calls("token"), calls("password")...), `{"error":{"code":1001,"type":"InvalidUser","message":"Nieprawidłowy login lub hasło"}}`,
		`{"error":{"code":"1004"},"success":false}`, `{"success":"0"}`, `{"error":"x"}`, `{"items":[{"id":"1","username":"a"},{"id":2e3,"username":5}]}`)
}
