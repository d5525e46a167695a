package limacity_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/reseller/limacity"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

const (
	endpoint    = "https://www.lima-city.de/resellercp"
	apiKey      = `Res/eller+K"ß9`
	customerKey = "HnyxDQCkB6NUJCd6a7X43qIygcLVJ9ZR"
)

// The examples of limacity.txt, and what the notes say of errors and lists.
const (
	created = `{
  "status": "ok",
  "object": {
    "id": 386557,
    "api_key": "HnyxDQCkB6NUJCd6a7X43qIygcLVJ9ZR"
  }
}`
	refused = `{"status":"invalid_resource","errors":{"username":["muss ausgefüllt werden","ist zu kurz"],"email":["ist nicht gültig"]}}`
	listed  = `{"customers":[{"id":386557,"username":"demouser1337"},{"id":386558,"username":"other"}]}`
	domains = `{"domains":[{"id":1,"unicode_fqdn":"example.org"}]}`
)

var demo = limacity.NewCustomer{Username: "demouser1337", Email: "kundenemail@example.de", DiskSpaceGB: 10, MySQLSpaceGB: 1, MailLimit: 100, FurnishAPIKey: true}

func newClient(t testing.TB, rt http.RoundTripper) *limacity.Client {
	t.Helper()
	c, err := limacity.New(limacity.Account{Name: "main", Endpoint: endpoint, APIKey: secret.New(apiKey)}, "1.2", rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func calls() []vendortest.Call {
	return []vendortest.Call{
		{Job: "customers/create", Changes: true, Good: created, Secrets: []string{apiKey}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			_, err := newClient(t, rt).CreateCustomer(ctx, demo)
			return err
		}},
		{Job: "customers/list", Good: listed, Secrets: []string{apiKey}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			_, err := newClient(t, rt).Customers(ctx)
			return err
		}},
		{Job: "usercp", Good: domains, Secrets: []string{customerKey}, Do: func(ctx context.Context, t testing.TB, rt http.RoundTripper) error {
			_, err := newClient(t, rt).Usercp(ctx, secret.New(customerKey), "domains")
			return err
		}},
	}
}

func TestTrouble(t *testing.T) {
	vendortest.Trouble(t, calls(), map[string]string{
		"customers/list/no such page": "permanent not_offered",
		"usercp/empty object":         "success", // what a customer's account tells is not ours to know
	})
}

func TestRequestsAreWrittenAsDocumented(t *testing.T) {
	want := []struct{ method, url, body, login string }{
		{"POST", "https://www.lima-city.de/resellercp/customers", `{"customer":{"disk_space_gb":10,"mysql_space_gb":1,"mail_limit":100,"furnish_api_key":"1","username":"demouser1337","email":"kundenemail@example.de"}}`, apiKey},
		{"GET", "https://www.lima-city.de/resellercp/customers", "", apiKey},
		{"GET", "https://www.lima-city.de/usercp/domains", "", customerKey},
	}
	for i, call := range calls() {
		v := vendortest.New(t, call.Good)
		if err := call.Do(t.Context(), t, v); err != nil {
			t.Fatal(err)
		}
		sent, w := v.Got()[0], want[i]
		if sent.Method != w.method || sent.URL != w.url || sent.Body != w.body {
			t.Errorf("%s %s %s", sent.Method, sent.URL, sent.Body)
		}
		req := http.Request{Header: sent.Header}
		if user, key, ok := req.BasicAuth(); !ok || user != "api" || key != w.login {
			t.Errorf("%s: login %s %q", call.Job, user, key)
		}
		if accept := sent.Header.Get("Accept"); accept != "application/json" {
			t.Errorf("Accept %s", accept)
		}
	}
	v := vendortest.New(t, created)
	if _, err := newClient(t, v).CreateCustomer(t.Context(), limacity.NewCustomer{}); err != nil || strings.Contains(v.Got()[0].Body, "furnish") {
		t.Errorf("%v: no key is asked for: %s", err, v.Got()[0].Body)
	}
}

