package vendorhttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
	"alpemix-collector/vendorhttp/vendortest"
)

func newClient(t testing.TB, endpoint string, rt http.RoundTripper) *vendorhttp.Client {
	t.Helper()
	c, err := vendorhttp.New(vendor, vendorhttp.Account{Name: "main", Endpoint: endpoint}, rt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anything(*vendorhttp.Answer) error { return nil }

// TestChangingGetIsSentOnce: net/http retries a GET on its own when its kept connection breaks. Our
// transport keeps no connections; a caller's transport may.
func TestChangingGetIsSentOnce(t *testing.T) {
	for _, tt := range []struct{ keepAlive, changes bool }{{true, false}, {true, true}, {false, false}, {false, true}} {
		changes := tt.changes
		var arrived atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.TransferEncoding) > 0 || r.Header.Get("Content-Length") != "" {
				t.Errorf("a body is announced: %v %v", r.TransferEncoding, r.Header)
			}
			if r.URL.Path != "/change" {
				return
			}
			arrived.Add(1)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}))
		defer srv.Close()
		rt, err := vendorhttp.NewTransport(vendorhttp.TLS{}, "acme.tls")
		if err != nil {
			t.Fatal(err)
		}
		rt.DisableKeepAlives = !tt.keepAlive
		c := newClient(t, srv.URL, rt)
		if err := c.Do(t.Context(), vendorhttp.Request{Job: "warm", Path: []string{"read"}}, anything); err != nil {
			t.Fatal(err)
		}
		err = c.Do(t.Context(), vendorhttp.Request{Job: "change", Path: []string{"change"}, Changes: changes}, anything)
		f := report.AsFailure(err)
		switch once := arrived.Load() == 1; {
		case !once && !(tt.keepAlive && !changes), changes && f.Reason != vendorhttp.OutcomeUnknown:
			t.Errorf("%+v: it arrived %d times: %v", tt, arrived.Load(), err)
		case once && tt.keepAlive && !changes:
			t.Errorf("net/http no longer repeats a GET; this test proves nothing")
		}
	}
}

func TestTLSFailureIsNotUnknown(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	for _, changes := range []bool{false, true} {
		err := newClient(t, srv.URL, nil).Do(t.Context(), vendorhttp.Request{Job: "x", Method: "POST", Body: []byte("{}"), Changes: changes}, anything)
		if f := report.AsFailure(err); f.Class != report.Permanent || f.Reason != "tls_unknown_authority" || !strings.Contains(f.Error(), "acme.tls.ca_file") {
			t.Errorf("%s %s %v", f.Class, f.Reason, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	err = newClient(t, "http://"+l.Addr().String(), nil).Do(t.Context(), vendorhttp.Request{Job: "x", Changes: true}, anything)
	if f := report.AsFailure(err); f.Reason != "connect_refused" {
		t.Errorf("%s %v", f.Reason, err)
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		endpoint string
		path     []string
		want     string
	}{
		{"https://h", nil, "https://h"},
		{"https://h/api", nil, "https://h/api"},
		{"https://h/api/", []string{"user", "list"}, "https://h/api/user/list"},
		{"https://h", []string{"a"}, "https://h/a"},
		{"https://h/a%2Fb", []string{"c"}, "https://h/a%2Fb/c"},
		{"https://h:8443/x", []string{"a/b", "ü?#", "%41", "c d", "e;f"}, "https://h:8443/x/a%2Fb/%C3%BC%3F%23/%2541/c%20d/e%3Bf"},
	}
	for _, tt := range tests {
		v := vendortest.New(t, "{}")
		if err := newClient(t, tt.endpoint, v).Do(t.Context(), vendorhttp.Request{Job: "x", Path: tt.path}, anything); err != nil {
			t.Fatal(err)
		}
		if got := v.Got()[0].URL; got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.endpoint, tt.path, got, tt.want)
		}
	}
	for text, ok := range map[string]bool{"a": true, "a/b": true, "...": true, "": false, ".": false, "..": false, "a\nb": false, "a\x7f": false, "\xff": false} {
		if problem := vendorhttp.PathElement(text); (problem == "") != ok {
			t.Errorf("%q: %s", text, problem)
		}
	}
	base, _ := url.Parse("https://other/usercp")
	v := vendortest.New(t, "{}")
	if err := newClient(t, "https://h", v).Do(t.Context(), vendorhttp.Request{Job: "x", Base: base, Path: []string{"a"}}, anything); err != nil || v.Got()[0].URL != "https://other/usercp/a" {
		t.Errorf("%v %v", err, v.Got())
	}
}

func TestEndpointsThatShowSecretsAreRefused(t *testing.T) {
	portal, own := vendor, vendor
	portal.PrivateHTTP, own.PlainHTTP = true, true
	for endpoint, want := range map[string]string{
		"https://h/api": "", "http://127.0.0.1:1/": "", "http://localhost:1": "", "http://[::1]/": "",
		"http://192.168.10.170/api": "unencrypted", "http://h/": "unencrypted", "http://198.51.100.1/": "unencrypted",
		"https://user:hidden@h/": "the credentials belong in api_key", "ftp://h": "not an address", "h": "not an address", "https://": "not an address", "": "not an address", "https://h\n": "not an address",
	} {
		_, err := vendorhttp.New(vendor, vendorhttp.Account{Endpoint: endpoint}, nil)
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), "acme.endpoint: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden")) {
			t.Errorf("%s: %v", endpoint, err)
		}
		if _, err := vendorhttp.New(own, vendorhttp.Account{Endpoint: endpoint}, nil); want == "unencrypted" && err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
		if _, err := vendorhttp.New(portal, vendorhttp.Account{Endpoint: endpoint}, nil); strings.Contains(endpoint, "192.168") && err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestFormatShowsNoSecret(t *testing.T) {
	r := vendorhttp.Request{
		Job: "x", Path: []string{"a", secret}, Header: http.Header{"Authorization": {"Bearer " + secret}}, Payload: map[string]string{"p": secret}, Secrets: []string{secret},
	}
	c := newClient(t, "https://h", vendortest.New(t, secret))
	a, err := c.Exchange(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newClient(t, "https://h", vendorhttp.DryRun{}).Exchange(t.Context(), r)
	preview, ok := errors.AsType[*vendorhttp.Preview](err)
	if want := "GET https://h/a/[redacted]\nAccept: application/json\nAuthorization: Bearer [redacted]\nContent-Type: application/json\nUser-Agent: alpemix-collector/dev\n\n{\"p\":\"[redacted]\"}\n"; !ok || preview.Error() != want {
		t.Errorf("%v", preview)
	}
	for _, v := range []any{r, &r, a, *a, c, *c, err, preview} {
		vendortest.CheckSecrets(t, fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v), []string{secret})
	}
}

