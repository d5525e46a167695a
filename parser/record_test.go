package parser

import (
	"testing"
	"time"

	"alpemix-collector/report"

	"pgregory.net/rapid"
)

var (
	anyDT = rapid.Custom(func(t *rapid.T) string {
		part := rapid.SampledFrom([]string{"0", "00", "1", "09", "12", "23", "24", "29", "30", "31", "59", "60", "007", "x", ""})
		year := rapid.SampledFrom([]string{"2024", "2023", "2000", "1999", "24", "0000", "9999", "02024"})
		separators := rapid.SampledFrom([]string{`\\`, `\\`, `\\\\`, `/`, `\/`, `.`, `-`, ` `, `\u005c`})
		separator, blank := separators.Draw(t, "separator"), rapid.SampledFrom([]string{" ", " ", "  ", "", `\t`})
		other := rapid.SampledFrom([]string{separator, separator, separator, separators.Draw(t, "other")}).Draw(t, "second separator")
		return `"` + rapid.SampledFrom([]string{"", "", " ", `\n`}).Draw(t, "around") + part.Draw(t, "hour") + ":" + part.Draw(t, "minute") + ":" + part.Draw(t, "second") +
			blank.Draw(t, "blank") + part.Draw(t, "day") + separator + part.Draw(t, "month") + other + year.Draw(t, "year") + `"`
	})
	anyNumber = rapid.SampledFrom([]string{
		"0", "1", "-0", "-1", "59.9", "0.99999999999999999999", "-0.5", "1e3", "1E-3", "2147483647", "2147483648", "31622400", "31622401", "1e400", "-1e400", "1e-400", "123456789012345678901234567890",
	})
	numberText = rapid.Map(rapid.OneOf(anyNumber, rapid.SampledFrom([]string{" 7 ", "+7", ".5", "5.", "", " ", "0x7", "7_000", "inf", "nan", "e", "1e", "--1"})),
		func(s string) string { return `"` + s + `"` })
)

// anyRecord is an element of results in strict JSON: keys in any order, twice or missing, with values of any kind.
func anyRecord() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		anything := rapid.OneOf(anyValue(2), anyScalar, anyString, anyNumber)
		var members []string
		for _, key := range rapid.Permutation(append(fieldNames[:], "uid", "dt", "dur", "Uid", "UID", "DT", "Dur", "Exp", "TUNAME", "d")).Draw(t, "keys")[:rapid.IntRange(0, len(fieldNames)).Draw(t, "count")] {
			members = append(members, member(t, `"`+key+`"`, anything.Draw(t, "value")))
		}
		members = append(members, member(t, rapid.SampledFrom([]string{`"uid"`, `"u\u0069d"`}).Draw(t, "key"), rapid.OneOf(anyString, anyNumber).Draw(t, "uid")))
		members = append(members, member(t, `"dt"`, anyDT.Draw(t, "dt")), member(t, `"dur"`, rapid.OneOf(anyNumber, numberText).Draw(t, "dur")))
		if rapid.Bool().Draw(t, "known") {
			members = append(members, member(t, `"dt"`, `"10:00:00 22\\08\\2024"`), member(t, `"dur"`, "60"))
		}
		return list(t, "{", members, "}")
	})
}

// FuzzRecord: every object of strict JSON is the connection that a strict decoder returns, or is
// rejected for its reason.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(drawn(checkRecord))
}

func TestRecord(t *testing.T) { rapid.Check(t, checkRecord) }

func checkRecord(t *rapid.T) {
	raw := []byte(anyRecord().Draw(t, "record"))
	src := Source{Account: "main", Location: time.FixedZone("", rapid.IntRange(-14, 14).Draw(t, "hours")*3600), FetchedAt: fetchedAt}
	want, reason, ok := strictRecord(raw, src)
	if !ok {
		t.Fatalf("%q is no strict JSON, so it proves nothing", raw)
	}
	got, reject := Parse(report.Record{Raw: raw}, src)
	if reject != nil {
		if reject.Reason != reason {
			t.Fatalf("%v, a strict decoder %q", reject, reason)
		}
		return
	}
	want.Raw, want.Hash = string(raw), Hash(raw)
	if got != want || reason != "" {
		t.Fatalf("got\n%+v, a strict decoder\n%+v, %s", got, want, reason)
	}
}
