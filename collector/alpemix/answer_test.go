package alpemix_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

func mustNew(t testing.TB, cfg alpemix.Config, s *store.Store, rt http.RoundTripper) *alpemix.Client {
	t.Helper()
	c, err := alpemix.New(cfg, s, rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// record is one element of a report, with a text that looks like the end of an answer.
const record = `{"uid":"1","exp":"],\"errornumber\":102}","dt":"23:38:18 22\08\2024"}`

func TestErrorNumberIsFoundWhereverItStands(t *testing.T) {
	tests := []struct {
		name, body string
		code       int // 0: the answer is a report
	}{
		{"first", `{"errornumber":0,"results":[` + record + `]}`, 0},
		{"last", `{"results":[` + record + `],"errornumber":0}`, 0},
		{"absent", `{"results":[` + record + `]}`, 0},
		{"inside a text", `{"results":[{"exp":"],\"errornumber\":102}"}]}`, 0},
		{"as a member of a record", `{"results":[{"uid":"1","errornumber":102}]}`, 0},
		{"error first", `{"errornumber":103,"results":[]}`, 103},
		{"error last, empty list", `{"results":[],"errornumber":103}`, 103},
		{"error last, null", `{"results":null,"errornumber":103}`, 103},
		{"error last, records", `{"results":[` + record + `] , "errornumber" : 103 } ` + "\r\n", 103},
		{"error behind a text", `{"message":"errornumber\":5, \\","errornumber":103}`, 103},
		{"as text", `{"errornumber":"103"}`, 103},
		{"another case", `{"ErrorNumber":103}`, 103},
		{"byte order mark", "\xef\xbb\xbf{\"errornumber\":103}", 103},
		{"behind an object", `{"meta":{"errornumber":0,"a":["]"]},"errornumber":103}`, 103},
		{"between", `{"results":[` + record + `],"errornumber":103,"time":"12:00"}`, 103},
		{"behind a text that ends in a backslash", `{"results":[{"exp":"C:\"},{"exp":"],\"errornumber\":5}"}],"errornumber":103}`, 103},
		{"with escapes", `{"error\u006eumber":"1\u00303"}`, 103},
		{"with a point", `{"errornumber":103.0}`, 103},
		{"UTF-16", string(utf16(`{"errornumber":103}`, unicode.LittleEndian, unicode.UseBOM)), 103},
		{"UTF-16 without a mark", string(utf16(`{"errornumber":103}`, unicode.BigEndian, unicode.IgnoreBOM)), 103},
		{"report in UTF-16", string(utf16(`{"results":[`+record+`],"errornumber":0}`, unicode.BigEndian, unicode.UseBOM)), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, _ := newClient(t, tokenAnswer(first), tt.body)
			body, err := c.Fetch(t.Context(), today)
			switch {
			case tt.code == 0 && (err != nil || textOf(t, body) != tt.body):
				t.Errorf("error %v", err)
			case tt.code != 0 && (err == nil || report.AsFailure(err).Code != tt.code):
				t.Errorf("error %v, want number %d", err, tt.code)
			}
		})
	}
}

func TestAnswersThatAreNoReport(t *testing.T) {
	redirect := reply(302, "text/html", "")
	redirect.Header.Set("Location", "https://elsewhere.example/")
	tests := []struct {
		name   string
		answer any
		class  report.Class
		reason string
		text   string
	}{
		{"maintenance page", reply(200, "text/html", "  <html><title>Bakım</title>"), report.Transient, "html_answer", "<html><title>"},
		{"empty", "", report.Transient, "empty_answer", "empty"},
		{"text", "service unavailable", report.Transient, "unexpected_answer", "not JSON (19 bytes)"},
		{"list", "[]", report.Transient, "unexpected_answer", "not a JSON object"},
		{"error number with status 500", reply(500, "application/json", number(108)), report.Transient, "server_database", "108"},
		{"error number with status 403", reply(403, "application/json", number(200)), report.Permanent, "bad_credentials", "200"},
		{"status 500", reply(500, "text/html", "<h1>oops"), report.Transient, "http_5xx", "HTTP 500"},
		{"status 500 with number 0", reply(502, "text/html", number(0)), report.Transient, "http_5xx", "HTTP 502"},
		{"status 408", reply(408, "", ""), report.Transient, "http_5xx", "408"},
		{"status 401", reply(401, "", ""), report.Permanent, "http_401", "firewall"},
		{"status 403", reply(403, "", ""), report.Permanent, "http_403", "firewall"},
		{"status 404", reply(404, "", ""), report.Permanent, "http_4xx", "alpemix.endpoint"},
		{"status 407", reply(407, "", ""), report.Permanent, "proxy_auth", "HTTPS_PROXY"},
		{"status 429", reply(429, "", ""), report.Throttle, "http_429", "429"},
		{"redirect", redirect, report.Permanent, "redirect", "redirects are not followed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, v, _ := newClient(t, tokenAnswer(first), tt.answer)
			f, _ := failed(t, c, today)
			if f.Class != tt.class || f.Reason != tt.reason || !strings.Contains(f.Error(), tt.text) {
				t.Errorf("%s %s %v", f.Class, f.Reason, f)
			}
			if !strings.Contains(f.Error(), "account main") || len(v.got) != 2 {
				t.Errorf("%v after %d requests", f, len(v.got))
			}
		})
	}
}

