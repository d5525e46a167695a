package remotepc_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/reseller/remotepc"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

const (
	endpoint = "https://web1.remotepc.com/rpc-api/reseller/private"
	apiKey   = `Key/7+"ß<&9`
	password = `Pass wörd/1'`
	token    = "eyJhbGciOiJIUzUxMiJ9"
)

// The examples of remotepc.txt.
const (
	added   = "{\n  \"status\": \"OK\",\n  \"code\": 200,\n  \"message\": \"SUCCESS\"\n}"
	invited = `{
  "status": "OK", "code": 200,
  "message": [
    { "username": "[email protected]", "status": "ALREADY_INVITED" },
    { "username": "[email protected]", "status": "EXISTS" },
    { "username": "[email protected]", "status": "INVITED" }
  ]
}`
	signedIn = `{
  "status": "OK", "code": 200,
  "message": { "rpc_redirect_link": "https://login.remotepc.com/rpcnew/process/autologin/eyJhbGciOiJIUzUxMiJ9" }
}`
	listed = `{
  "status": "OK", "code": 200,
  "message": { "resellerUsersList": [
    { "alloted_computers": 1, "created_date": "01-13-2023", "isActive": true, "utilized_computers": 0, "username": "[email protected]" },
    { "alloted_computers": 425, "created_date": "01-25-2023", "isActive": true, "utilized_computers": 0, "username": "[email protected]" }
  ]}
}`
)

func newClient(t testing.TB, rt http.RoundTripper) *remotepc.Client {
	t.Helper()
	c, err := remotepc.New(remotepc.Account{Name: "main", Endpoint: endpoint, APIKey: secret.New(apiKey)}, "1.2", rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func calls() []vendortest.Call {
	newUser := remotepc.NewUser{FirstName: "firstname", LastName: "lastname", Email: "x@example.org", Password: secret.New(password), Computers: 1, SendEmail: new(true)}
	return []vendortest.Call{
		{Job: "user/add", Changes: true, Good: added, Secrets: []string{apiKey, password}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			return newClient(t, rt).Add(ctx, newUser)
		}},
		{Job: "user/invite", Changes: true, Good: strings.Replace(invited, "[email protected]", "x@example.org", 1), Secrets: []string{apiKey}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			_, err := newClient(t, rt).Invite(ctx, []remotepc.Invitation{{Email: "x@example.org", Computers: 10}})
			return err
		}},
		{Job: "user/signin", Good: signedIn, Secrets: []string{apiKey, password, token}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			_, err := newClient(t, rt).SignIn(ctx, "username", secret.New(password))
			return err
		}},
		{Job: "user/list", Good: listed, Secrets: []string{apiKey}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			_, err := newClient(t, rt).List(ctx)
			return err
		}},
	}
}

func TestTrouble(t *testing.T) {
	vendortest.Trouble(t, calls(), nil)
}

func TestRequestsAreWrittenAsDocumented(t *testing.T) {
	want := []string{
		`{"firstName":"firstname","lastName":"lastname","invitedUserEmailId":"x@example.org","password":"Pass wörd/1'","allotedComputers":1,"sendEmailToUser":true}`,
		`[{"invitedUserEmailId":"x@example.org","allotedComputers":10}]`,
		`{"username":"username","password":"Pass wörd/1'"}`,
		`{}`,
	}
	for i, call := range calls() {
		v := vendortest.New(t, call.Good)
		if err := call.Do(t.Context(), t, v); err != nil {
			t.Fatal(err)
		}
		sent := v.Got()[0]
		if sent.Method != "POST" || sent.URL != "https://web1.remotepc.com/rpc-api/reseller/private/"+call.Job || sent.Body != want[i] {
			t.Errorf("%s %s %s", sent.Method, sent.URL, sent.Body)
		}
		for name, value := range map[string]string{
			"Authorization": "Bearer " + apiKey, "Content-Type": "application/json", "Accept": "application/json", "User-Agent": "alpemix-collector/1.2",
		} {
			if got := sent.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q", call.Job, name, got)
			}
		}
	}
	v := vendortest.New(t, added)
	if err := newClient(t, v).Add(t.Context(), remotepc.NewUser{}); err != nil || strings.Contains(v.Got()[0].Body, "sendEmailToUser") {
		t.Errorf("%v: what is not told is left to the vendor: %s", err, v.Got()[0].Body)
	}
	_, err := newClient(t, v).Invite(t.Context(), nil)
	if f := report.AsFailure(err); f.Reason != "bad_request" || len(v.Got()) != 1 {
		t.Errorf("%v after %d requests", err, len(v.Got()))
	}
}

