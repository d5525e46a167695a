package vendortest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// Call is one call of a client.
type Call struct {
	Job     string
	Changes bool
	Good    any      // an answer that succeeds, see New
	Secrets []string // sent by it, or part of its answer
	// Do makes the call with a client of account "main" on rt.
	Do func(ctx context.Context, t testing.TB, rt http.RoundTripper) error
}

// trouble is what may go wrong and the expected result, for calls that read and for calls that
// change.
type trouble struct {
	name     string
	answer   func() any
	reading  string // class and reason
	changing string
}

const unknown = "unknown outcome_unknown"

func troubles() []trouble {
	page := "<!DOCTYPE html><title>Wartung</title>"
	reply := func(status int, contentType, body string) func() any {
		return func() any { return Reply(status, contentType, body) }
	}
	fails := func(err error) func() any { return func() any { return err } }
	return []trouble{
		{"lost", fails(io.EOF), "transient connection_lost", unknown},
		{"reset", fails(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), "transient connection_lost", unknown},
		{"too slow", fails(context.DeadlineExceeded), "transient timeout", unknown},
		{"refused", fails(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), "transient connect_refused", "transient connect_refused"},
		{"no name", fails(&net.DNSError{Err: "no such host", IsNotFound: true}), "transient dns", "transient dns"},
		{"cut", func() any { return Cut(200, "application/json", `{"status":"OK","co`) }, "transient body_cut", unknown},
		{"cut and empty", func() any { return Cut(200, "application/json", "") }, "transient body_cut", unknown},
		{"cut refusal", func() any { return Cut(404, "application/json", "{") }, "permanent http_4xx", "permanent http_4xx"},
		{"page", reply(200, "text/html", "\r\n "+page), "transient html_answer", unknown},
		{"page called JSON", reply(200, "application/json", "\xef\xbb\xbf"+page), "transient html_answer", unknown},
		{"maintenance", reply(503, "text/html", page), "transient http_5xx", unknown},
		{"gateway", reply(502, "text/html", page), "transient http_5xx", unknown},
		{"gateway timeout", reply(504, "", ""), "transient http_5xx", unknown},
		{"redirect", reply(302, "text/html", page), "permanent redirect", unknown},
		{"redirect of the method", reply(307, "", ""), "permanent redirect", unknown},
		{"see other", reply(303, "text/html", ""), "permanent redirect", unknown},
		{"server error", reply(500, "application/json", "{}"), "transient http_5xx", unknown},
		{"not implemented", reply(501, "text/plain", ""), "transient http_5xx", unknown},
		{"web server down", reply(521, "text/html", page), "transient http_5xx", unknown},
		{"request timeout", reply(408, "", ""), "transient http_5xx", unknown},
		{"client closed", reply(499, "text/html", page), "permanent http_4xx", unknown},
		{"accepted", reply(202, "application/json", ""), "transient empty_answer", unknown},
		{"not modified", reply(304, "", ""), "permanent redirect", unknown},
		{"proxy login", reply(407, "text/html", page), "permanent proxy_auth", "permanent proxy_auth"},
		{"too many", reply(429, "text/html", page), "throttle http_429", "throttle http_429"},
		{"firewall", reply(403, "text/html", page), "permanent http_403", "permanent http_403"},
		{"no such page", reply(404, "text/html", page), "permanent http_4xx", "permanent http_4xx"},
		{"empty", reply(200, "application/json", " "), "transient empty_answer", unknown},
		{"null", reply(200, "application/json", "null"), "transient unexpected_answer", unknown},
		{"list", reply(200, "application/json", "[]"), "transient unexpected_answer", unknown},
		{"number", reply(200, "application/json", "17"), "transient unexpected_answer", unknown},
		{"empty object", reply(200, "application/json", "{}"), "transient unexpected_answer", unknown},
		{"broken JSON", reply(200, "application/json", `{"status":"OK",`), "transient unexpected_answer", unknown},
		{"two documents", reply(200, "application/json", `{} {}`), "transient unexpected_answer", unknown},
		{"another charset", reply(200, "application/json", "{\"a\":\"\xfc\"}"), "transient unexpected_answer", unknown},
		{"too long", reply(200, "application/json", strings.Repeat(" ", vendorhttp.DefaultMaxBody)+"{}"), "permanent body_too_large", unknown},
	}
}

