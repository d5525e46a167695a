package parser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"alpemix-collector/report"
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

// FuzzSplit: memory and stream agree on any bytes however they arrive, nothing between the elements of results is left out,
// memory stays in proportion, and every document that is strict JSON is read as a strict decoder reads it.
func FuzzSplit(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, "application/json; charset=windows-1254")
	}
	for _, b := range []string{
		`{"errornumber":0,"results":[{"a":"}"},{"b":[{},"]"]},{"c":"\"}]}`,
		`{"results":[{"a":"\0"},{"b":"\"},{"c":"\","d":1}],"errornumber":0}`,
		`{"errornumber":0,"x":null,"results":[1,{"a" 2},{"b":"3},{"c":4},,{}{}]}`,
		`{"\u0065rrornumber":"\u0032","results":null,"results":[[[-0.5e+300]],"\ud83d\ude00\ud83d"],"":{"":""}}`,
		"\uFEFF{\"errornumber\":0,\"results\":[{\"a\":\"\\r\r\n\"}]}",
	} {
		f.Add([]byte(b), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		checkMemory(t, body, contentType)
		raws, sum, err := splitAll(body, contentType)
		if err != nil {
			checkError(t, err)
		}
		if sum.Records != len(raws) {
			t.Errorf("%d records, yielded %q", sum.Records, raws)
		}
		checkStreams(t, body, contentType, raws, sum, err)
		if wide(body) != nil {
			return
		}
		checkCuts(t, body)
		if utf8.Valid(body) {
			checkStrictly(t, body, contentType)
		}
	})
}

// FuzzQuickEnd: whenever the quick way finds the end of a record that the grammar accepts, it is the grammar's end.
func FuzzQuickEnd(f *testing.F) {
	for _, b := range seeds(f) {
		for i, c := range b {
			if c == '{' {
				f.Add(b[i:])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || b[0] != '{' {
			return
		}
		n := quickEnd(b)
		for m := strict; m <= literal; m++ { // the first in which it makes sense counts
			c := cursor{b: b, mode: m}
			st := c.value(0)
			if n > 0 && st == done && c.i != n {
				t.Errorf("mode %d: quick %q, grammar %q", m, b[:n], b[:c.i])
			}
			if st == done {
				break
			}
		}
	})
}

// FuzzParse: every field of a record equals the result of a strict decoder, or the record is
// rejected for the same reason. One that is not JSON, in either way of escaping, is rejected.
func FuzzParse(f *testing.F) {
	for i, b := range seeds(f) {
		raws, _, _ := splitAll(b, "")
		for _, raw := range raws {
			f.Add([]byte(raw), i)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, hours int) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		src := Source{Account: "main", Location: time.FixedZone("", hours%15*3600), FetchedAt: fetchedAt, Tally: Tally{}}
		c, reject := Parse(report.Record{Raw: raw}, src)
		reason := ""
		if reject != nil {
			reason = reject.Reason
			if !slices.Contains(Reasons, reason) || reject.Raw != string(raw) || reject.Hash != Hash(raw) || c != (report.Connection{}) {
				t.Errorf("reject %+v, connection %+v", reject, c)
			}
		}
		m := strict
		want, wantReason, ok := strictRecord(strictly(raw, m), src)
		if !ok {
			m = writtenAs(raw)
			want, wantReason, ok = strictRecord(strictly(raw, m), src)
		}
		if m != strict && undecided.Match(raw) || !utf8.Valid(raw) {
			return
		}
		switch {
		case !ok:
			if reason != reasonMalformedJSON && reason != reasonNotObject {
				t.Errorf("no object of JSON became %+v, %v", c, reject)
			}
			return
		case reason != wantReason:
			t.Errorf("%v, a strict decoder %q", reject, wantReason)
		case reject == nil:
			want.Raw, want.Hash = string(raw), Hash(raw)
			if c != want {
				t.Errorf("got\n%+v, a strict decoder\n%+v", c, want)
			}
		}
		if n := unknownKeys(strictly(raw, m)); src.Tally[quirkUnknownKey] != n {
			t.Errorf("%d unknown keys, want %d", src.Tally[quirkUnknownKey], n)
		}
	})
}

// FuzzText: UTF-8 stays what it is under every Content-Type, any other bytes become a text that is
// valid and holds no U+FFFD that was not sent, and what stands beside a text never changes it.
func FuzzText(f *testing.F) {
	for _, s := range []string{"Ayşe", "\xC7a\xF0r\xFD", "Ayşe \xC7a\xF0r\xFD", "\xED\xA0\xBD\xED\xB8\x80", "Ş\xED\xA0", "\x95\x8E", "\uFFFD\xFF"} {
		f.Add(s, "Şule", "application/json")
		f.Add(s, "\xDEule", "text/plain; charset=shift_jis")
		f.Add(s, "Ş \xDE", "text/plain; charset=iso-8859-1")
	}
	f.Fuzz(func(t *testing.T, in, beside, contentType string) {
		if strings.ContainsAny(in+beside, `"\`) {
			return
		}
		alone, tally := readText(in, "", contentType)
		switch valid := utf8.ValidString(in); {
		case valid && (alone != in || tally[quirkDamagedUTF8]+tally[quirkDeclaredCharset]+tally[quirkMixedCharset]+tally[quirkWindows1254] > 0):
			t.Errorf("%q became %q, %v", in, alone, tally)
		case !utf8.ValidString(alone), !strings.ContainsRune(in, utf8.RuneError) && strings.ContainsRune(alone, utf8.RuneError):
			t.Errorf("%q became %q", in, alone)
		}
		if got, _ := readText(in, beside, contentType); got != alone {
			t.Errorf("%q is %q, and %q beside %q", in, alone, got, beside)
		}
	})
}

// readText is what a record's explanation becomes beside another text.
func readText(in, beside, contentType string) (string, Tally) {
	raw := []byte(`{"uid":"1","dt":"10:00:00 22\\08\\2024","uname":"` + beside + `","exp":"` + in + `"}`)
	rec := report.Record{Raw: raw}
	if !utf8.Valid(raw) {
		rec.Charset = fallback(contentType)
	}
	tally := Tally{}
	c, _ := Parse(rec, Source{FetchedAt: fetchedAt, Tally: tally})
	return c.Explanation, tally
}
