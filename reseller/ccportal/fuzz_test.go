package ccportal_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/vendorhttp/vendortest"
)

// FuzzAnswer: see vendortest.Fuzz.
func FuzzAnswer(f *testing.F) {
	var bodies []string
	for _, e := range examples {
		bodies = append(bodies, e.json, e.xml)
	}
	all := append(calls("json"), calls("xml")...)
	vendortest.Fuzz(f, all, append(bodies, manyMails, `{"packs":{"pack":[{"name":"a"},{"name":"b"}]}}`, `{"response":{"packs":""}}`,
		`<response><packs>`+strings.Repeat("<a/>", 200)+`</packs></response>`, `{"packs":`+strings.Repeat("[", 50)+strings.Repeat("]", 50)+`}`)...)
}

// FuzzPack: a pack in JSON and the same pack in XML are the same allotment.
func FuzzPack(f *testing.F) {
	for name, value := range map[string]string{"Mail": "3", "Web": "100M", "Büro & Co": "1.5G", " x ": " 7 ", "<a>": "]]>", "null": "", "ǅ": "9"} {
		f.Add(name, value)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		inXML := func(text string) string {
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(text))
			return b.String()
		}
		inJSON, err := json.Marshal(map[string]any{"packs": []any{map[string]any{"pack": map[string]string{"name": name, "value": value}}}})
		if err != nil || strings.ContainsFunc(name+value, func(r rune) bool { return r < ' ' || r == unicode.ReplacementChar || r >= 0xfffe && r <= 0xffff }) {
			return
		}
		one, errOne := newClient(t, "json", vendortest.New(t, portal(string(inJSON))), "1").Snapshot(t.Context(), nil)
		two, errTwo := newClient(t, "xml", vendortest.New(t, portal("<response><packs><pack><name>"+inXML(name)+"</name><value>"+inXML(value)+"</value></pack></packs></response>")), "1").Snapshot(t.Context(), nil)
		if failOne, failTwo := one.Failed["1"], two.Failed["1"]; errOne != nil || errTwo != nil || (failOne == nil) != (failTwo == nil) || (failOne == nil) != (strings.TrimSpace(name) != "") {
			t.Fatalf("%q: %v, %v", name, failOne, failTwo)
		}
		if got, want := fmt.Sprint(told(one), len(one.Allotments)), fmt.Sprint(told(two), len(two.Allotments)); got != want {
			t.Errorf("JSON %s, XML %s", got, want)
		}
	})
}

// FuzzValue: what is read of a value is what is written there.
func FuzzValue(f *testing.F) {
	for _, text := range []string{"3", "100M", "1.5G", "1e5", "00.10K", "M"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, unit, odd := ccportal.ParseValue(text)
		if !n.Valid {
			return
		}
		digits := strings.TrimLeft(strings.ReplaceAll(strings.TrimSpace(text), ",", "."), "0123456789.")
		number, err := strconv.ParseFloat(strings.TrimSuffix(strings.ReplaceAll(strings.TrimSpace(text), ",", "."), digits), 64)
		if err != nil || odd || n.V != number || n.V < 0 || (digits == "") != (unit == "") {
			t.Errorf("%q is %v %s", text, n.V, unit)
		}
	})
}