func TestErrorsAreSortedByTheirDescription(t *testing.T) {
	answer := func(status string, code int, description string) string {
		return fmt.Sprintf(`{ "status": %q, "code": %d, "errorsCount": 1, "errors": [{ "description": %q }] }`, status, code, description)
	}
	tests := []struct {
		body string
		want string
	}{
		{answer("BAD_REQUEST", 400, "EMAIL_EXISTS"), "permanent email_exists 400"},
		{answer("UNAUTHORIZED", 401, "NOT_AUTHORIZED"), "permanent not_authorized 401"},
		{answer("INTERNAL_SERVER_ERROR", 500, "INTERNAL_SERVER_ERROR"), "transient server_error 500"},
		{answer("Forbidden", 403, "Forbidden"), "permanent not_authorized 403"},
		{answer("Forbidden ", 403, "Forbidden "), "permanent not_authorized 403"},
		{answer("BAD_REQUEST", 400, "USERNAME_DOES_NOT_EXIST"), "permanent unknown_user 400"},
		{answer("BAD_REQUEST", 400, "ACTION_PARENT_ACCOUNT_SUSPENDED"), "permanent account_suspended 400"},
		{answer("BAD_REQUEST", 400, "IP_ADDRESS_BLOCKED"), "blocked address_blocked 400"},
		{answer("BAD_REQUEST", 400, "CANCELLED_ACCOUNT"), "permanent account_cancelled 400"},
		{answer("UNAUTHORIZED", 401, "UNAUTHORIZED_ACCESS"), "permanent not_authorized 401"},
		{answer("BAD_REQUEST", 400, "ENTER_VALID_EMAIL"), "permanent invalid_parameter 400"},
		{answer("BAD_REQUEST", 400, "SOMETHING_NEW"), "permanent refused 400"},
		{answer("TOO_MANY_REQUESTS", 429, "SLOW_DOWN"), "throttle throttled 429"},
		{`{"status":"BAD_REQUEST","code":"400","errors":["LASTNAME_REQUIRED"]}`, "permanent invalid_parameter 400"},
		{`{"status":"BAD_REQUEST","code":400,"errors":[{"description":"NEW"},{"description":"email_exists"},{"description":"CANCELLED_ACCOUNT"}]}`, "permanent email_exists 400"},
		{`{"status":"UNAUTHORIZED","code":401}`, "permanent not_authorized 401"},
		{`{"status":"SERVICE_UNAVAILABLE","code":503,"errors":null}`, "transient server_error 503"},
	}
	for _, tt := range tests {
		// Errors also come with HTTP status 200.
		for _, status := range []int{200, 400, 401, 403, 500} {
			for _, call := range calls() {
				err := call.Do(t.Context(), t, vendortest.New(t, vendortest.Reply(status, "application/json", tt.body)))
				f := report.AsFailure(err)
				want := tt.want
				if call.Changes && strings.HasPrefix(want, "transient") { // the server's own trouble is no refusal
					want = fmt.Sprint("unknown outcome_unknown ", f.Code)
				}
				if got := fmt.Sprintf("%s %s %d", f.Class, f.Reason, f.Code); got != want {
					t.Errorf("%s, HTTP %d: %s: %s, want %s", call.Job, status, tt.body, got, want)
				}
				if f.Class == report.Blocked && !f.NotBefore.After(time.Now()) {
					t.Errorf("%v may be tried again at once", f)
				}
				vendortest.CheckError(t, err, call.Job, []string{apiKey, password})
			}
		}
	}
	err := newClient(t, vendortest.New(t, answer("BAD_REQUEST", 400, "SOMETHING_NEW"))).Add(t.Context(), remotepc.NewUser{})
	if !strings.Contains(err.Error(), "SOMETHING_NEW") {
		t.Errorf("%v does not say what the vendor said", err)
	}
}

