package parser

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"alpemix-collector/report"

	"golang.org/x/text/transform"
)

// seeds are the bodies of the quirks' fixtures.
func seeds(f *testing.F) (bodies [][]byte) {
	f.Helper()
	files, err := filepath.Glob("testdata/quirks/*/body")
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	return bodies
}

// FuzzSplit: memory and stream agree on any bytes, and both agree with encoding/json on every document that it accepts.
func FuzzSplit(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, "application/json; charset=windows-1254")
	}
	for _, b := range []string{
		`{"errornumber":0,"results":[{"a":"}"},{"b":[{},"]"]},{"c":"\"}]}`,
		`{"results":[{"a":"\0"},{"b":"\"},{"c":"\","d":1}],"errornumber":0}`,
		`{"errornumber":0,"x":null,"results":[1,{"a" 2},{"b":"3},{"c":4},,{}{}]}`,
	} {
		f.Add([]byte(b), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		raws, sum, err := splitAll(body, contentType)
		if sum.Records != len(raws) {
			t.Errorf("%d records, yielded %q", sum.Records, raws)
		}
		for _, size := range []int{1, 64, len(body)} {
			streamed, streamSum, streamErr := streamAll(body, contentType, size)
			if !slices.Equal(raws, streamed) || !maps.Equal(streamSum.Quirks, sum.Quirks) {
				t.Errorf("from %d bytes %q, %v, in memory %q, %v", size, streamed, streamSum.Quirks, raws, sum.Quirks)
			}
			if (err == nil) != (streamErr == nil) || err != nil && err.Error() != streamErr.Error() {
				t.Errorf("from %d bytes %v, in memory %v", size, streamErr, err)
			}
		}
		if want, ok := oracleRecords(body); ok && (!slices.Equal(raws, want) || err != nil) {
			t.Errorf("got %q, %v; encoding/json %q", raws, err, want)
		}
	})
}

// oracleRecords are the elements of results as encoding/json finds them. It is false for what is no report of errornumber 0
// in plain UTF-8, and for deep nesting.
func oracleRecords(body []byte) (raws []string, ok bool) {
	if !utf8.Valid(body) || bytes.Count(body, []byte("results")) != 1 || bytes.Count(body, []byte("errornumber")) != 1 {
		return nil, false
	}
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) > maxDepth {
		return nil, false
	}
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil || string(envelope["errornumber"]) != "0" {
		return nil, false
	}
	var results []json.RawMessage
	if list := envelope["results"]; len(list) == 0 || json.Unmarshal(list, &results) != nil {
		return nil, false
	}
	for _, r := range results {
		raws = append(raws, string(r))
	}
	return raws, true
}

// FuzzQuickEnd: whenever the quick way finds the end of a record that the grammar accepts, it is the grammar's end.
func FuzzQuickEnd(f *testing.F) {
	for _, b := range seeds(f) {
		for i, c := range b {
			if c == '{' {
				f.Add(b[i:], i%2 == 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, literal bool) {
		if len(b) == 0 || b[0] != '{' {
			return
		}
		n := quickEnd(b, literal)
		c := cursor{b: b, literal: literal}
		if st := c.value(0); n > 0 && st == done && c.i != n {
			t.Errorf("quick %q, grammar %q", b[:n], b[:c.i])
		}
	})
}

// FuzzParse: what is valid JSON is never malformed, and its texts are those of encoding/json.
func FuzzParse(f *testing.F) {
	for _, b := range seeds(f) {
		raws, _, _ := splitAll(b, "")
		for _, raw := range raws {
			f.Add([]byte(raw), false)
			f.Add([]byte(raw), true)
		}
	}
	src := Source{Account: "main", FetchedAt: time.Date(2024, 8, 23, 5, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, raw []byte, literal bool) {
		c, reject := Parse(report.Record{Raw: raw, Literal: literal}, src)
		if reject != nil && !slices.Contains(Reasons, reject.Reason) {
			t.Errorf("reason %q", reject.Reason)
		}
		if reject == nil && (c.Raw != string(raw) || c.Hash != Hash(raw) || c.UID == "" || c.StartedAt.IsZero() || c.Duration < 0) {
			t.Errorf("connection %+v", c)
		}
		var want map[string]json.RawMessage
		if literal || !utf8.Valid(raw) || json.Unmarshal(raw, &want) != nil || want == nil {
			return
		}
		if reject != nil {
			if reject.Reason == reasonMalformedJSON && bytes.Count(raw, []byte("{"))+bytes.Count(raw, []byte("[")) <= maxDepth {
				t.Errorf("%s: %q", reject, raw)
			}
			return
		}
		for key, got := range map[string]string{
			"uid": c.UID, "exp": c.Explanation, "supnum": c.SupportNumber,
			"uname": c.Staff.Name, "ip": c.Staff.IP, "lip": c.Staff.LocalIP, "unum": c.Staff.Device, "aid": c.Staff.AlpemixID,
			"tuname": c.Target.Name, "tip": c.Target.IP, "tlip": c.Target.LocalIP, "tunum": c.Target.Device, "taid": c.Target.AlpemixID,
		} {
			if text := oracleText(t, want[key]); text != got {
				t.Errorf("%s is %q, encoding/json has %q", key, got, text)
			}
		}
	})
}

// oracleText is a text field as encoding/json reads it: null and absent are empty, a number is its own text.
func oracleText(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	if raw[0] != '"' {
		return string(raw)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzASCIIRuns: the quick way through a single-byte charset is that of the charmap.
func FuzzASCIIRuns(f *testing.F) {
	f.Add([]byte("Ay\xfee Y\xfdlmaz \x81\x8d\x90"), "windows-1254")
	f.Add([]byte("Za\xbf\xf3\xb3\xe6"), "iso-8859-2")
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		enc := declaredCharset("text/plain; charset=" + label)
		if enc == nil {
			return
		}
		want, wantErr := enc.NewDecoder().Bytes(b)
		got, _, err := transform.Append(decoder(enc), nil, b)
		if !bytes.Equal(got, want) || !errors.Is(err, wantErr) {
			t.Errorf("%s: got %q, %v; want %q, %v", label, got, err, want, wantErr)
		}
	})
}