func TestHowLongToWaitAfter429(t *testing.T) {
	for header, want := range map[string]time.Duration{"": time.Minute, "30": 30 * time.Second, "600": 10 * time.Minute, "999999999999": time.Hour, "99999999": time.Hour, "-5": time.Minute, "soon": time.Minute} {
		resp := vendortest.Reply(429, "", "")
		resp.Header.Set("Retry-After", header)
		start := time.Now()
		f := report.AsFailure(newClient(t, "https://h", vendortest.New(t, resp)).Do(t.Context(), vendorhttp.Request{Job: "x"}, func(a *vendorhttp.Answer) error { return errors.New("not readable") }))
		if wait := f.NotBefore.Sub(start); f.Class != report.Throttle || wait < want || wait > want+time.Minute/2 {
			t.Errorf("%q: %s %v", header, f.Class, wait)
		}
	}
}

// silent never answers.
type silent struct{}

func (silent) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestSilentVendorTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := newClient(t, "https://h", silent{})
		for changes, reason := range map[bool]string{false: "timeout", true: vendorhttp.OutcomeUnknown} {
			err := c.Do(t.Context(), vendorhttp.Request{Job: "x", Changes: changes}, anything)
			if f := report.AsFailure(err); f.Reason != reason || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s %v", f.Reason, err)
			}
		}
		if waited := time.Since(start); waited != 2*vendorhttp.DefaultTimeout {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestTextIsUTF8OrNamesItsCharset(t *testing.T) {
	tests := []struct{ body, contentType, want string }{
		{"Kraków", "", "Kraków"},
		{"\xef\xbb\xbfa", "", "a"},
		{"K\xf6ln", "text/json; charset=ISO-8859-1", "Köln"},
		{"Krak\xf3w \xb1", "application/json;charset=iso-8859-2", "Kraków ą"},
		{"Kraków", "text/json; charset=ISO-8859-1", "Kraków"}, // valid UTF-8 is UTF-8
		{"<?xml version=\"1.0\" encoding='ISO-8859-1'?>K\xf6ln", "text/xml", "<?xml version=\"1.0\" encoding='ISO-8859-1'?>Köln"},
		{"K\xf6ln", "text/json", ""},
		{"K\xf6ln", "text/json; charset=nothing", ""},
		{"K\xf6ln", "text/json; charset=utf-8", ""},
		{"K\xf6ln", "; ;", ""},
	}
	for _, tt := range tests {
		var got string
		err := newClient(t, "https://h", vendortest.New(t, vendortest.Reply(200, tt.contentType, tt.body))).Do(t.Context(), vendorhttp.Request{Job: "x"}, func(a *vendorhttp.Answer) error {
			b, err := a.Text()
			got = string(b)
			return err
		})
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q %s: %q %v", tt.body, tt.contentType, got, err)
		}
	}
}

func TestRequestsAreRecordedOnceEach(t *testing.T) {
	var recorded []report.Fetch
	v := vendortest.New(t, "{}", vendortest.Reply(500, "", ""), io.EOF)
	c, err := vendorhttp.New(vendor, vendorhttp.Account{Name: "main", Endpoint: "https://h"}, v)
	if err != nil {
		t.Fatal(err)
	}
	snapshot := c.Recording(&recorded)
	_ = snapshot.Do(t.Context(), vendorhttp.Request{Job: "a"}, func(a *vendorhttp.Answer) error { a.Rows = 7; return nil })
	_ = snapshot.Do(t.Context(), vendorhttp.Request{Job: "b"}, func(a *vendorhttp.Answer) error {
		f := a.Fail(report.Permanent, "refused", "said the vendor")
		f.Code = 42
		return f
	})
	_ = snapshot.Do(t.Context(), vendorhttp.Request{Job: "c", Changes: true}, anything)
	_ = c.Do(t.Context(), vendorhttp.Request{Job: "d"}, anything)
	var lines []string
	for _, f := range recorded {
		lines = append(lines, fmt.Sprint(f.Vendor, " ", f.Account, " ", f.Job, " ", f.Outcome, " ", f.Code, " ", f.Rows))
	}
	if got := strings.Join(lines, "|"); got != "acme main a ok 0 7|acme main b refused 42 0|acme main c outcome_unknown 0 0" {
		t.Error(got)
	}
}
