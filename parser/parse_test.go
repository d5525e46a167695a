package parser

import (
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

var fetchedAt = time.Date(2024, 8, 23, 5, 0, 0, 123456789, time.UTC)

func TestParse(t *testing.T) {
	raw := `{"uid":"8f2c01","dt":"00:38:18 22\\08\\2024","dur:":754,"dir":1,"exp":"Yaz\u0131c\u0131 \"HP\"","supnum":"4711",` +
		`"uname":"Ayşe","ip":"85.105.1.2","lip":"192.168.1.20","unum":"D1","aid":"123456789",` +
		`"tuname":"","tip":"78.180.3.4","tlip":"10.0.0.15","tunum":"T2","taid":"987654321"}`
	zone := mustZone(t, "Europe/Istanbul")
	got, reject := Parse(report.Record{Raw: []byte(raw)}, Source{Account: "main", Location: zone, FetchedAt: fetchedAt})
	if reject != nil {
		t.Fatal(reject)
	}
	want := report.Connection{
		Account:       "main",
		UID:           "8f2c01",
		StartedAt:     time.Date(2024, 8, 21, 21, 38, 18, 0, time.UTC),
		Duration:      754 * time.Second,
		Mode:          report.ModePresentation,
		Explanation:   `Yazıcı "HP"`,
		SupportNumber: "4711",
		Staff:         report.Party{Name: "Ayşe", IP: "85.105.1.2", LocalIP: "192.168.1.20", Device: "D1", AlpemixID: "123456789"},
		Target:        report.Party{IP: "78.180.3.4", LocalIP: "10.0.0.15", Device: "T2", AlpemixID: "987654321"},
		LocalDay:      report.DayOf(time.Date(2024, 8, 22, 0, 0, 0, 0, time.UTC)),
		FirstSeenAt:   fetchedAt,
		FetchedAt:     fetchedAt,
		Raw:           raw,
		Hash:          Hash([]byte(raw)),
		Version:       1724389200123456,
	}
	if got != want {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// TestHashIsStable: rows in the database carry these hashes, and ClickHouse's xxHash64 gives the same.
func TestHashIsStable(t *testing.T) {
	for in, want := range map[string]uint64{"": 0xEF46DB3751D8E999, "a": 0xD24EC4F1A98C6E5B} { // XXH64's own vectors
		if got := Hash([]byte(in)); got != want {
			t.Errorf("Hash(%q) = %#x, want %#x", in, got, want)
		}
	}
}

func TestRejects(t *testing.T) {
	const dt = `"dt":"10:00:00 22/08/2024"`
	seen := map[string]bool{}
	for _, tt := range []struct{ raw, reason, detail string }{
		{`{` + dt + `}`, reasonUIDMissing, "uid is absent"},
		{`{"uid":"",` + dt + `}`, reasonUIDMissing, `uid is ""`},
		{`{"uid":" ",` + dt + `}`, reasonUIDMissing, `uid is " "`},
		{`{"uid":null,` + dt + `}`, reasonUIDMissing, `uid is null`},
		{`{"uid ":"1",` + dt + `}`, reasonUIDMissing, "uid is absent"},
		{`{"uid":["1"],` + dt + `}`, reasonWrongType, "uid is a list"},
		{`{"uid":"1"}`, reasonDTMissing, "dt is absent"},
		{`{"uid":"1","dt":null}`, reasonDTMissing, "dt is null"},
		{`{"uid":"1","dt":" "}`, reasonDTMissing, `dt is " "`},
		{`{"uid":"1","dt":1724389200}`, reasonWrongType, "dt is a number"},
		{`{"uid":"1","dt":"yesterday"}`, reasonDTImpossible, `dt is "yesterday"`},
		{`{"uid":"1","dt":"24:00:00 22/08/2024"}`, reasonDTImpossible, "24:00:00"},
		{`{"uid":"1","dt":"10:60:00 22/08/2024"}`, reasonDTImpossible, "10:60:00"},
		{`{"uid":"1","dt":"10:00:60 22/08/2024"}`, reasonDTImpossible, "10:00:60"},
		{`{"uid":"1","dt":"10:00:00 08/22/2024"}`, reasonDTImpossible, "08/22/2024"},
		{`{"uid":"1","dt":"10:00:00 29/02/2023"}`, reasonDTImpossible, "29/02/2023"},
		{`{"uid":"1","dt":"10:00:00 31/04/2024"}`, reasonDTImpossible, "31/04/2024"},
		{`{"uid":"1","dt":"10:00:00 0/08/2024"}`, reasonDTImpossible, "0/08/2024"},
		{`{"uid":"1","dt":"10:00:00 22/00/2024"}`, reasonDTImpossible, "22/00/2024"},
		{`{"uid":"1","dt":"10:00:00 22/08/24"}`, reasonDTImpossible, "22/08/24"},
		{`{"uid":"1","dt":"10:00 22/08/2024"}`, reasonDTImpossible, "10:00 22"},
		{`{"uid":"1","dt":"22/08/2024 10:00:00"}`, reasonDTImpossible, "22/08/2024"},
		{`{"uid":"1","dt":"10:00:00 22/08/2024 PM"}`, reasonDTImpossible, "PM"},
		{`{"uid":"1","dt":"10:00:00 22/08/0024"}`, reasonDTOutOfRange, "0024"},
		{`{"uid":"1","dt":"23:59:59 31/12/1999"}`, reasonDTOutOfRange, "1999"},
		{`{"uid":"1","dt":"05:00:01 24/08/2024"}`, reasonDTOutOfRange, "24/08/2024"},
		{`{"uid":"1",` + dt + `,"dur":-1}`, reasonDurationNegative, "dur is -1"},
		{`{"uid":"1",` + dt + `,"dur:":"-30"}`, reasonDurationNegative, `dur: is "-30"`},
		{`{"uid":"1","dt":"10:00:00 22/08/2020","dur":31622401}`, reasonDurationAbsurd, "dur is 31622401 seconds, more than 31622400"},
		{`{"uid":"1",` + dt + `,"dur":4294967295}`, reasonDurationAbsurd, "4294967295"},
		{`{"uid":"1",` + dt + `,"dur":1e999}`, reasonDurationAbsurd, "1e999"},
		{`{"uid":"1",` + dt + `,"dur":154801}`, reasonDurationAbsurd, "ends more than a day after it was read"},
		{`{"uid":"1",` + dt + `,"dur":"long"}`, reasonWrongType, `dur is "long", not a number`},
		{`{"uid":"1",` + dt + `,"dur":"NaN"}`, reasonWrongType, "not a number"},
		{`{"uid":"1",` + dt + `,"dur":"0x10"}`, reasonWrongType, "not a number"},
		{`{"uid":"1",` + dt + `,"dur":true}`, reasonWrongType, "dur is true or false"},
		{`{"uid":"1",` + dt + `,"dir":[0]}`, reasonWrongType, "dir is a list"},
		{`{"uid":"1",` + dt + `,"exp":{"a":1}}`, reasonWrongType, "exp is an object"},
		{`{"uid":"1",` + dt + `,"taid":false}`, reasonWrongType, "taid is true or false"},
		{`5`, reasonNotObject, "not an object"},
		{`"text"`, reasonNotObject, "not an object"},
		{`null`, reasonNotObject, "not an object"},
		{`[]`, reasonNotObject, "not an object"},
		{``, reasonNotObject, "not an object"},
		{`{"uid":"1",` + dt + `,}`, reasonMalformedJSON, "not one JSON object"},
		{`{"uid":"1",` + dt, reasonMalformedJSON, "not one JSON object"},
		{`{"uid":"1",` + dt + `} {}`, reasonMalformedJSON, "not one JSON object"},
		{`{"uid":01}`, reasonMalformedJSON, "not one JSON object"},
		{`{` + strings.Repeat(" ", MaxRecord) + `}`, reasonTooLarge, "longer than 1048576 bytes"},
	} {
		tally := Tally{}
		c, reject := Parse(report.Record{Raw: []byte(tt.raw)}, Source{Account: "main", FetchedAt: fetchedAt, Tally: tally})
		if reject == nil {
			t.Errorf("%.80s: accepted: %+v", tt.raw, c)
			continue
		}
		seen[reject.Reason] = true
		if reject.Reason != tt.reason || !strings.Contains(reject.Detail, tt.detail) {
			t.Errorf("%.80s: %v, want %s: %s", tt.raw, reject, tt.reason, tt.detail)
		}
		if reject.Raw != tt.raw || reject.Hash != Hash([]byte(tt.raw)) || reject.Vendor != "alpemix" || reject.Account != "main" ||
			!reject.At.Equal(fetchedAt) || reject.Version != 1724389200123456 || c != (report.Connection{}) {
			t.Errorf("%.80s: %.300v", tt.raw, *reject)
		}
	}
	for i, r := range Reasons {
		if !seen[r] {
			t.Errorf("no case for the reason %s", r)
		}
		if i > 0 && Reasons[i-1] >= r {
			t.Errorf("%s is not in order", r)
		}
	}
	if len(seen) != len(Reasons) {
		t.Errorf("reasons seen %v, listed %v", seen, Reasons)
	}
}

func TestBoundsAreInclusive(t *testing.T) {
	for _, raw := range []string{
		`{"uid":"1","dt":"00:00:00 01/01/2000"}`,
		`{"uid":"1","dt":"05:00:00 24/08/2024"}`,
		`{"uid":"1","dt":"10:00:00 22/08/2020","dur":31622400}`,
		`{"uid":"1","dt":"10:00:00 22/08/2024","dur":154800}`,
		`{"uid":"1","dt":"10:00:00 29/02/2024","dur":-0}`,
		`{"uid":"1","dt":"  9:05:07   2/8/2024 "}`,
	} {
		if _, reject := Parse(report.Record{Raw: []byte(raw)}, Source{FetchedAt: fetchedAt}); reject != nil {
			t.Errorf("%s: %v", raw, reject)
		}
	}
}

// TestModeOfARecord: its own dt proves how a record escapes backslashes; without one, strict JSON is
// escaped and anything else is not.
func TestModeOfARecord(t *testing.T) {
	const escaped, raw, none = `"dt":"10:00:00 22\\08\\2024"`, `"dt":"10:00:00 22\08\2024"`, `"dt":"10:00:00 22/08/2024"`
	for _, tt := range []struct{ name, record, exp, uname, quirk string }{
		{"escaped", `{"uid":"1",` + escaped + `,"exp":"a\\b\tc","uname":"\u00c7a\u011fr\u0131"}`, "a\\b\tc", "Çağrı", ""},
		{"escaped with an unknown escape", `{"uid":"1",` + escaped + `,"exp":"C:\Program","uname":"\u00c7a\u011fr\u0131"}`, `C:\Program`, "Çağrı", quirkIllegalEscape},
		{"escaped with one cut off", `{"uid":"1",` + escaped + `,"exp":"\u00c7: \u01","uname":"\u00c7"}`, `Ç: \u01`, "Ç", quirkIllegalEscape},
		{"escaped with a lone backslash at an end", `{"uid":"1",` + escaped + `,"exp":"C:\","uname":"\u00c7"}`, `C:\`, "Ç", quirkTrailingBackslash},
		{"escaped, its dt last", `{"uid":"1","exp":"C:\Program","uname":"\u00c7",` + escaped + `}`, `C:\Program`, "Ç", quirkIllegalEscape},
		{"raw", `{"uid":"1",` + raw + `,"exp":"C:\new","uname":"OFIS\berk"}`, `C:\new`, `OFIS\berk`, quirkUnescaped},
		{"raw with what looks like an escape", `{"uid":"1",` + raw + `,"exp":"\u00c7","uname":"\\\\srv\x"}`, `\u00c7`, `\\\\srv\x`, quirkUnescaped},
		{"raw, its dt last", `{"uid":"1","exp":"C:\new","uname":"x\\y",` + raw + `}`, `C:\new`, `x\\y`, quirkUnescaped},
		{"raw with spaces", `{"uid":"1", "dt" : "1:2:3 2\8\2024" , "exp":"a\nb","uname":"\"q\""}`, `a\nb`, `"q"`, quirkUnescaped},
		{"a dt that proves nothing, strict", `{"uid":"1",` + none + `,"exp":"C:\new","uname":"\u00c7"}`, "C:\new", "Ç", ""},
		{"a dt that proves nothing, not strict", `{"uid":"1",` + none + `,"exp":"C:\Program\new","uname":"\u00c7"}`, `C:\Program\new`, `\u00c7`, quirkUnescaped},
		{"dt with escaped slashes", `{"uid":"1","dt":"10:00:00 22\/08\/2024","exp":"C:\Program","uname":"\u00c7"}`, `C:\Program`, "Ç", quirkIllegalEscape},
		{"escaped, its key in another case", `{"uid":"1","DT":"10:00:00 22\\08\\2024","exp":"C:\Program","uname":"\u00c7a\u011fr\u0131"}`, `C:\Program`, "Çağrı", quirkIllegalEscape},
		{"raw, its key in another case", `{"uid":"1","Dt":"10:00:00 22\08\2024","exp":"C:\new","uname":"OFIS\berk"}`, `C:\new`, `OFIS\berk`, quirkUnescaped},
		{"escaped, beside a key in another case", `{"uid":"1","DT":"1\8",` + escaped + `,"exp":"C:\Program","uname":"\u00c7"}`, `C:\Program`, "Ç", quirkIllegalEscape},
		{"dt in a text", `{"uid":"1",` + escaped + `,"exp":",\"dt\":\"1\8\"","uname":"\u00c7\x"}`, `,"dt":"1\8"`, `Ç\x`, quirkIllegalEscape},
	} {
		tally := Tally{}
		c, reject := Parse(report.Record{Raw: []byte(tt.record)}, Source{FetchedAt: fetchedAt, Tally: tally})
		if reject != nil {
			t.Errorf("%s: %v", tt.name, reject)
			continue
		}
		if c.Explanation != tt.exp || c.Staff.Name != tt.uname || c.Raw != tt.record {
			t.Errorf("%s: explanation %q, name %q, want %q, %q", tt.name, c.Explanation, c.Staff.Name, tt.exp, tt.uname)
		}
		if tt.quirk != "" && tally[tt.quirk] == 0 || tt.quirk == "" && tally[quirkUnescaped]+tally[quirkIllegalEscape] > 0 {
			t.Errorf("%s: findings %v", tt.name, tally)
		}
	}
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
