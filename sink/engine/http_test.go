package engine

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// answer is a response.
type answer struct {
	status int
	code   string // X-ClickHouse-Exception-Code
	body   string
	header http.Header
}

func send(t testing.TB, r *http.Request) answer {
	t.Helper()
	res, err := transportFor(r).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("X-ClickHouse-Exception-Code"), string(body), res.Header}
}

func newRequest(t testing.TB, method, addr, params, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+addr+"/?"+params, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// post sends query as a reader.
func post(t testing.TB, addr, params, query string) answer {
	t.Helper()
	return send(t, newRequest(t, http.MethodPost, addr, params, query))
}

func asDaemon(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	r.Header.Set("X-ClickHouse-User", daemonUser)
	return r
}

// transportFor returns a transport to the shared engine's socket for the requests of asDaemon, and
// the default transport for others.
func transportFor(r *http.Request) http.RoundTripper {
	if r.Header.Get("X-ClickHouse-User") == daemonUser && r.Header.Get("X-ClickHouse-Key") == "" {
		return Transport(shared.dir)
	}
	return http.DefaultTransport
}

func TestRequests(t *testing.T) {
	addr := fixture(t)
	q := func(s string) string { return "query=" + url.QueryEscape(s) }
	tests := map[string]struct {
		method, path, params, body string
		header                     map[string]string
		daemon                     bool
		status                     int
		code                       string
		want                       string // the body, or after a ~ a part of it
	}{
		"ping":                     {path: "ping", want: "Ok.\n"},
		"replicas status":          {path: "replicas_status", want: "Ok.\n"},
		"root":                     {want: "Ok.\n"},
		"unknown path":             {path: "nope", status: 404, want: "~not found"},
		"get":                      {params: q("SELECT 1"), want: "1\n"},
		"semicolon":                {params: "query=SELECT+1;", want: "1\n"},
		"semicolon in a parameter": {params: "query=SELECT+{a:String};&param_a=x;y", want: "x;y\n"},
		"long query_id":            {params: q("SELECT 1") + "&query_id=" + strings.Repeat("x", 100_000), status: 400, code: "36", want: "~query_id is longer"},
		"offset never worked":      {params: q("SELECT 1") + "&offset=1", status: 500, code: "452", want: "~Setting offset is not available"},
		"head":                     {method: "HEAD", params: q("SELECT 1")},
		"put":                      {method: "PUT", status: 405, want: "~Method Not Allowed"},
		"post in the body":         {method: "POST", body: "SELECT 2", want: "2\n"},
		"post in the URL":          {method: "POST", params: q("SELECT 3"), want: "3\n"},
		"post in both":             {method: "POST", params: q("SELECT 4,"), body: "5", want: "4\t5\n"},
		"empty post":               {method: "POST", status: 400, code: "62", want: "~SYNTAX_ERROR"},
		"get is readonly":          {params: q("DROP TABLE t"), daemon: true, status: 500, code: "164", want: "~READONLY"},
		"get cannot insert":        {params: q("INSERT INTO t SELECT 1, ''"), daemon: true, status: 500, code: "164", want: "~READONLY"},
		"default_format":           {params: q("SELECT 1 AS a") + "&default_format=JSONEachRow", want: "{\"a\":1}\n"},
		"format header":            {params: q("SELECT 1 AS a"), header: map[string]string{"X-ClickHouse-Format": "CSV"}, want: "1\n"},
		"format in the query":      {params: q("SELECT 1 AS a FORMAT CSVWithNames") + "&default_format=JSON", want: "\"a\"\n1\n"},
		"unknown format":           {params: q("SELECT 1 FORMAT Nope"), status: 404, code: "73", want: "~UNKNOWN_FORMAT"},
		"unknown default format":   {params: q("SELECT 1") + "&default_format=DataFrame", status: 404, code: "73", want: "~UNKNOWN_FORMAT"},
		"column called format":     {params: q("SELECT 1 AS format ORDER BY format DESC"), want: "1\n"},
		"database parameter":       {params: q("SELECT currentDatabase()") + "&database=system", want: "system\n"},
		"database header":          {params: q("SELECT currentDatabase()"), header: map[string]string{"X-ClickHouse-Database": "system"}, want: "system\n"},
		"default database":         {params: q("SELECT currentDatabase()"), want: "alpemix\n"},
		"unknown database":         {params: q("SELECT 1") + "&database=nope", status: 404, code: "81", want: "~UNKNOWN_DATABASE"},
		"unknown table":            {params: q("SELECT * FROM nope"), status: 404, code: "60", want: "~DB::Exception: Unknown table"},
		"unknown setting":          {params: q("SELECT 1") + "&nope=1", status: 404, code: "115", want: "~UNKNOWN_SETTING"},
		"syntax":                   {params: q("SELECT SELECT FROM"), status: 400, code: "62", want: "~SYNTAX_ERROR"},
		"syntax position":          {params: q("SELEKT 1"), status: 400, code: "62", want: "~position 1 (SELEKT)"},
		"setting":                  {params: q("SELECT getSetting('max_block_size')") + "&max_block_size=77", want: "77\n"},
		"wrong value of a setting": {params: q("SELECT 1") + "&max_block_size=x", status: 400, want: "~must be a number"},
		"parameters":               {params: q("SELECT {a:UInt8} + 1, {s:String}, {t:Identifier}.a FROM {t:Identifier} WHERE a = {a:UInt8}") + "&param_a=3&param_s=x%5C%5CTy&param_t=t", want: "4\tx\\\\Ty\t3\n"},
		"parameter missing":        {params: q("SELECT {a:UInt8}"), status: 400, code: "456", want: "~parameter"},
		"array parameter":          {params: q("SELECT arraySum({a:Array(UInt8)})") + "&param_a=[1,2]", want: "3\n"},
		"basic":                    {params: q("SELECT 1"), header: map[string]string{"Authorization": "Basic ZGVmYXVsdDo="}, want: "1\n"},
		"wrong password":           {params: q("SELECT 1") + "&user=collector&password=x", status: 403, code: "516", want: "~AUTHENTICATION_FAILED"},
		"unknown user":             {params: q("SELECT 1"), header: map[string]string{"X-ClickHouse-User": "nobody"}, status: 403, code: "516", want: "~nobody: Authentication failed"},
		"semicolon in a user":      {params: q("SELECT 1") + "&user=nobody;", status: 403, code: "516", want: "~nobody;: Authentication failed"},
		"the last user counts":     {params: q("SELECT 1") + "&user=default&user=nobody", status: 403, code: "516", want: "~nobody: Authentication failed"},
		"unreadable parameters":    {params: q("SELECT 1") + "&user=%zz", status: 400, code: "36", want: "~cannot read the URL"},
		"daemon by name alone":     {method: "POST", params: "user=collector", body: "SET max_threads = 1", status: 403, code: "516", want: "~AUTHENTICATION_FAILED"},
		"session":                  {params: q("SELECT 1") + "&session_id=x&session_timeout=60&session_check=0", want: "1\n"},
		"insert values":            {method: "POST", daemon: true, params: q("INSERT INTO t VALUES"), body: "(20, 'a'), (21, 'b')"},
		"insert in the body":       {method: "POST", daemon: true, body: "INSERT INTO t (a, s) FORMAT JSONEachRow\n{\"a\":22,\"s\":\"c\"}\n"},
		"insert by settings":       {method: "POST", daemon: true, params: q("INSERT INTO t (a, s) SETTINGS max_threads = 1 FORMAT CSV") + "&max_insert_block_size=1", body: "23,d\n24,e\n"},
		"insert select":            {method: "POST", daemon: true, body: "INSERT INTO t SELECT 25, 'f'"},
		"insert bad data":          {method: "POST", daemon: true, params: q("INSERT INTO t FORMAT JSONEachRow"), body: "{\"a\":\"x\"}", status: 400, want: "~DB::Exception"},
		"insert unknown table":     {method: "POST", daemon: true, params: q("INSERT INTO nope FORMAT CSV"), body: "1", status: 404, code: "60", want: "~nope"},
		"insert by a reader":       {method: "POST", params: q("INSERT INTO t FORMAT CSV"), body: "1,a", status: 500, code: "164", want: "~READONLY"},
		"error after output":       {params: q("SELECT throwIf(number = 3) FROM numbers(10) SETTINGS max_block_size = 1"), status: 500, code: "395", want: "~FUNCTION_THROW_IF"},
		"foreign host":             {params: q("SELECT 1"), header: map[string]string{"Host": "evil.example:8123"}, status: 403, want: "~serves localhost only"},
		"foreign origin":           {method: "POST", body: "SELECT 1", header: map[string]string{"Origin": "http://evil.example"}, status: 403, want: "~other origins"},
		"external tables":          {method: "POST", params: q("SELECT 1"), header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, body: "--x--", status: 400, want: "~external tables"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = "GET"
			}
			r := newRequest(t, tt.method, addr, tt.params, tt.body)
			r.URL.Path = "/" + tt.path
			for k, v := range tt.header {
				if r.Header.Set(k, v); k == "Host" {
					r.Host = v
				}
			}
			if tt.daemon {
				asDaemon(t, r)
			}
			a := send(t, r)
			if tt.status == 0 {
				tt.status = 200
			}
			part, isPart := strings.CutPrefix(tt.want, "~")
			if a.status != tt.status || !isPart && a.body != tt.want || !strings.Contains(strings.ToLower(a.body), strings.ToLower(part)) {
				t.Errorf("got %d %q, want %d %q", a.status, a.body, tt.status, tt.want)
			}
			if tt.code != "" && a.code != tt.code {
				t.Errorf("exception code %q, want %q", a.code, tt.code)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("pages of other origins may read the answer")
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	addr := fixture(t)
	a := post(t, addr, "query_id=mine", "SELECT * FROM t FORMAT JSON")
	for name, want := range map[string]string{
		"X-ClickHouse-Query-Id": "mine", "X-ClickHouse-Format": "JSON", "X-ClickHouse-Timezone": "", "Content-Type": "application/json",
		"X-ClickHouse-Server-Display-Name": "alpemix-collector", "X-ClickHouse-Summary": `{"read_rows":"10"`,
	} {
		if got := a.header.Get(name); got == "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	r := asDaemon(t, newRequest(t, http.MethodPost, addr, "", "INSERT INTO t SELECT number + 100, '' FROM numbers(7)"))
	if s := send(t, r).header.Get("X-ClickHouse-Summary"); !strings.Contains(s, `"written_rows":"7"`) {
		t.Errorf("summary of an INSERT: %s", s)
	}
	r = asDaemon(t, newRequest(t, http.MethodPost, addr, "query=INSERT+INTO+t+FORMAT+CSV", "200,x\n201,y\n"))
	if s := send(t, r).header.Get("X-ClickHouse-Summary"); !strings.Contains(s, `"written_rows":"2"`) {
		t.Errorf("summary of a streamed INSERT: %s", s)
	}
}

func TestContentEncoding(t *testing.T) {
	addr := fixture(t)
	const query = "SELECT number, repeat('abc', 30) FROM numbers(100000)"
	want := post(t, addr, "", query).body
	for _, encoding := range []string{"gzip", "br", "zstd", "lz4", "deflate"} {
		t.Run(encoding, func(t *testing.T) {
			var packed bytes.Buffer
			w, err := encodeBody(&packed, encoding)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, query)
			w.Close()
			r := newRequest(t, http.MethodPost, addr, "enable_http_compression=1", packed.String())
			r.Header.Set("Content-Encoding", encoding)
			r.Header.Set("Accept-Encoding", encoding)
			a := send(t, r)
			if got := a.header.Get("Content-Encoding"); got != encoding {
				t.Fatalf("answer is encoded %q: %.200s", got, a.body)
			}
			if len(a.body) >= len(want)/2 {
				t.Errorf("%d bytes are not compressed", len(a.body))
			}
			body, err := decodeBody(strings.NewReader(a.body), encoding, false)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != want {
				t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
			}
		})
	}
}
