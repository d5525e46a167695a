package wire_test

import (
	"alpemix-collector/vendorhttp"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"alpemix-collector/reseller/wire"
)

func TestScalarsAreReadHoweverTheyAreWritten(t *testing.T) {
	tests := []struct{ doc, text, number, flag string }{
		{`"abc"`, "abc", "-", "-"},
		{`""`, "", "-", "-"},
		{`null`, "-", "-", "-"},
		{`7`, "7", "7", "-"},
		{`"7"`, "7", "7", "-"},
		{`" 7.5 "`, " 7.5 ", "7.5", "-"},
		{`-1`, "-1", "-1", "-"},
		{`1e3`, "1e3", "1000", "-"},
		{`1e999`, "1e999", "-", "-"},
		{`"0x10"`, "0x10", "-", "-"},
		{`"NaN"`, "NaN", "-", "-"},
		{`"1,5"`, "1,5", "-", "-"},
		{`1`, "1", "1", "true"},
		{`"0"`, "0", "0", "false"},
		{`true`, "true", "-", "true"},
		{`" True "`, " True ", "-", "true"},
		{`"FALSE"`, "FALSE", "-", "false"},
		{`"yes"`, "yes", "-", "-"},
	}
	for _, tt := range tests {
		var text wire.Text
		var number wire.Number
		var flag wire.Flag
		for _, into := range []any{&text, &number, &flag} {
			if err := json.Unmarshal([]byte(tt.doc), into); err != nil {
				t.Errorf("%s: %v", tt.doc, err)
			}
		}
		show := func(value any, valid bool) string {
			if !valid {
				return "-"
			}
			return fmt.Sprint(value)
		}
		got := []string{show(text.Value, text.Valid), show(number.Value, number.Valid), show(flag.Value, flag.Valid)}
		if want := []string{tt.text, tt.number, tt.flag}; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", tt.doc, got, want)
		}
	}
	for _, doc := range []string{`{}`, `["7"]`} {
		for _, into := range []any{new(wire.Text), new(wire.Number), new(wire.Flag)} {
			if err := json.Unmarshal([]byte(doc), into); err == nil || !strings.Contains(err.Error(), doc[:1]) {
				t.Errorf("%s into %T: %v", doc, into, err)
			}
		}
	}
}

func TestOnlyWholeNumbersAreInts(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, "1e3": 1000, "-0": 0, "9007199254740992": 1 << 53} {
		if got, ok := wire.ParseNumber(text).Int(); !ok || got != want {
			t.Errorf("%s: %d %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "1.5", "1e300", "9007199254740994"} {
		if got, ok := wire.ParseNumber(text).Int(); ok {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestAnAbsentListIsNotAnEmptyList(t *testing.T) {
	var seen []string
	n, err := wire.Each([]byte(` [1, {"a":2},"x"] `), func(e json.RawMessage) error {
		seen = append(seen, string(e))
		return nil
	})
	if err != nil || n != 3 || strings.Join(seen, " ") != `1 {"a":2} "x"` {
		t.Errorf("%d %q %v", n, seen, err)
	}
	if n, err := wire.Each([]byte(`[]`), nil); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	for doc, shape := range map[string]string{"": "nothing", "null": "null", `{"a":1}`: `{"a": number}`, `[1,`: "not JSON", `"[]"`: "text"} {
		if _, err := wire.Each([]byte(doc), nil); err == nil || !strings.Contains(err.Error(), shape) {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if _, err := wire.Each([]byte(`[1,2]`), func(json.RawMessage) error { return fmt.Errorf("bad") }); err == nil || err.Error() != "element 0: bad" {
		t.Error(err)
	}
}

func TestObjectsMayLieInATextButNullIsNone(t *testing.T) {
	for doc, want := range map[string]string{
		`"{\"a\":1}"`: `{"a":1}`, `" [1] "`: `[1]`, `"SUCCESS"`: `"SUCCESS"`, `{"a":1}`: `{"a":1}`, `7`: `7`, ``: ``,
	} {
		if got := string(wire.Unwrapped(json.RawMessage(doc))); got != want {
			t.Errorf("%s: %s", doc, got)
		}
	}
	var into struct{ A int }
	if err := wire.Object([]byte(` {"a":1}`), &into); err != nil || into.A != 1 {
		t.Error(err)
	}
	for _, doc := range []string{"", "null", "[]", "7", `{"a":1`, `{"a":"secret"}`} {
		if err := wire.Object([]byte(doc), &into); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestAShapeHasNoValues(t *testing.T) {
	for doc, want := range map[string]string{
		``:            "nothing",
		` <html>x`:    "<html>",
		`<!DOCTYPE x`: "something in angle brackets (11 bytes)",
		`<?xml version="1.0" encoding="latin1"?><response><a>hidden</a><b x="hidden"/></response>`: "<response><a><b>",
		`{"a`: "something that is not JSON (3 bytes)",
		`{"status":"OK","code":200,"m":[{"u":"hidden","ok":true},{"x":1}],"n":null}`: `{"status": text, "code": number, "m": [{"u": text, "ok": flag}…], "n": null}`,
		`[[[[[[1]]]]]]`: `[[[[[…]]]]]`,
		`{}`:            `{}`,
		`[1,2,3]`:       `[number…]`,
		`{"a":{"b":{"c":{"d":{"e":1},"f":2}}},"g":3}`: `{"a": {"b": {"c": {"d": {…}, "f": number}}}, "g": number}`,
	} {
		if got := vendorhttp.Shape([]byte(doc)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", doc, got, want)
		}
	}
}

// FuzzShape: the shape of anything is short and printable, and making it takes no more memory than the document.
func FuzzShape(f *testing.F) {
	for _, doc := range []string{`{"a":[{"b":1},2],"c":null}`, `[[[[[[]]]]]]`, `{"\u0000\n":"x"}`, "<", "", `"` + strings.Repeat("x", 1000) + `"`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		shape := vendorhttp.Shape(doc)
		runtime.ReadMemStats(&after)
		if len(shape) == 0 || len(shape) > 500 || !utf8.ValidString(shape) || strings.ContainsAny(shape, "\x00\n") {
			t.Errorf("%q", shape)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+uint64(len(doc))*100 {
			t.Errorf("%d bytes for %d", used, len(doc))
		}
	})
}

// FuzzEach: every element comes once and in order, as a decoder of the whole list sees it.
func FuzzEach(f *testing.F) {
	for _, doc := range []string{`[1,{"a":2},"x",null,[]]`, `[]`, `[1`, `null`, `[1]]`, ` [ "a" ] `} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var got []json.RawMessage
		n, err := wire.Each(doc, func(e json.RawMessage) error {
			got = append(got, e)
			return nil
		})
		var want []json.RawMessage
		if isList := json.Unmarshal(doc, &want) == nil && want != nil; isList != (err == nil) || isList && (n != len(want) || len(got) != n) {
			t.Fatalf("%d elements, want %d: %v", n, len(want), err)
		}
		for i := range want {
			if string(got[i]) != string(want[i]) {
				t.Errorf("element %d is %s, want %s", i, got[i], want[i])
			}
		}
	})
}
