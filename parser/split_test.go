package parser

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/report"
)

func TestSplitErrors(t *testing.T) {
	const rec = `{"uid":"1"}`
	for _, tt := range []struct {
		name, body string
		reason     string
		offset     int64
		number     int
		records    int
	}{
		{"empty", "", EmptyBody, 0, 0, 0},
		{"space", " \r\n", EmptyBody, 3, 0, 0},
		{"only a byte order mark", "\uFEFF", EmptyBody, 0, 0, 0},
		{"HTML", "\n<html><title>Bakım</title>", HTML, 1, 0, 0},
		{"list on top", "[" + rec + "]", WrongTopLevel, 0, 0, 0},
		{"text on top", `"ok"`, WrongTopLevel, 0, 0, 0},
		{"no JSON", `{errornumber:0}`, MalformedEnvelope, 1, 0, 0},
		{"no colon", `{"errornumber" 0}`, MalformedEnvelope, 15, 0, 0},
		{"errornumber no number", `{"errornumber":"none"}`, MalformedEnvelope, 15, 0, 0},
		{"errornumber a list", `{"errornumber":[0]}`, MalformedEnvelope, 15, 0, 0},
		{"errornumber", `{"errornumber":201}`, VendorError, 19, 201, 0},
		{"errornumber after results", `{"results":[` + rec + `],"errornumber":103}`, VendorError, 43, 103, 1},
		{"errornumber with escapes", `{"error\u006eumber":"20\u0031"}`, VendorError, 31, 201, 0},
		{"results with escapes", `{"errornumber":0,"r\u0065sults":{}}`, ResultsWrongType, 35, 0, 0},
		{"errornumber with null results", `{"errornumber":205,"results":null}`, VendorError, 34, 205, 0},
		{"token instead of report", `{"accesstoken":"0f3ac1"}`, UnexpectedEnvelope, 24, 0, 0},
		{"nothing in it", `{}`, UnexpectedEnvelope, 2, 0, 0},
		{"errornumber null", `{"errornumber":null}`, UnexpectedEnvelope, 20, 0, 0},
		{"results an object", `{"errornumber":0,"results":{}}`, ResultsWrongType, 30, 0, 0},
		{"results a text", `{"errornumber":0,"results":""}`, ResultsWrongType, 30, 0, 0},
		{"results a number", `{"errornumber":0,"results":0}`, ResultsWrongType, 29, 0, 0},
		{"cut in the envelope", `{"errornumber":0`, Truncated, 16, 0, 0},
		{"cut after a key", `{"errornumber"`, Truncated, 14, 0, 0},
		{"cut after the error's number", `{"errornumber":205,`, Truncated, 19, 205, 0},
		{"cut after a record", `{"errornumber":0,"results":[` + rec, Truncated, 39, 0, 1},
		{"cut within a record", `{"errornumber":0,"results":[` + rec + `,{"uid":"2`, Truncated, 49, 0, 1},
		{"cut within an escape", `{"errornumber":0,"results":[` + rec + `,{"uid":"2\u00`, Truncated, 53, 0, 1},
		{"cut within a character", `{"errornumber":0,"results":[` + rec + `,{"uid":"` + "ş"[:1], Truncated, 49, 0, 1},
		{"cut after garbage", `{"errornumber":0,"results":[` + rec + `" `, Truncated, 41, 0, 1},
		{"cut after results", `{"errornumber":0,"results":[` + rec + `]`, Truncated, 40, 0, 1},
		{"a text behind an empty day", `{"errornumber":0,"results":[]} Fatal error`, TrailingGarbage, 31, 0, 0},
		{"another object at the end", `{"errornumber":0,"results":[` + rec + `]} {"errornumber":0}`, TrailingGarbage, 42, 0, 1},
		{"two documents", `{"errornumber":0}{"errornumber":0}`, TrailingGarbage, 17, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raws, sum, err := splitAll([]byte(tt.body), "")
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if e.Reason != tt.reason || e.Offset != tt.offset || e.ErrorNumber != tt.number || len(raws) != tt.records {
				t.Errorf("got %d records, %+v", len(raws), e)
			}
			if sum.ErrorNumber != tt.number || sum.Records != tt.records {
				t.Errorf("summary %+v", sum)
			}
			if text := err.Error(); !strings.HasPrefix(text, "report: "+tt.reason) || !strings.Contains(text, advice[tt.reason]) {
				t.Errorf("error reads %q", text)
			}
			_, _, streamed := streamAll([]byte(tt.body), "", 3)
			if streamed == nil || streamed.Error() != err.Error() {
				t.Errorf("as a stream: %v; in memory: %v", streamed, err)
			}
		})
	}
}

