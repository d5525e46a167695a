package engine

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alpemix-collector/internal/growth"
)

func TestParseStatement(t *testing.T) {
	for text, want := range map[string]statement{
		"SELECT 1":                              {text: "SELECT 1"},
		"SELECT 1 FORMAT JSON":                  {text: "SELECT 1 FORMAT JSON", format: "JSON"},
		"SELECT 1 format `CSV` SETTINGS a = 1;": {text: "SELECT 1 format `CSV` SETTINGS a = 1;", format: "CSV"},
		"SELECT 'FORMAT JSON'":                  {text: "SELECT 'FORMAT JSON'"},
		"SELECT 1 -- FORMAT JSON":               {text: "SELECT 1 -- FORMAT JSON"},
		"SELECT (SELECT format FROM t) AS a":    {text: "SELECT (SELECT format FROM t) AS a"},
		"SELECT $x$ FORMAT JSON $x$":            {text: "SELECT $x$ FORMAT JSON $x$"},
		"SELECT format AS f FORMAT TSV":         {text: "SELECT format AS f FORMAT TSV", format: "TSV"},

		"INSERT INTO t SELECT 1":                     {text: "INSERT INTO t SELECT 1"},
		"INSERT INTO t (a) WITH 1 AS x SELECT x":     {text: "INSERT INTO t (a) WITH 1 AS x SELECT x"},
		"INSERT INTO t (a, format) FORMAT Native":    {text: "INSERT INTO t (a, format) ", insert: true, format: "Native"},
		"INSERT INTO t FORMAT CSV\n1,2\n":            {text: "INSERT INTO t ", insert: true, format: "CSV", data: "1,2\n"},
		"INSERT INTO t FORMAT CSV \r\n\r\n1":         {text: "INSERT INTO t ", insert: true, format: "CSV", data: "\r\n1"},
		"INSERT INTO t FORMAT JSONEachRow {\"a\":1}": {text: "INSERT INTO t ", insert: true, format: "JSONEachRow", data: "{\"a\":1}"},
		"insert into t values (1, 'FORMAT x')":       {text: "insert into t ", insert: true, format: "Values", data: " (1, 'FORMAT x')"},
		"INSERT INTO `values` (`a`) VALUES (1)":      {text: "INSERT INTO `values` (`a`) ", insert: true, format: "Values", data: " (1)"},
		"INSERT INTO values VALUES (1)":              {text: "INSERT INTO values ", insert: true, format: "Values", data: " (1)"},
		"INSERT INTO d.format FORMAT CSV\n1":         {text: "INSERT INTO d.format ", insert: true, format: "CSV", data: "1"},
		"INSERT INTO t SETTINGS a = 1 FORMAT CSV\n1": {text: "INSERT INTO t SETTINGS a = 1 ", insert: true, format: "CSV", data: "1"},
		"/* x */ -- y\nINSERT INTO t VALUES":         {text: "/* x */ -- y\nINSERT INTO t ", insert: true, format: "Values"},
		"INSERT INTO t (`a``b`, `c\\`d`) VALUES (1)": {text: "INSERT INTO t (`a``b`, `c\\`d`) ", insert: true, format: "Values", data: " (1)"},
		"": {},
	} {
		if got := parseStatement(text); got != want {
			t.Errorf("%q:\n got %+v\nwant %+v", text, got, want)
		}
	}
}

// FuzzRequest checks that no request breaks the parser, and that an INSERT's head and data together
// are its text.
func FuzzRequest(f *testing.F) {
	f.Add("query=INSERT+INTO+t+FORMAT+CSV&compress=1&decompress=1", "1,2", "", true)
	f.Add("query=SELECT+1&param_a=1&default_format=Native&client_protocol_version=54460&enable_http_compression=1", "", "", false)
	f.Add("database=x&max_threads=2", "INSERT INTO `a``b` (c) VALUES (1,'\\'')", "gzip", true)
	f.Add("", "SELECT 'a' -- FORMAT\nFORMAT `JSON`; $x$ y $x$ /*", "zstd", true)
	f.Fuzz(func(t *testing.T, params, body, encoding string, post bool) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		s := parseStatement(body)
		if !strings.HasPrefix(body, s.text) || !strings.HasSuffix(body, s.data) || s.insert && s.format == "" {
			t.Errorf("%q was split into %+v", body, s)
		}
		method := "GET"
		if post {
			method = "POST"
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.URL = &url.URL{Path: "/", RawQuery: params}
		r.Header.Set("Content-Encoding", encoding)
		q, err := parseRequest(r, post, "d")
		if err != nil {
			return
		}
		for _, s := range q.settings {
			if !isSettingName(s.name) {
				t.Errorf("%q may break out of its engine argument", s.name)
			}
		}
		if q.query.insert != (q.body != nil) {
			t.Error("an INSERT must have data, and no other statement may")
		}
	})
}

// TestLongTextsAreCutInTime: the time to split a text is proportional to its length, whatever it
// contains.
func TestLongTextsAreCutInTime(t *testing.T) {
	tags := func(n int) string {
		var b strings.Builder
		for i := range n / 8 {
			fmt.Fprintf(&b, "$%06d ", i)
		}
		return b.String()
	}
	repeat := func(s string) func(int) string { return func(n int) string { return strings.Repeat(s, n/len(s)) } }
	for name, text := range map[string]func(int) string{
		"tags": tags, "tag": repeat("$a$"), "dollars": repeat("$ "), "quotes": repeat(`'\'`), "names": repeat("`a``"), "comments": repeat("/* -- "),
		"parentheses": repeat("("), "formats": repeat("FORMAT "), "inserts": repeat("INSERT INTO "), "blanks": repeat(" \n"),
	} {
		growth.Linear(t, name, text, func(s string) { parseStatement(s) })
	}
}

// TestHereDocs compares the fast search for the end of $tag$text$tag$ with the simple one.
func TestHereDocs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"$", "$", "a", "b", " ", "'"}), 0, 12).Draw(t, "text"), "")
		l := lexer{text: text}
		for at := range len(text) {
			if l.at = at; text[at] != '$' {
				continue
			}
			want := -1
			if n := strings.IndexByte(text[at+1:], '$'); n >= 0 {
				tag := text[at : at+n+2]
				if end := strings.Index(text[at+len(tag):], tag); end >= 0 {
					want = at + len(tag) + end + len(tag)
				}
			}
			if got, ok := l.hereDoc(); ok != (want >= 0) || ok && got != want {
				t.Fatalf("%q from %d: %d, %t, want %d", text, at, got, ok, want)
			}
		}
	})
}