func TestWhatContradictsItselfIsNoSuccess(t *testing.T) {
	for body, status := range map[string]int{
		`{"status":"OK","code":400,"message":"SUCCESS"}`:                                           200,
		`{"status":"ERROR","code":200,"message":"SUCCESS"}`:                                        200,
		`{"status":"OK","code":200,"message":"SUCCESS" }`:                                          500,
		`{"status":"OK","message":"SUCCESS"}`:                                                      200,
		`{"code":200,"message":"SUCCESS"}`:                                                         200,
		`{"status":null,"code":null,"message":null}`:                                               200,
		`{"status":"OK","code":200,"message":"EMAIL_EXISTS"}`:                                      200,
		`{"status":"OK","code":200,"message":"SUCCESS","errors":[{"description":"EMAIL_EXISTS"}]}`: 200,
		`{"status":"BAD_REQUEST","code":200,"errors":[{"description":"EMAIL_EXISTS"}]}`:            200,
		`{"status":"MOVED","code":302,"errors":[]}`:                                                200,
		`{"status":"OK","code":200,"message": "SUCCESS"}`:                                          404,
		`{"status":{"a":1},"code":200,"message":"SUCCESS"}`:                                        200,
		`{"status":"OK","code":"two hundred","message":"SUCCESS"}`:                                 200,
	} {
		err := newClient(t, vendortest.New(t, vendortest.Reply(status, "application/json", body))).Add(t.Context(), remotepc.NewUser{})
		if f := report.AsFailure(err); f.Class != report.Unknown || f.Reason != vendorhttp.OutcomeUnknown {
			t.Errorf("%s: %s %v", body, f.Class, err)
		}
	}
	for _, body := range []string{
		`{"status":" ok ","code":"200"}`, `{"Status":"OK","Code":200.0,"message":{"a":1}}`, "\xef\xbb\xbf" + added,
		`{"status":"OK","code":200,"message":"{\"a\":1}","errors":[],"errorsCount":0}`,
	} {
		if err := newClient(t, vendortest.New(t, body)).Add(t.Context(), remotepc.NewUser{}); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestASignInLinkIsASecret(t *testing.T) {
	const link = "https://login.remotepc.com/rpcnew/process/autologin/" + token
	for _, body := range []string{signedIn, `{"status":"OK","code":200,"message":"{\"rpc_redirect_link\":\"` + link + `\"}"}`} {
		got, err := newClient(t, vendortest.New(t, body)).SignIn(t.Context(), "username", secret.New(password))
		if err != nil || got.Reveal() != link {
			t.Errorf("%s: %q %v", body, got.Reveal(), err)
		}
		vendortest.CheckSecrets(t, fmt.Sprintf("%v %+v %#v %q %s", got, got, struct{ L any }{got}, got, got), []string{token})
	}
	for _, body := range []string{
		`{"status":"OK","code":200,"message":{"rpc_redirect_lnk":"` + link + `"}}`, `{"status":"OK","code":200,"message":{"rpc_redirect_link":"` + token + `"}}`,
		`{"status":"OK","code":200,"message":"` + link + `"}`, `{"status":"OK","code":200,"message":["` + link + `"]}`,
		`<a href="` + link + `">`, link, `{"status":"OK","code":200,"message":{"rpc_redirect_link":["` + link + `"]}}`,
		`{"status":"BAD_REQUEST","code":400,"errors":[{"description":"` + link + `"}]}`,
	} {
		_, err := newClient(t, vendortest.New(t, body)).SignIn(t.Context(), "username", secret.New(password))
		if err == nil {
			t.Errorf("%s is a success", body)
			continue
		}
		vendortest.CheckError(t, err, "user/signin", []string{apiKey, password, token})
	}
}

func TestNothingExportedShowsASecret(t *testing.T) {
	c := newClient(t, vendorhttp.DryRun{})
	user := remotepc.NewUser{Password: secret.New(password)}
	config := remotepc.Account{APIKey: secret.New(apiKey)}
	for _, v := range []any{c, *c, user, &user, config, &config, []any{config, user}} {
		vendortest.CheckSecrets(t, fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v), []string{apiKey, password})
	}
	if got := reflect.TypeOf(*c).NumField(); got != 3 {
		t.Errorf("Client has %d fields: is the new one shown?", got)
	}
}

func TestNewNamesTheKey(t *testing.T) {
	for want, account := range map[string]remotepc.Account{
		"reseller.remotepc.accounts.endpoint: http://198.51.100.7/api would send secrets unencrypted": {Endpoint: "http://198.51.100.7/api"},
		"reseller.remotepc.accounts.tls.min_version":                                                  {Endpoint: endpoint, TLS: vendorhttp.TLS{MinVersion: "1.4"}},
	} {
		if _, err := remotepc.New(account, "", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