// cutReader ends in the middle.
type cutReader struct {
	io.Reader
	err error
}

func (r *cutReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		err = r.err
	}
	return n, err
}

func cut(body string, err error) *http.Response {
	resp := reply(200, "application/json", "")
	resp.ContentLength = int64(len(body)) + 100
	resp.Body = io.NopCloser(&cutReader{strings.NewReader(body), err})
	return resp
}

func TestACutBodyIsHandedOverWithTheFailure(t *testing.T) {
	part := `{"errornumber":0,"results":[` + record + `,{"uid":"2`
	for _, cause := range []error{io.ErrUnexpectedEOF, errors.New("connection reset")} {
		c, _, _ := newClient(t, tokenAnswer(first), cut(part, cause))
		f, body := failed(t, c, today)
		if f.Class != report.Transient || f.Reason != "body_cut" || f.Kind != report.Today || !errors.Is(f, cause) {
			t.Errorf("%s %s %v", f.Class, f.Reason, f)
		}
		if got := textOf(t, body); got != part {
			t.Errorf("body %q", got)
		}
	}
	// What a cut answer still says about an error counts more.
	c, _, _ := newClient(t, tokenAnswer(first), cut(`{"errornumber":103, "mess`, io.ErrUnexpectedEOF))
	if f, _ := failed(t, c, today); f.Code != 103 {
		t.Errorf("%v", f)
	}
	c, _, _ = newClient(t, tokenAnswer(first), cut(`{"results":[{"x":[1],"errornumber":102}`, io.ErrUnexpectedEOF))
	if f, _ := failed(t, c, today); f.Reason != "body_cut" {
		t.Errorf("%v", f)
	}
	c, _, _ = newClient(t, cut(`{"errornumber":0,"accesstoken":"half`, io.ErrUnexpectedEOF))
	if f, _ := failed(t, c, today); f.Reason != "body_cut" || f.Kind != report.Token || !c.TokenExpiry().IsZero() {
		t.Errorf("%v", f)
	}
}

func TestALongBodyIsAnErrorAndNotCut(t *testing.T) {
	_, _, s := newClient(t)
	for size, reason := range map[int]string{100: "", 101: "body_too_large"} {
		cfg := config()
		cfg.MaxBody, cfg.Account = 100, fmt.Sprint(size)
		report100 := `{"errornumber":0,"results":[` + strings.Repeat(" ", size-30) + `]}`
		c := mustNew(t, cfg, s, &vendor{t: t, answers: []any{tokenAnswer(first), report100}})
		body, err := c.Fetch(t.Context(), today)
		switch {
		case reason == "" && (err != nil || len(textOf(t, body)) != size):
			t.Errorf("%d bytes: %v", size, err)
		case reason != "" && (err == nil || report.AsFailure(err).Reason != reason || len(textOf(t, body)) != size-1):
			t.Errorf("%d bytes: %v, %d bytes of body", size, err, len(textOf(t, body)))
		}
	}
}

// TestErrorNumbersThatAreNone: what is no whole number is neither an error of the document nor a
// success, and the failure shows it.
func TestErrorNumbersThatAreNone(t *testing.T) {
	for _, answer := range []string{`{"errornumber":0.4}`, `{"errornumber":0.4,"accesstoken":"abcdef"}`, `{"errornumber":"0.4","accesstoken":"abcdef"}`} {
		c, _, _ := newClient(t, answer)
		f, _ := failed(t, c, today)
		if f.Reason != "malformed_envelope" || f.Kind != report.Token || !strings.Contains(f.Error(), `seen "0.4"`) || strings.Contains(f.Error(), "abcdef") {
			t.Errorf("%s: %v", answer, f)
		}
	}
}

