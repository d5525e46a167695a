package parser

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

const oneRecord = `{"uid":"1","dt":"23:38:18 22\\08\\2024"}`

// An answer is an empty day only if it holds nothing but what alpemix.txt names.
func TestEmptyDay(t *testing.T) {
	const rec = oneRecord
	for _, tt := range []struct{ body, reason string }{
		{`{"errornumber":0,"results":[]}`, ""},
		{`{"errornumber":0,"results":null}`, ""},
		{`{"errornumber":0}`, ""},
		{`{"results":[ ],"errornumber":"0.0"}`, ""},
		{`{"errornumber":0e0}`, ""},
		{"\uFEFF{\"errornumber\":00}\x00\x00 // cached", ""},

		{`{"errornumber":0,"Results":[` + rec + `]}`, UnexpectedEnvelope},
		{`{"errornumber":0,"RESULTS":[]}`, UnexpectedEnvelope},
		{`{"errornumber":0,"result":[` + rec + `]}`, UnexpectedEnvelope},
		{`{"errornumber":0,"data":{"results":[` + rec + `]}}`, UnexpectedEnvelope},
		{`{"data":{"errornumber":0,"results":[]}}`, UnexpectedEnvelope},
		{`{"errornumber":0,"results":null,"rows":[` + rec + `]}`, UnexpectedEnvelope},
		{`{"errornumber":0,"results":[],"rows":[]}`, UnexpectedEnvelope},
		{`{"errornumber":0,"message":"maintenance"}`, UnexpectedEnvelope},
		{`{"errornumber":0,"results":[],"message":"busy"}`, UnexpectedEnvelope},
		{`{"errornumber":0,"accesstoken":"0f3ac1"}`, UnexpectedEnvelope},
		{`{"errornumber":0,"results":[],"":0}`, UnexpectedEnvelope},
		{`{"ErrorNumber":0,"results":[]}`, UnexpectedEnvelope},
		{`{"results":[]}`, UnexpectedEnvelope},
		{`{"errornumber":null,"results":[]}`, UnexpectedEnvelope},
		{`{"errornumber":"","results":[]}`, UnexpectedEnvelope},
		{`{"results":null}`, UnexpectedEnvelope},
		{`{"errornumber":0,"results":[],"results":[]}`, UnexpectedEnvelope},
		{`{"errornumber":false}`, MalformedEnvelope},
		{`{"errornumber":"OK"}`, MalformedEnvelope},
		{`{"errornumber":{}}`, MalformedEnvelope},
		{`{"errornumber":0x0}`, MalformedEnvelope},
		{`{"errornumber":0,"results":[,]}`, MalformedEnvelope},
		{`{"results":[ , ,,	,, ] ,"errornumber":0}`, MalformedEnvelope},
		{`{"errornumber":0,"results":[,"none"]}`, ResultsWrongType},
		{`{"errornumber":0,"results":"[]"}`, ResultsWrongType},
		{`{"errornumber":0,"results":{}}`, ResultsWrongType},
		{`{"errornumber":0,"results":` + rec + `}`, ResultsWrongType},
		{`{"errornumber":0,"results":false}`, ResultsWrongType},
		{`{"errornumber":0,"results":[[]]}`, ResultsWrongType},
		{`{"errornumber":0,"results":[null]}`, ResultsWrongType},
		{`{"errornumber":0,"results":["none",0]}`, ResultsWrongType},
		{`{"errornumber":0,"results":[{}]}`, ResultsWrongType},
		{`{"errornumber":0,"results":[{"message":"none"}]}`, ResultsWrongType},
		{`{"errornumber":0,"results":[{"data":[` + rec + `]}]}`, ResultsWrongType},
		{`{"errornumber":0,"results":[[` + rec + `]]}`, ResultsWrongType},
		{`{"errornumber":0}{"errornumber":0,"results":[` + rec + `]}`, TrailingGarbage},
		{`{"errornumber":0,"results":[]} out of memory`, TrailingGarbage},
		{`{"errornumber":0,"results":[]}]}`, TrailingGarbage},
	} {
		for _, size := range []int{1, 64, 4096} {
			_, _, err := streamAll([]byte(tt.body), "", size)
			checkReason(t, tt.body, err, tt.reason)
		}
	}
}

func checkReason(t *testing.T, body string, err error, want string) {
	t.Helper()
	got := ""
	if e, ok := errors.AsType[*Error](err); ok {
		got = e.Reason
	}
	if got != want {
		t.Errorf("%.200q: %v, want %q", body, err, want)
	}
}

// TestMissingElementsAreShown: what came instead of an empty list stands in the error.
func TestMissingElementsAreShown(t *testing.T) {
	env := envelopeOf(t, `{"errornumber":0,"results":[ ,, ]}`)
	if env.Report == nil || env.Report.Seen != "[,,]" || env.Report.Offset != 27 {
		t.Errorf("%v", env.Report)
	}
}

