package vendorhttp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"alpemix-collector/report"
)

func TestMalformedProxyIsRejected(t *testing.T) {
	for _, tc := range []struct {
		endpoint, name, value, noProxy string
		refused                        bool
	}{
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://proxy.example:3128", "", false},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "proxy.example:3128", "", false},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://joe:pass%40word@proxy.example:3128/", "", false},
		{"https://vendor.example:5900/api", "https_proxy", "socks5://127.0.0.1:1080", "", false},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://proxy.example:port", "", true},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://proxy.example:99999", "", true},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://joe:50%zz@proxy.example:3128", "", true},
		{"https://vendor.example:5900/api", "https_proxy", "http:/proxy.example:3128", "", true},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://", "", true},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", " http://proxy.example:3128", "", true},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "ftp://proxy.example:3128", "", true},
		{"https://vendor.example:5900/api", "HTTPS_PROXY", "http://proxy.example:port", "vendor.example", false},
		{"https://vendor.example:5900/api", "HTTP_PROXY", "http://proxy.example:port", "", false},
		{"http://10.0.0.1/api", "HTTP_PROXY", "http://proxy.example:port", "", true},
		{"https://127.0.0.1:5900/api", "HTTPS_PROXY", "http://proxy.example:port", "", false}, // never goes through one
	} {
		t.Run(tc.name+"="+tc.value, func(t *testing.T) {
			for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"} {
				t.Setenv(name, "")
			}
			t.Setenv(tc.name, tc.value)
			t.Setenv("NO_PROXY", tc.noProxy)
			u, err := url.Parse(tc.endpoint)
			if err != nil {
				t.Fatal(err)
			}
			err = checkProxy(u)
			if (err != nil) != tc.refused {
				t.Errorf("error %v", err)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.name) || strings.Contains(err.Error(), "joe")) {
				t.Errorf("the error names another variable, or shows what it holds: %v", err)
			}
		})
	}
}

func TestErrorsNameTheProxy(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a status":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"a page":          func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no answer":       func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a wish to login": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) },
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(answer)
			t.Cleanup(srv.Close)
			address, err := url.Parse(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			address.User = url.UserPassword("joe", "hidden")
			rt, err := NewTransport(TLS{}, "acme.tls")
			if err != nil {
				t.Fatal(err)
			}
			rt.Proxy = recordProxy(http.ProxyURL(address))
			c, err := New(Vendor{Name: "acme", EndpointKey: "acme.endpoint", PlainHTTP: true}, Account{Name: "main", Endpoint: "http://vendor.example/"}, rt)
			if err != nil {
				t.Fatal(err)
			}
			err = c.Do(context.Background(), Request{Job: "list", Method: http.MethodGet}, func(a *Answer) error {
				if a.Status != http.StatusOK {
					return a.Refused()
				}
				return context.Canceled // no document of ours
			})
			f := report.AsFailure(err)
			if err == nil || !strings.Contains(f.Error(), "through the proxy "+address.Host) || strings.Contains(f.Error(), "hidden") {
				t.Errorf("%v", f)
			}
		})
	}
}