func TestTokensAreReadHoweverTheyAreWritten(t *testing.T) {
	tests := map[string]string{
		`{ "errornumber": 0, "accesstoken": "ab\/c" }`:   `ab/c`,
		`{"accesstoken":"abc","errornumber":0}`:          `abc`,
		"\xef\xbb\xbf" + `{"AccessToken":"abc"}`:         `abc`,
		`{"errornumber":0,"accesstoken":"a\zb"}`:         `a\\zb`, // backslashes that are not escaped, as JSON writes them
		`{"errornumber":0,"accesstoken":"q\"x", "a":{}}`: `q\"x`,
	}
	for answer, want := range tests {
		c, v, _ := newClient(t, answer, emptyDay)
		fetched(t, c, today)
		if got := v.got[1].body; !strings.Contains(got, `"accesstoken":"`+want+`",`) {
			t.Errorf("%s: %s", answer, got)
		}
	}
	for _, answer := range []string{`{"errornumber":0}`, `{"errornumber":0,"accesstoken":""}`, `{"errornumber":0,"accesstoken":7}`, `{"errornumber":0,"token":"abcdef"}`} {
		c, _, _ := newClient(t, answer)
		f, _ := failed(t, c, today)
		if f.Reason != "unexpected_answer" || strings.Contains(f.Error(), "abcdef") {
			t.Errorf("%s: %v", answer, f)
		}
	}
}

func TestNoErrorShowsASecret(t *testing.T) {
	const token = `tok/+"&7`
	forms := []string{
		secret, token, `S3cr\"et<Key>/+1`, "S3cr%22et", "S3cr&#34;et", `tok/+\"&7`, "tok%2F", "tok/+&#34;",
	}
	pages := []string{
		"<pre>secret " + secret + " token " + token + "</pre>",
		`<pre>{"secretkey":"S3cr\"et<Key>/+1","accesstoken":"tok/+\"&7"}</pre>`,
		"<pre>?secretkey=S3cr%22et%3CKey%3E%2F%2B1&accesstoken=tok%2F%2B%22%267</pre>",
		"<pre>S3cr&#34;et&lt;Key&gt;/+1 tok/+&#34;&amp;7</pre>",
		"not JSON: " + secret + token,
	}
	var answers []any
	for _, page := range pages {
		answers = append(answers, page, reply(500, "text/html", page), reply(403, "text/html", page), errors.New("broken: "+page))
	}
	for _, answer := range answers {
		for _, script := range [][]any{{answer}, {tokenAnswer(token), answer}} {
			if e, ok := answer.(*http.Response); ok && len(script) == 2 { // a body is read only once
				script[1] = reply(e.StatusCode, "text/html", pages[0])
			}
			c, _, _ := newClient(t, script...)
			f, _ := failed(t, c, today)
			for _, form := range forms {
				if form == token && len(script) == 1 {
					continue // it was never a secret of ours
				}
				if len(script) == 1 && strings.HasPrefix(form, "tok") {
					continue
				}
				if text := fmt.Sprintf("%v %+v", f, f); strings.Contains(text, form) {
					t.Errorf("%q is in %s", form, text)
				}
			}
		}
	}
}

func TestNewNamesTheKeyThatIsWrong(t *testing.T) {
	tests := map[string]func(*alpemix.Config){
		"alpemix.endpoint: not an address":                 func(c *alpemix.Config) { c.Endpoint = "www.alpemix.com:5900/api" },
		"alpemix.endpoint: contains a user":                func(c *alpemix.Config) { c.Endpoint = "https://u:hidden@host/" },
		"alpemix.endpoint: http://host/api would send":     func(c *alpemix.Config) { c.Endpoint = "http://host/api" },
		"account main: main_username is missing":           func(c *alpemix.Config) { c.MainUsername = "" },
		"account main: secret_key or secret_key_file is":   func(c *alpemix.Config) { c.SecretKey = "" },
		`alpemix.tls.min_version: "2" is not one of "1.0"`: func(c *alpemix.Config) { c.TLS.MinVersion = "2" },
		"alpemix.tls.ca_file: open /does/not/exist":        func(c *alpemix.Config) { c.TLS.CAFile = "/does/not/exist" },
	}
	for want, change := range tests {
		cfg := config()
		change(&cfg)
		_, err := alpemix.New(cfg, nil, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("error %v, want %s…", err, want)
		}
	}
}