// Records count whatever stands beside them, and the answer is a report unless there may be more
// of them elsewhere.
func TestEnvelopeAroundRecords(t *testing.T) {
	const rec = oneRecord
	for _, tt := range []struct {
		body, reason string
		records      int
	}{
		{`{"ERRORNUMBER":0.0,"results":[` + rec + `]}`, "", 1},
		{`{"results":[` + rec + `]}`, "", 1},
		{`{"errornumber":0,"results":[` + rec + `],"count":1,"version":{"api":[1,2]}}`, "", 1},
		{`{"errornumber":0,"results":[` + rec + `]}garbage]}`, "", 1},
		{`{"errornumber":0,"results":[` + rec + `]}{"x":1}`, TrailingGarbage, 1},
		{`{"errornumber":0,"results":[` + rec + `],"results":[` + rec + `]}`, UnexpectedEnvelope, 2},
		{`{"errornumber":0,"results":[` + rec + `],"Results":[` + rec + `]}`, UnexpectedEnvelope, 1},
		{`{"errornumber":0,"results":[` + rec + `],"page":{"next":{"rows":[` + rec + `]}}}`, UnexpectedEnvelope, 1},
		{`{"errornumber":false,"results":[` + rec + `]}`, MalformedEnvelope, 1},
		{`{"errornumber":0,"results":[,` + rec + `,,` + rec + `,]}`, "", 2},
		{`{"errornumber":0,"results":[7,` + rec + `]}`, "", 2},
		{`{"errornumber":0,"results":[{"uid":"1"},x]}`, "", 2},
	} {
		raws, _, err := splitAll([]byte(tt.body), "")
		checkReason(t, tt.body, err, tt.reason)
		if len(raws) != tt.records {
			t.Errorf("%s: %q", tt.body, raws)
		}
	}
}

func TestErrorNumberSpellings(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  int
	}{
		{`0`, 0}, {`-0`, 0}, {`0.0`, 0}, {`"0"`, 0}, {`" 0.0 "`, 0}, {`00`, 0}, {`0e7`, 0}, {`"0e0"`, 0},
		{`1e0`, 1}, {`2.01e2`, 201}, {`"201"`, 201}, {`"\u00320.1e1"`, 201}, {`0201`, 201}, {`+201`, 201},
		{`201.0`, 201}, {`"201.000"`, 201}, {`-7`, -7}, {`2147483647`, math.MaxInt32},
	} {
		for _, body := range []string{
			`{"errornumber":` + tt.value + `}`,
			`{"results":[` + oneRecord + `] , "ErrorNumber" : ` + tt.value + ` }`,
			`{"errornumber":0,"errornumber":` + tt.value + `,"errornumber":0}`,
		} {
			env := envelopeOf(t, body)
			if env.ErrorNumber != tt.want || !env.Numbered || !env.Closed {
				t.Errorf("%s: %+v", body, env)
			}
			if failed := env.Report != nil && env.Report.Reason == VendorError; failed != (tt.want != 0) {
				t.Errorf("%s: %v", body, env.Report)
			}
		}
	}
}

// TestErrorNumberOfNoDocument: what is no whole number is no error number, and no success either; the
// failure shows it.
func TestErrorNumberOfNoDocument(t *testing.T) {
	for value, seen := range map[string]string{
		`0.4`: `0.4`, `102.5`: `102.5`, `-0.2`: `-0.2`, `1e400`: `1e400`, `-1e400`: `-1e400`, `2147483648`: `2147483648`,
		`"0.4"`: `0.4`, `"99999999999999999999"`: `99999999999999999999`, `1e-400`: `1e-400`, `"OK"`: `"…"`, `[7]`: `[`,
	} {
		for _, body := range []string{
			`{"errornumber":` + value + `}`,
			`{"results":[` + oneRecord + `],"ErrorNumber":` + value + `}`,
			`{"errornumber":0,"errornumber":` + value + `,"accesstoken":"abc"}`,
		} {
			env := envelopeOf(t, body)
			if env.ErrorNumber != 0 || env.NoNumber == nil || env.NoNumber.Seen != seen || env.Report != env.NoNumber {
				t.Errorf("%s: %+v, %v", body, env, env.NoNumber)
			}
		}
	}
}

func envelopeOf(t *testing.T, body string) Envelope {
	t.Helper()
	env, err := ReadEnvelope(opener([]byte(body)), "application/json")
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func opener(body []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
}

func TestTokenAnswers(t *testing.T) {
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(`{"accesstoken":"abc"}`)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{ "errornumber": 0, "accesstoken": "ab\/c" }`:       `ab/c`,
		"\uFEFF" + `{"AccessToken":"abc","errornumber":0}`:   `abc`,
		`{"errornumber":0,"accesstoken":"a\zb"}`:             `a\zb`,
		utf16:                                                `abc`,
		`{"errornumber":0,"accesstoken":"abc"}` + "\x00\x00": `abc`,
		`{"errornumber":0,"accesstoken":7}`:                  ``,
		`{"errornumber":0,"data":{"accesstoken":"abc"}}`:     ``,
	} {
		env := envelopeOf(t, body)
		if env.Token != want || env.ErrorNumber != 0 || env.Unread != nil || strings.Contains(env.Shape, "abc") {
			t.Errorf("%q: %+v", body, env)
		}
	}
	if env := envelopeOf(t, `{"errornumber":0,"accesstoken":"half`); env.Unread == nil || env.Unread.Reason != Truncated || env.Token != "" {
		t.Errorf("%+v", env)
	}
}

func TestShape(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: `{}`,
		`{"errornumber":0,"Results":[{"uid":"secret"},{"uid":"2"}]}`:                                   `{errornumber: 0, Results: a list of 2}`,
		`{"data":{"rows":[1],"x y":{"a":{"b":{"c":"secret"}}}},"t":true,"Ayşe":null,"85.105.1.2":0.5}`: `{data: {rows: a list of 1, …: {a: {b: an object}}}, t: true or false, …: null, …: a number}`,
	} {
		if env := envelopeOf(t, body); env.Shape != want {
			t.Errorf("%s: %s", body, env.Shape)
		}
	}
	env := envelopeOf(t, `{"x":{`+strings.Repeat(`"deep":{"key":"text"},`, 1000)+`"end":0},"last":0}`)
	if len(env.Shape) > 2*longestShape || strings.Count(env.Shape, "{") != strings.Count(env.Shape, "}") || env.Unread != nil {
		t.Errorf("%d bytes: %s, %v", len(env.Shape), env.Shape, env.Unread)
	}
}