func TestErrorReasons(t *testing.T) {
	if want := slices.Sorted(maps.Keys(advice)); !slices.Equal(ErrorReasons, want) {
		t.Errorf("listed %v, with advice %v", ErrorReasons, want)
	}
}

func TestErrorsHideData(t *testing.T) {
	for _, body := range []string{
		`{"accesstoken":"s3cr3t","Ayşe":"85.105.1.2","123456789":1 x`,
		`{"errornumber":0,"results":[]}{"accesstoken":"s3cr3t Ayşe 85.105.1.2 123456789"}`,
		`<html><title>Ayşe s3cr3t 123456789 85.105.1.2`,
	} {
		_, _, err := splitAll([]byte(body), "")
		if err == nil {
			t.Fatal(body)
		}
		for _, secret := range []string{"s3cr3t", "Ayşe", "105", "123456789"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q shows %s", err, secret)
			}
		}
	}
}

func TestSplitRecords(t *testing.T) {
	long := `{"uid":"` + strings.Repeat("ş", MaxRecord/2) + `"}`
	for _, tt := range []struct {
		name, results string
		want          []string
	}{
		{"none", ``, nil},
		{"space everywhere", " { } \r\n,\t{\"ip\" : 1 } ", []string{`{ }`, `{"ip" : 1 }`}},
		{"braces in texts", `{"ip":"}{"},{"ip":"{"},{"ip":"\"}"}`, []string{`{"ip":"}{"}`, `{"ip":"{"}`, `{"ip":"\"}"}`}},
		{"nested", `{"ip":{"b":[{"c":"]}"}]}},{"ip":[[]]}`, []string{`{"ip":{"b":[{"c":"]}"}]}}`, `{"ip":[[]]}`}},
		{"no objects", `1,"a}",null,[{"ip":1}],-0.5e+3,{"ip":1}`, []string{`1`, `"a}"`, `null`, `[{"ip":1}]`, `-0.5e+3`, `{"ip":1}`}},
		{"a quote missing", `{"ip":"1"},{"ip":"2},{"ip":"3"},{"ip":"4"}`, []string{`{"ip":"1"}`, `{"ip":"2}`, `{"ip":"3"}`, `{"ip":"4"}`}},
		{"a quote missing in the last", `{"ip":"1"},{"ip":"2}`, []string{`{"ip":"1"}`, `{"ip":"2}`}},
		{"a quote too many", `{"ip":"1"2"},{"ip":"3"}`, []string{`{"ip":"1"2"}`, `{"ip":"3"}`}},
		{"a brace missing", `{"ip":"1",{"ip":"2"},{"ip":"3"}`, []string{`{"ip":"1"`, `{"ip":"2"}`, `{"ip":"3"}`}},
		{"the last brace missing", `{"ip":"1"},{"b" 0 {,"c":"2"},{"ip":"3"`, []string{`{"ip":"1"}`, `{"b" 0 {,"c":"2"}`, `{"ip":"3"`}},
		{"a bracket too many", `{"ip":"1"},[{"ip":"2"},{"ip":"3"}`, []string{`{"ip":"1"}`, `[{"ip":"2"}`, `{"ip":"3"}`}},
		{"a quote too many, and a text like the end of a record", `{""ip":"},"},{"ip":"2"}`, []string{`{""ip":"},"}`, `{"ip":"2"}`}},
		{"a quote too many, and a text like the end of results", `{""ip":"}],"},{"ip":"2"}`, []string{`{""ip":"}],"}`, `{"ip":"2"}`}},
		{"a bracket missing", `{"ip":["1"},{"ip":"2"}`, []string{`{"ip":["1"}`, `{"ip":"2"}`}},
		{"a brace too many", `{"ip":"1"}},{"ip":"2"}`, []string{`{"ip":"1"}`, `}`, `{"ip":"2"}`}},
		{"no colon", `{"a" "1"},{"ip":"2"}`, []string{`{"a" "1"}`, `{"ip":"2"}`}},
		{"text between", `{"ip":"1"} x,{"ip":"2"}`, []string{`{"ip":"1"}`, `x`, `{"ip":"2"}`}},
		{"text at the end", `{"ip":"1"},x`, []string{`{"ip":"1"}`, `x`}},
		{"NaN", `{"ip":NaN},{"ip":01},{"ip":2}`, []string{`{"ip":NaN}`, `{"ip":01}`, `{"ip":2}`}},
		{"commas", `{"ip":1},,{"ip":2},`, []string{`{"ip":1}`, `{"ip":2}`}},
		{"no comma", `{"ip":1}{"ip":2} {"ip":3}`, []string{`{"ip":1}`, `{"ip":2}`, `{"ip":3}`}},
		{"unescaped", `{"ip":"\0 \" \x }"},{"ip":"C:\"},{"ip":"D:\" , "b":"{\"}"}`,
			[]string{`{"ip":"\0 \" \x }"}`, `{"ip":"C:\"}`, `{"ip":"D:\" , "b":"{\"}"}`}},
		{"one of them unescaped", `{"ip":"C:\\"},{"ip":"D:\", "b":"two","c":"three"},{"ip":"3"}`,
			[]string{`{"ip":"C:\\"}`, `{"ip":"D:\", "b":"two","c":"three"}`, `{"ip":"3"}`}},
		{"zeros", "{\"a\" \x00]\x00}\x00,{\"ip\":1}", []string{"{\"a\" \x00]\x00}\x00", `{"ip":1}`}},
		{"one too large", `{"ip":1},` + long + `,{"ip":2}`, []string{`{"ip":1}`, long[:MaxRecord+2], `{"ip":2}`}},
		{"one too large and broken", `{"ip":1},x` + long[:MaxRecord] + `,{"ip":2}`, []string{`{"ip":1}`, `x` + long[:MaxRecord], `{"ip":2}`}},
		{"one with too much behind it", `x"` + strings.Repeat(" ", MaxRecord) + `,{"ip":2}`,
			[]string{`x"` + strings.Repeat(" ", MaxRecord-1), `{"ip":2}`}},
		{"the last too large", `{"ip":1},` + long, []string{`{"ip":1}`, long[:MaxRecord+2]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(`{"errornumber":0,"results":[` + tt.results + `]}`)
			raws, sum, err := splitAll(body, "")
			if err != nil || !slices.Equal(raws, tt.want) || sum.Records != len(tt.want) {
				t.Errorf("got %.200q, %+v, %v", raws, sum, err)
			}
			for _, size := range []int{1, 5, 1000, len(body), streamBuffer} {
				streamed, streamSum, err := streamAll(body, "", size)
				if err != nil || !slices.Equal(streamed, raws) || !maps.Equal(streamSum.Quirks, sum.Quirks) {
					t.Errorf("as a stream from %d bytes: %.200q, %+v, %v", size, streamed, streamSum, err)
				}
			}
		})
	}
}