func TestTheCustomerAPILiesBesideTheResellerAPI(t *testing.T) {
	for endpoint, want := range map[string]string{
		endpoint:                          "https://www.lima-city.de/usercp/a",
		"https://h/resellercp/":           "https://h/usercp/a",
		"http://127.0.0.1:1/x/resellercp": "http://127.0.0.1:1/x/usercp/a",
		"http://127.0.0.1:1":              "http://127.0.0.1:1/usercp/a",
	} {
		v := vendortest.New(t, "{}")
		c, err := limacity.New(limacity.Account{Endpoint: endpoint, APIKey: secret.New("x")}, "", v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Usercp(t.Context(), secret.New(customerKey), "/a"); err != nil || v.Got()[0].URL != want {
			t.Errorf("%s: %v %v", endpoint, v.Got(), err)
		}
	}
	for path, want := range map[string]string{
		"domains?page=2": "domains?page=2", "/domains/?a=b&c": "domains?a=b&c", "d?q=a b&r=ü&s=%20+x&t=[1]": "d?q=a%20b&r=%C3%BC&s=%20+x&t=[1]", "d?": "d", "d?a=1?2#3": "d?a=1?2%233",
	} {
		v := vendortest.New(t, "{}")
		if _, err := newClient(t, v).Usercp(t.Context(), secret.New(customerKey), path); err != nil || v.Got()[0].URL != "https://www.lima-city.de/usercp/"+want {
			t.Errorf("%s: %v %v", path, v.Got(), err)
		}
	}
	c := newClient(t, vendortest.New(t))
	for path, key := range map[string]string{"d?a=%": "x", "d?a=%zz": "x", "d?a=\n": "x", "?a=b": "x", "../resellercp/customers": "x", "": "x", "a//b": "x", "domains": ""} {
		if _, err := c.Usercp(t.Context(), secret.New(key), path); report.AsFailure(err).Reason != "bad_request" {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestTheCustomersKeyIsASecret(t *testing.T) {
	got, err := newClient(t, vendortest.New(t, created)).CreateCustomer(t.Context(), demo)
	if err != nil || got.ID != 386557 || got.APIKey.Reveal() != customerKey {
		t.Errorf("%+v %v", got, err)
	}
	config := limacity.Account{APIKey: secret.New(apiKey)}
	c := newClient(t, vendorhttp.DryRun{})
	for _, v := range []any{got, &got, []limacity.Created{got}, config, &config, c, *c} {
		vendortest.CheckSecrets(t, fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v), []string{customerKey, apiKey})
	}
	// An answer that cannot be read may hold it anywhere.
	for _, body := range []string{
		customerKey, `"` + customerKey + `"`, "<pre>" + customerKey, "<pre>" + created, created + ".", `{"status":"ok","api_key":"` + customerKey + `"}`,
		`{"status":"ok","object":{"id":"x","api_key":"` + customerKey + `"}}`, `{"status":"ok","object":"` + customerKey + `"}`, `{"status":"ok","object":{"id":1,"api_key":["` + customerKey + `"]}}`,
	} {
		for _, status := range []int{200, 201, 500} {
			_, err := newClient(t, vendortest.New(t, vendortest.Reply(status, "application/json", body))).CreateCustomer(t.Context(), demo)
			if f := report.AsFailure(err); f.Class != report.Unknown {
				t.Errorf("%s: %v", body, err)
			}
			vendortest.CheckError(t, err, "customers/create", []string{customerKey})
		}
	}
}

func TestAKeyWithoutAnIdIsNotLost(t *testing.T) {
	got, err := newClient(t, vendortest.New(t, strings.Replace(created, "386557", "null", 1))).CreateCustomer(t.Context(), demo)
	if f := report.AsFailure(err); f.Class != report.Unknown || got.APIKey.Reveal() != customerKey || got.ID != 0 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestACustomerWithoutTheKeyThatWasAskedFor(t *testing.T) {
	for _, body := range []string{`{"status":"ok","object":{"id":7}}`, `{"status":"ok","object":{"id":"7","api_key":null}}`, `{"object":{"id":7,"api_key":""}}`} {
		got, err := newClient(t, vendortest.New(t, vendortest.Reply(201, "application/json", body))).CreateCustomer(t.Context(), demo)
		if f := report.AsFailure(err); f.Class != report.Permanent || f.Reason != "no_api_key" || got.ID != 7 || !strings.Contains(f.Error(), "customer 7 was created") {
			t.Errorf("%s: %+v %v", body, got, err)
		}
		if got, err = newClient(t, vendortest.New(t, body)).CreateCustomer(t.Context(), limacity.NewCustomer{}); err != nil || got.ID != 7 {
			t.Errorf("%s: %+v %v", body, got, err)
		}
	}
}

func TestErrorsAreTexts(t *testing.T) {
	tests := []struct {
		status      int
		body        string
		want, shows string
	}{
		{400, refused, "permanent invalid_resource 400", "email ist nicht gültig, username muss ausgefüllt werden, username ist zu kurz"},
		{422, refused, "permanent invalid_resource 422", "username"},
		{200, refused, "permanent invalid_resource 0", "username"},
		{400, `{"status":"invalid_resource","errors":{"username":"ist vergeben"}}`, "permanent invalid_resource 400", "username ist vergeben"},
		{400, `{"status":"invalid_resource","errors":["a","b"]}`, "permanent invalid_resource 400", "a, b"},
		{400, `{"status":"invalid_resource"}`, "permanent invalid_resource 400", "does not accept"},
		{400, `{"error":"Parameter fehlt"}`, "permanent refused 400", "Parameter fehlt"},
		{200, `{"error":"Parameter fehlt"}`, "permanent refused 0", "Parameter fehlt"},
		{200, `{"status":"error","error":""}`, "permanent refused 0", "refuses"},
		{401, `{"error":"Unauthorized"}`, "permanent bad_credentials 401", "reseller.customers.admin"},
		{403, `{"status":"error","error":"Forbidden"}`, "permanent no_rights 403", "reseller.customers.admin"},
	}
	for _, tt := range tests {
		for _, call := range calls() {
			err := call.Do(t.Context(), t, vendortest.New(t, vendortest.Reply(tt.status, "application/json", tt.body)))
			f := report.AsFailure(err)
			if got := fmt.Sprintf("%s %s %d", f.Class, f.Reason, f.Code); got != tt.want || !strings.Contains(f.Error(), tt.shows) {
				t.Errorf("%s, HTTP %d: %s: %s, want %s: %v", call.Job, tt.status, tt.body, got, tt.want, err)
			}
		}
	}
	for _, answer := range []struct {
		status int
		body   string
	}{
		{302, `{"error":"Moved"}`}, {400, created}, {200, `{"status":"ok","object":{"id":7},"error":"Parameter fehlt"}`},
		{200, `{"status":"pending","object":{"id":7,"api_key":"` + customerKey + `"}}`}, {200, `{"status":"ok","object":{"id":0}}`},
	} {
		_, err := newClient(t, vendortest.New(t, vendortest.Reply(answer.status, "application/json", answer.body))).CreateCustomer(t.Context(), demo)
		if f := report.AsFailure(err); f.Class != report.Unknown {
			t.Errorf("%d %s: %s %v", answer.status, answer.body, f.Class, err)
		}
	}
	// A server's own error document is no word about the request.
	for _, call := range calls() {
		err := call.Do(t.Context(), t, vendortest.New(t, vendortest.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`)))
		if f := report.AsFailure(err); call.Changes != (f.Class == report.Unknown) {
			t.Errorf("%s: %v", call.Job, err)
		}
	}
}

func TestCustomers(t *testing.T) {
	tests := map[string][]limacity.Customer{
		listed:             {{386557, "demouser1337"}, {386558, "other"}},
		`{"customers":[]}`: {},
		`{"status":"ok","customers":[{"id":"7","name":"x"},{"id":8,"username":null}],"errors":{}}`: {{7, "x"}, {8, ""}},
	}
	for body, want := range tests {
		got, err := newClient(t, vendortest.New(t, body)).Customers(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", body, got, err)
		}
	}
	for body, shows := range map[string]string{
		`{"customers":null}`: "null", `{"status":"ok"}`: "nothing", `{"customers":{"id":1}}`: `{"id": number}`, `{"customers":[{"username":"hidden"}]}`: `{"username": text}`, `{"customers":[7]}`: "number",
	} {
		_, err := newClient(t, vendortest.New(t, body)).Customers(t.Context())
		if f := report.AsFailure(err); f.Reason != "unexpected_answer" || !strings.Contains(f.Error(), shows) || strings.Contains(f.Error(), "hidden") {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, status := range []int{404, 405} {
		_, err := newClient(t, vendortest.New(t, vendortest.Reply(status, "application/json", `{"error":"Not Found"}`))).Customers(t.Context())
		if f := report.AsFailure(err); f.Reason != "not_offered" {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestACustomersDocumentShowsNoKey(t *testing.T) {
	tests := map[string]string{
		domains: `{"domains":[{"id":1,"unicode_fqdn":"example.org"}]}`,
		`{"api_keys":[{"id":12345,"api_key":"hidden","name":"Deployment key","roles":["websites.admin"],"n":1e400}]}`:    `{"api_keys":[{"api_key":"[redacted]","id":12345,"n":1e400,"name":"Deployment key","roles":["websites.admin"]}]}`,
		`{"api_key":{"api_key":"hidden","Password":"hidden","has_password":true,"auth_token":123,"client_secret":null}}`: `{"api_key":{"Password":"[redacted]","api_key":"[redacted]","auth_token":"[redacted]","client_secret":null,"has_password":true}}`,
	}
	for body, want := range tests {
		got, err := newClient(t, vendortest.New(t, body)).Usercp(t.Context(), secret.New(customerKey), "api_keys")
		if err != nil || string(got) != want {
			t.Errorf("%s: %s %v", body, got, err)
		}
	}
}

func TestWhatWasSetIsAnAllotment(t *testing.T) {
	var got []string
	for _, a := range demo.Allotments("main", 386557) {
		got = append(got, fmt.Sprint(a.Vendor, " ", a.Account, " ", a.Customer, " ", a.Resource, " ", a.Allotted, " ", a.Unit))
		if !strings.Contains(a.Raw, `"mail_limit":100`) || a.Utilized.Valid {
			t.Errorf("%+v", a)
		}
	}
	want := []string{"limacity main 386557 disk_gb {10 true} GB", "limacity main 386557 mysql_gb {1 true} GB", "limacity main 386557 mail {100 true} "}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestNewNamesTheKey(t *testing.T) {
	_, err := limacity.New(limacity.Account{Endpoint: "::"}, "", nil)
	if want := "reseller.limacity.accounts.endpoint: not an addr"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// FuzzAnswer: see vendortest.Fuzz.
func FuzzAnswer(f *testing.F) {
	vendortest.Fuzz(f, calls(), refused, `{"error":"x"}`, `{"status":"ok","object":{"id":"7"}}`, `{"customers":[{"id":1},{"id":"2","name":"x"}]}`,
		`{"errors":{"a":[["b",{"c":"d"}]]}}`, `{"api_keys":[{"api_key":"x"}]}`)
}
