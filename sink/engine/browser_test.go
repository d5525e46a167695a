package engine

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestForeignPages: a request is served or refused by its origin as the browser reports it, for
// every method and answer.
func TestForeignPages(t *testing.T) {
	addr := fixture(t)
	q := "query=" + url.QueryEscape("SELECT count() FROM t")
	for _, c := range []struct {
		method, path string
		header       map[string]string
		status       int
	}{
		{"GET", "/?" + q, nil, 200},
		{"GET", "/?" + q, map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"GET", "/?" + q, map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"GET", "/?" + q, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"GET", "/?" + q, map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"GET", "/?" + q, map[string]string{"Sec-Fetch-Site": ""}, 403},
		{"GET", "/ping", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"GET", "/absent", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"HEAD", "/?" + q, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"POST", "/?" + q, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"POST", "/?" + q, map[string]string{"Origin": "http://evil.example"}, 403},
		{"GET", "/?" + q, map[string]string{"Origin": "http://evil.example"}, 403},
		{"GET", "/?" + q, map[string]string{"Origin": "null"}, 403},
		{"GET", "/?" + q, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		{"GET", "/?" + q, map[string]string{"Origin": "http://" + addr}, 200},
		{"OPTIONS", "/?" + q, map[string]string{"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}, 403},
		{"OPTIONS", "/", nil, 403},
		{"GET", "/?" + q, map[string]string{"Host": "evil.example"}, 403},
		{"GET", "/?" + q, map[string]string{"Host": "127.0.0.1.evil.example:8123"}, 403},
		{"GET", "/?" + q, map[string]string{"Host": "localhost:8123"}, 200},
		{"GET", "/?" + q, map[string]string{"Host": "collector.localhost"}, 200},
		{"GET", "/absent", nil, 404},
		{"PUT", "/", nil, 405},
		{"GET", "/?query=SELEKT", nil, 400},
	} {
		r := newRequest(t, c.method, addr, "", "")
		at, err := url.Parse("http://" + addr + c.path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = at
		for k, v := range c.header {
			r.Header[k] = []string{v}
			if k == "Host" {
				r.Host = v
			}
		}
		a := send(t, r)
		if a.status != c.status {
			t.Errorf("%s %s %v: %d, want %d", c.method, c.path, c.header, a.status, c.status)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": ""} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s %s %v: %s is %q, want %q", c.method, c.path, c.header, name, got, want)
			}
		}
	}
}

const hostilePage = `<!doctype html><title>hostile</title><body><script>var got = [];</script>
<script src="ENGINE/?query=SELECT+'got.push('||count()||')'+FROM+t+FORMAT+TSVRaw"></script>
<script type="module" src="ENGINE/?query=SELECT+'got.push(1)'+FORMAT+TSVRaw"></script>
<img src="ENGINE/?query=SELECT+1" onload="got.push('img')">
<link rel="stylesheet" href="ENGINE/?query=SELECT+'x'" onload="got.push('css')">
<iframe src="ENGINE/?query=SELECT+1"></iframe>
<iframe name="f"></iframe><form id="form" method="post" target="f" enctype="text/plain" action="ENGINE/"><input name="SELECT 1 --" value=""></form>
<script>
document.getElementById('form').submit();
for (const o of [{mode: 'no-cors'}, {}, {mode: 'no-cors', method: 'POST', body: 'SELECT 1'}, {method: 'POST', headers: {'X-ClickHouse-User': 'default'}, body: 'SELECT 1'}])
	fetch('ENGINE/?query=SELECT+1', o).then(r => r.text()).then(s => { if (s) got.push(s) }).catch(() => {});
try { navigator.sendBeacon('ENGINE/', 'SELECT 1'); } catch (e) {}
try { new EventSource('ENGINE/?query=SELECT+1'); } catch (e) {}
setTimeout(() => { document.title = 'done ' + JSON.stringify(got); }, 3000);
</script>`

// TestHostilePage opens a page of another origin in a real browser. The page learns nothing, and
// the engine runs none of its queries.
func TestHostilePage(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("chromium is missing; apt-get install chromium")
	} else if err != nil {
		t.Fatal(err)
	}
	addr := fixture(t)
	var mu sync.Mutex
	seen := map[string]int{}
	between := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", addr, r.In.Host },
		ModifyResponse: func(a *http.Response) error {
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprintf("%s %d", a.Request.Method, a.StatusCode)]++
			return nil
		},
	})
	defer between.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, strings.ReplaceAll(hostilePage, "ENGINE", between.URL))
	}))
	defer page.Close()
	out, err := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=10000", "--dump-dom", page.URL).Output()
	if err != nil || !strings.Contains(string(out), "<title>done []</title>") {
		t.Errorf("the page shows %q: %v", out, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) < 2 {
		t.Errorf("the page sent too few requests to prove anything: %v", seen)
	}
	for answer := range seen {
		if !strings.HasSuffix(answer, " 403") {
			t.Errorf("a page of another origin was answered: %s", answer)
		}
	}
	t.Log(seen)
}