// TestEnvelopeBehindBroken: a last record without its brace hides neither the end of the list nor the vendor's error.
func TestEnvelopeBehindBroken(t *testing.T) {
	const head = `{"results":[{"ip":"1"},{"ip":"2"`
	want := []string{`{"ip":"1"}`, `{"ip":"2"`}
	for _, tt := range []struct{ tail, reason string }{
		{`]}`, ""},
		{" ] \r\n} ", ""},
		{`],"errornumber":0}`, ""},
		{` ] , "errornumber" : 205 }`, VendorError},
	} {
		body := []byte(head + tt.tail)
		raws, sum, err := splitAll(body, "")
		reason := ""
		if e, ok := errors.AsType[*Error](err); ok {
			reason = e.Reason
		}
		if reason != tt.reason || !slices.Equal(raws, want) || sum.Quirks[quirkBrokenRecord] != 1 {
			t.Errorf("%s: got %q, %+v, %v", body, raws, sum, err)
		}
	}
}

func TestLargeEnvelope(t *testing.T) {
	for _, tt := range []struct {
		length int
		reason string
	}{{MaxRecord - 2, ""}, {MaxRecord - 1, MalformedEnvelope}} { // 2 for the quotes
		body := []byte(`{"x":"` + strings.Repeat("x", tt.length) + `","errornumber":0,"results":[{"uid":"1"}]}`)
		for _, size := range []int{len(body), 1000} {
			_, _, err := streamAll(body, "", size)
			reason := ""
			if e, ok := errors.AsType[*Error](err); ok {
				reason = e.Reason
			}
			if reason != tt.reason {
				t.Errorf("%d bytes through %d: %.200v", tt.length, size, err)
			}
		}
	}
}

func TestYieldEndsTheScan(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	_, err := Split([]byte(`{"errornumber":0,"results":[{},{},{}]}`), "", func(report.Record) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	})
	if err != stop || n != 2 {
		t.Errorf("%d records, error %v", n, err)
	}
}

// TestUnchangedPollAllocates holds the bound of one allocation per 1,000 records in every escape mode.
func TestUnchangedPollAllocates(t *testing.T) {
	const rows = 10_000
	for _, backslash := range []string{`\\`, `\`, `/`} {
		body := benchBody(rows, backslash)
		seen := map[uint64]struct{}{}
		poll := func() {
			if _, err := Split(body, "", func(r report.Record) error { seen[Hash(r.Raw)] = struct{}{}; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		poll()
		if len(seen) != rows {
			t.Fatalf("%d different records", len(seen))
		}
		if n := testing.AllocsPerRun(5, poll); n > rows/1000 {
			t.Errorf("dt with %s: %v allocations", backslash, n)
		}
	}
}
