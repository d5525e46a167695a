package simulator

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// bench is a vendor with one account and a clock that stands still until moved.
type bench struct {
	*Vendor
	t   *testing.T
	now time.Time
	ip  string
}

func newBench(t *testing.T, o Options) *bench {
	b := &bench{t: t, now: monday.Start(Istanbul).Add(15 * time.Hour), ip: "198.18.7.7"}
	if o.Accounts == nil {
		o.Accounts = []Account{{Name: "main", Username: "acme", SecretKey: "s3cr3t"}}
	}
	o.Now = func() time.Time { return b.now }
	o.ClientIP = func(*http.Request) string { return b.ip }
	b.Vendor = New(o)
	return b
}

func (b *bench) do(r *http.Request) (int, string) {
	b.t.Helper()
	answer, err := b.RoundTripper().RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func (b *bench) post(body string) string {
	b.t.Helper()
	r := httptest.NewRequest("POST", "/api", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	_, text := b.do(r)
	return text
}

var tokenAnswer = regexp.MustCompile(`^\{\n"errornumber": 0,\n"accesstoken": "([0-9a-f]+)"\n\}\n$`)

func (b *bench) token() string {
	b.t.Helper()
	found := tokenAnswer.FindStringSubmatch(b.post(`{ "stepnumber": 1, "secretkey": "s3cr3t", "mainusername": "acme" }`))
	if found == nil {
		b.t.Fatal("no token")
	}
	return found[1]
}

func failure(number int) string { return fmt.Sprintf(`{ "errornumber": %d }`, number) }

// TestDocumentedRequests sends the requests of alpemix.txt as printed there.
func TestDocumentedRequests(t *testing.T) {
	b := newBench(t, Options{})
	found := tokenAnswer.FindStringSubmatch(b.post("{\n\"stepnumber\": 1,\n\"secretkey\": \"s3cr3t\",\n\"mainusername\": \"acme\"\n}"))
	if found == nil {
		t.Fatal("the token request of the document got no token")
	}
	fill := func(request string) string {
		return b.post(strings.Replace(request, "Learned in the previous step", found[1], 1))
	}
	yesterday := fill("{\n\"stepnumber\": 2,\n\"accesstoken\": \"Learned in the previous step\",\n\"requestnumber\": 2\n}")
	today := fill("{\n\"stepnumber\": 2,\n\"accesstoken\": \"Learned in the previous step\",\n\"requestnumber\": 1,\n\"lastxconnection\": 0\n}")
	ten := fill("{\n\"stepnumber\": 2,\n\"accesstoken\": \"Learned in the previous step\",\n\"requestnumber\": 1,\n\"lastxconnection\": 10\n}")
	if want := string(b.Report("main", monday-1, b.now)); yesterday != want {
		t.Errorf("yesterday: %.300s, want %.300s", yesterday, want)
	}
	if want := string(b.Report("main", monday, b.now)); today != want {
		t.Errorf("today: %.300s, want %.300s", today, want)
	}
	if rows := decode(t, []byte(ten)); len(rows) != 10 || !bytes.HasPrefix([]byte(today), []byte(strings.TrimSuffix(ten, "\n]\n}\n"))) {
		t.Errorf("the last ten are %d rows, or not the first of all", len(rows))
	}
	if len(decode(t, []byte(yesterday))) == 0 || len(decode(t, []byte(today))) < 100 {
		t.Error("too few rows")
	}
	if s := b.Stats(); s.Requests[report.Token] != 1 || s.Requests[report.Yesterday] != 1 || s.Requests[report.Today] != 1 || s.Requests[report.Latest] != 1 {
		t.Errorf("requests %v", s.Requests)
	}
}

func TestErrorNumbers(t *testing.T) {
	for _, test := range []struct {
		want int
		body string // T is a valid token
	}{
		{100, ``}, {100, `{}`}, {100, `not json`}, {100, `[1]`}, {100, `{"Stepnumber":1}`}, {100, `stepnumber=1&secretkey=s3cr3t`},
		{101, `{"stepnumber":3}`}, {101, `{"stepnumber":"1"}`}, {101, `{"stepnumber":null}`},
		{102, `{"stepnumber":1}`}, {102, `{"stepnumber":1,"secretkey":"s3cr3t"}`}, {102, `{"stepnumber":1,"secretkey":"","mainusername":"acme"}`},
		{102, `{"stepnumber":1,"secretkey":5,"mainusername":"acme"}`},
		{104, `{"stepnumber":1,"secretkey":"' OR 1=1","mainusername":"acme"}`}, {104, `{"stepnumber":1,"secretkey":"s3cr3t","mainusername":"a\"b"}`},
		{200, `{"stepnumber":1,"secretkey":"S3cr3t","mainusername":"acme"}`}, {200, `{"stepnumber":1,"secretkey":"s3cr3t","mainusername":"nobody"}`},
		{106, `{"stepnumber":2}`}, {106, `{"stepnumber":2,"accesstoken":"T"}`}, {106, `{"stepnumber":2,"accesstoken":7,"requestnumber":1}`},
		{106, `{"stepnumber":2,"accesstoken":"T","requestnumber":"1"}`}, {106, `{"stepnumber":2,"accesstoken":"T","requestnumber":1,"lastxconnection":"10"}`},
		{106, `{"stepnumber":2,"accesstoken":"T","requestnumber":1,"lastxconnection":-1}`},
		{107, `{"stepnumber":2,"accesstoken":"T","requestnumber":0}`}, {107, `{"stepnumber":2,"accesstoken":"T","requestnumber":3}`},
		{203, `{"stepnumber":2,"accesstoken":"x","requestnumber":1}`},
	} {
		b := newBench(t, Options{Record: true})
		body := strings.Replace(test.body, `"T"`, `"`+b.token()+`"`, 1)
		if got := b.post(body); got != failure(test.want) {
			t.Errorf("%s: %.100s, want %d", test.body, got, test.want)
		}
		if s := b.Stats(); s.Answers[test.want] != 1 || s.Log[1].Code != test.want {
			t.Errorf("%s: counted as %v", test.body, s.Answers)
		}
	}
}

func TestUnreadRequests(t *testing.T) {
	const good = `{"stepnumber":1,"secretkey":"s3cr3t","mainusername":"acme"}`
	for _, test := range []struct {
		name, method, path, kind string
		quirks                   Quirks
		status                   int
		want                     string
	}{
		{"other path", "POST", "/", "application/json", Quirks{}, 404, ""},
		{"GET", "GET", "/api", "application/json", Quirks{}, 200, failure(100)},
		{"form", "POST", "/api", "application/x-www-form-urlencoded", Quirks{}, 200, failure(100)},
		{"error status", "PUT", "/api", "application/json", Quirks{ErrorStatus: 400}, 400, failure(100)},
		{"form wanted", "POST", "/api", "application/json", Quirks{RequestType: "text/plain"}, 200, failure(100)},
		{"PUT wanted", "POST", "/api", "application/json", Quirks{Method: "PUT"}, 200, failure(100)},
		{"bom", "GET", "/api", "application/json", Quirks{Charset: UTF8BOM}, 200, "\ufeff" + failure(100)},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Options{Quirks: test.quirks})
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(good))
			r.Header.Set("Content-Type", test.kind)
			if status, body := b.do(r); status != test.status || body != test.want {
				t.Errorf("%d %q, want %d %q", status, body, test.status, test.want)
			}
		})
	}
}

func TestToken(t *testing.T) {
	b := newBench(t, Options{})
	token, issued := b.token(), b.now
	ask := func(token string, want int) {
		t.Helper()
		b.now = b.now.Add(time.Minute)
		got := b.post(fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":2}`, token))
		if want == 0 && len(decode(t, []byte(got))) == 0 || want != 0 && got != failure(want) {
			t.Errorf("%.200s, want %d", got, want)
		}
	}
	ask("unknown", 203)
	ask(token, 0)
	b.ip = "198.18.7.8"
	ask(token, 201)
	b.ip = "198.18.7.7"
	ask(token, 0)
	b.now = issued.Add(24*time.Hour - time.Minute - time.Nanosecond)
	ask(token, 0)
	b.now = b.now.Add(time.Nanosecond - time.Minute)
	ask(token, 202)
	token = b.token()
	b.ExpireTokens()
	ask(token, 202)
	b.ForgetTokens()
	ask(token, 203)
}