// Trouble puts every call through every trouble. Class and reason have to be right, exactly one
// request is sent, and the error names vendor, account and call and shows no secret. except has
// this vendor's deviations, by trouble.
func Trouble(t *testing.T, calls []Call, except map[string]string) {
	for _, call := range calls {
		for _, tr := range troubles() {
			t.Run(call.Job+"/"+tr.name, func(t *testing.T) {
				want := tr.reading
				if call.Changes {
					want = tr.changing
				}
				for _, key := range []string{tr.name, call.Job + "/" + tr.name} {
					if other, ok := except[key]; ok {
						want = other
					}
				}
				v := New(t, tr.answer())
				err := call.Do(t.Context(), t, v)
				if got := outcome(err); got != want {
					t.Errorf("%s, want %s: %v", got, want, err)
				}
				if n := len(v.Got()); n != 1 {
					t.Errorf("%d requests", n)
				}
				if err != nil {
					CheckError(t, err, call.Job, call.Secrets)
				}
			})
		}
		if good, ok := call.Good.(string); ok && good != "" {
			t.Run(call.Job+"/odd transport", func(t *testing.T) {
				for name, answer := range Odd(good) {
					if err := call.Do(t.Context(), t, New(t, answer)); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		t.Run(call.Job+"/canceled", func(t *testing.T) { canceled(t, call) })
		t.Run(call.Job+"/echo", func(t *testing.T) { echo(t, call) })
		t.Run(call.Job+"/dry run", func(t *testing.T) { dryRun(t, call) })
		t.Run(call.Job+"/good", func(t *testing.T) {
			if err := call.Do(t.Context(), t, New(t, call.Good)); err != nil {
				t.Error(err)
			}
		})
	}
}

func outcome(err error) string {
	if err == nil {
		return "success"
	}
	f, ok := errors.AsType[*report.Failure](err)
	if !ok {
		return fmt.Sprintf("%T", err)
	}
	return string(f.Class) + " " + f.Reason
}

// CheckError fails t unless err names account and call and shows no secret.
func CheckError(t testing.TB, err error, job string, secrets []string) {
	t.Helper()
	if !strings.Contains(err.Error(), "account main, request for "+job) || len(err.Error()) > 2000 {
		t.Errorf("error %q", err)
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, report.AsFailure(err).Err)} {
		CheckSecrets(t, text, secrets)
	}
}

// CheckSecrets fails t if text holds one of secrets, in any spelling.
func CheckSecrets(t testing.TB, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		for _, form := range spellings(secret) {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				t.Errorf("%q is in %s", form, text)
			}
		}
	}
}

// spellings returns the ways in which a page may repeat a secret.
func spellings(secret string) []string {
	quoted, _ := json.Marshal(secret)
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), string(quoted[1 : len(quoted)-1]),
		strings.ReplaceAll(string(quoted[1:len(quoted)-1]), "/", `\/`),
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte("api:" + secret)),
	}
}

func canceled(t *testing.T, call Call) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := New(t)
	if err := call.Do(ctx, t, v); outcome(err) != "transient canceled" || !errors.Is(err, context.Canceled) || len(v.Got()) != 0 {
		t.Errorf("%v after %d requests", err, len(v.Got()))
	}
	ctx, cancel = context.WithCancel(t.Context())
	v = New(t, func(Sent) any { cancel(); return ctx.Err() })
	want := "transient canceled"
	if call.Changes {
		want = unknown
	}
	err := call.Do(ctx, t, v)
	if outcome(err) != want || !errors.Is(err, context.Canceled) || len(v.Got()) != 1 {
		t.Errorf("%v after %d requests", err, len(v.Got()))
	}
	CheckError(t, err, call.Job, call.Secrets)
}

// echo answers with everything that was sent, in every spelling.
func echo(t *testing.T, call Call) {
	for _, kind := range []string{"text/html", "text/plain", "application/json"} {
		for _, status := range []int{200, 400, 403, 500} {
			for i := range spellings("") {
				err := call.Do(t.Context(), t, New(t, func(s Sent) any {
					all := []string{s.Header.Get("Authorization"), s.URL, s.Body}
					for _, secret := range call.Secrets {
						all = append(all, spellings(secret)[i])
					}
					text := strings.Join(all, " ")
					switch kind {
					case "text/html":
						text = "<pre>" + text
					case "application/json":
						b, _ := json.Marshal(map[string]any{"error": text, "status": text, "message": text, "errors": []any{map[string]string{"description": text}}, text: 1})
						text = string(b)
					}
					return Reply(status, kind, text)
				}))
				if err != nil {
					CheckError(t, err, call.Job, call.Secrets)
				}
			}
		}
	}
}

func dryRun(t *testing.T, call Call) {
	v := New(t, call.Good)
	if err := call.Do(t.Context(), t, v); err != nil {
		t.Fatal(err)
	}
	sent := v.Got()[0]
	preview, ok := errors.AsType[*vendorhttp.Preview](call.Do(t.Context(), t, vendorhttp.DryRun{}))
	if !ok {
		t.Fatal("a dry run has to end with a preview")
	}
	CheckSecrets(t, preview.Error(), call.Secrets)
	address, _, _ := strings.Cut(sent.URL, "?")
	if where := address[:strings.LastIndex(address[:max(len(address)-40, 9)], "/")]; !strings.HasPrefix(preview.Error(), sent.Method+" "+where) {
		t.Errorf("%s\ndoes not start with %s %s", preview, sent.Method, where)
	}
	for name := range sent.Header {
		if !strings.Contains(preview.Error(), "\n"+name+": ") {
			t.Errorf("%s\ndoes not show %s", preview, name)
		}
	}
	if sent.Body != "" && !strings.Contains(preview.Error(), "\n\n"+sent.Body[:1]) {
		t.Errorf("%s\ndoes not show the body %s", preview, sent.Body)
	}
}
