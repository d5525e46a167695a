package engine

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzFront sends any request to the handler, up to where the engine would be used: a setting that
// no engine knows is always among the parameters. Nothing panics or hangs, every refusal is an
// exception in ClickHouse's form, and no answer shows the password.
func FuzzFront(f *testing.F) {
	const password = "QHZ5TSWB7KPEXAMPLE2Y4NO6ROFMCUDG"
	for _, s := range []struct{ method, target, header, body string }{
		{"GET", "/", "", ""},
		{"GET", "/ping", "Host: localhost:1\n", ""},
		{"GET", "/?query=SELECT+1&user=collector&password=" + password, "Host: [::1]\n", ""},
		{"POST", "/?query=INSERT+INTO+t+FORMAT+CSV&decompress=1&compress=1", "X-ClickHouse-User: collector\nX-ClickHouse-Key: " + password, "1,2"},
		{"POST", "/?client_protocol_version=54460&default_format=Native&param_a=%5C&database=%60", "Authorization: Basic ZGVmYXVsdDo=", "SELECT {a:String} FORMAT `CSV`"},
		{"POST", "/?session_id=1", "Content-Type: multipart/form-data; boundary=x", "--x--"},
		{"POST", "/", "Content-Encoding: zstd\nAccept-Encoding: br;q=0, gzip", "\x28\xb5\x2f\xfd"},
		{"PUT", "/../x?%zz", "Origin: http://evil.example\nSec-Fetch-Site: cross-site", "$a$ FORMAT $b$"},
		{"HEAD", "/?query=(((INSERT+INTO+FUNCTION+file('x')+VALUES+(1)", "Host: evil.example", ""},
	} {
		f.Add(s.method, s.target, s.header, s.body)
	}
	formats := words("tabseparated csv native json")
	handlers := []http.Handler{
		newHandler(&engine{database: "d", formats: formats, version: "1"}).readersDoor(),
		newHandler(&engine{database: "d", formats: formats, version: "1"}).ownersDoor(),
	}
	f.Fuzz(func(t *testing.T, method, target, header, body string) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		at, err := url.ParseRequestURI(target)
		if err != nil {
			return // the server refuses it earlier
		}
		if at.RawQuery != "" || method == http.MethodPost {
			at.RawQuery += "&no_such_setting=1"
		}
		for _, h := range handlers {
			r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
			r.Method, r.URL, r.Host = method, at, "127.0.0.1"
			for line := range strings.Lines(header) {
				if name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": "); name == "Host" {
					r.Host = value
				} else {
					r.Header.Add(name, value)
				}
			}
			checkFront(t, h, r, password, strings.Contains(target+header+body, password[:8]))
		}
	})
}

// checkFront sends r. sent reports whether r contains the password, which may then be in the
// answer.
func checkFront(t *testing.T, h http.Handler, r *http.Request, password string, sent bool) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text := w.Body.String()
	if !sent && strings.Contains(text+fmt.Sprint(w.Header()), password[:8]) {
		t.Errorf("the password is in %d %q", w.Code, text)
	}
	if w.Code == http.StatusOK && text != "Ok.\n" {
		t.Errorf("%s %s was answered: %q", r.Method, r.URL, text)
	}
	//lint:ignore SA1008 the name is spelled as ClickHouse does
	if codes := w.Header()["X-ClickHouse-Exception-Code"]; len(codes) == 1 {
		code := codes[0]
		if n, err := strconv.Atoi(code); err != nil || !strings.HasPrefix(text, "Code: "+code+". DB::Exception: ") || w.Code != (&Exception{Code: n}).status() {
			t.Errorf("%d with code %q: %q", w.Code, code, text)
		}
		return
	}
	if known := []int{http.StatusOK, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusMovedPermanently, http.StatusTemporaryRedirect}; !slices.Contains(known, w.Code) {
		t.Errorf("status %d: %q", w.Code, text)
	}
}

var functionNode = regexp.MustCompile(`(?m)^ *Function (\S+)`)

// FuzzTree: any syntax tree and any error message is parsed without panic, and no tree that
// contains a forbidden function passes.
func FuzzTree(f *testing.F) {
	f.Add("SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 1)\n   Function file (children 1)\n", "SELECT 1")
	f.Add("SelectWithUnionQuery (children 2)\n ExpressionList\n Literal 'x'\n", "Code: 62. DB::Exception: x")
	f.Add("ShowTables\n", "SHOW TABLES WHERE {f:Identifier}('x')")
	f.Add("   SelectQuery\n Explain EXPLAIN\n  TableExpression\n   Function Numbers (alias x)\n  Identifier a.b.models\n", "Code: 99999999999999999999.")
	f.Fuzz(func(t *testing.T, tree, text string) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		if ex := parseException(text); ex.status() < 400 || ex.text("1") == "" {
			t.Errorf("%+v", ex)
		}
		if new(engine).judgeTree(tree, text, "d") != nil {
			return
		}
		if _, known := roots[anyWord.FindString(tree)]; !known || tree[0] == ' ' {
			t.Errorf("a statement that starts with %.40q was accepted", tree)
		}
		for _, m := range functionNode.FindAllStringSubmatch(tree, -1) {
			if forbidden[strings.ToLower(m[1])] {
				t.Errorf("%s was accepted", m[1])
			}
		}
	})
}
