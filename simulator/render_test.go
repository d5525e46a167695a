package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

var sample = session{
	uid: 42, start: time.Date(2024, 8, 2, 20, 8, 18, 0, time.UTC).Unix(), end: time.Date(2024, 8, 2, 20, 8, 48, 0, time.UTC).Unix(),
	notes:  [2]edit{{at: 1, text: "C:\\new \"İş\"\r\n\tson 👍 a/b\\"}},
	staff:  &report.Party{Name: "Ayşe", IP: "198.18.0.1", LocalIP: "10.0.0.1", Device: "7", AlpemixID: "012345678"},
	target: &report.Party{Name: `OFIS\berk`, IP: "198.18.0.2", LocalIP: "10.0.0.2", Device: "8", AlpemixID: "987654321"},
	fate:   1,
}

// TestRowOfEachQuirk holds against texts written by hand: the product's parser has no say in what it is fed.
func TestRowOfEachQuirk(t *testing.T) {
	const (
		head = `{ "uid":"42", "dt":"23:08:18 02\\08\\2024", "dur:":30, "dir":0, "exp":`
		exp  = `"C:\\new \"İş\"\r\n\tson 👍 a/b\\"`
		mid  = `, "supnum":"", "uname":"Ayşe", "ip":"198.18.0.1", "lip":"10.0.0.1", "unum":"7", "aid":"012345678", "tuname":`
		tail = `, "tip":"198.18.0.2", "tlip":"10.0.0.2", "tunum":"8", "taid":"987654321" }`
		row  = head + exp + mid + `"OFIS\\berk"` + tail
	)
	swap := func(from, to string) string {
		if !strings.Contains(row, from) {
			t.Fatalf("no %q in the row", from)
		}
		return strings.Replace(row, from, to, 1)
	}
	rawDate := strings.Replace(head, `\\`, `\`, 2)
	turkish := strings.NewReplacer("İ", "\xdd", "ş", "\xfe", "👍", "?")
	for _, test := range []struct {
		name   string
		quirks Quirks
		want   string
	}{
		{"document", Quirks{}, row},
		{"raw", Quirks{RawBackslashes: true, RawControls: true}, rawDate + "\"C:\\new \\\"İş\\\"\r\n\tson 👍 a/b\\\"" + mid + `"OFIS\berk"` + tail},
		{"raw backslashes", Quirks{RawBackslashes: true}, rawDate + `"C:\new \"İş\"\r\n\tson 👍 a/b\"` + mid + `"OFIS\berk"` + tail},
		{"raw controls", Quirks{RawControls: true}, swap(`\r\n\t`, "\r\n\t")},
		{"raw wins over escapes", Quirks{RawBackslashes: true, EscapeSlashes: true, EscapeUnicode: true}, rawDate + `"C:\new \"İş\"\r\n\tson 👍 a/b\"` + mid + `"OFIS\berk"` + tail},
		{"slash", Quirks{Separator: '/'}, swap(`02\\08\\2024`, "02/08/2024")},
		{"escaped slash", Quirks{Separator: '/', EscapeSlashes: true}, strings.Replace(swap(`02\\08\\2024`, `02\/08\/2024`), "a/b", `a\/b`, 1)},
		{"dot", Quirks{Separator: '.'}, swap(`02\\08\\2024`, "02.08.2024")},
		{"dash, short", Quirks{Separator: '-', ShortParts: true}, swap(`23:08:18 02\\08\\2024`, "23:8:18 2-8-2024")},
		{"dur", Quirks{Dur: DurPlain}, swap(`"dur:":30`, `"dur":30`)},
		{"both", Quirks{Dur: DurBoth}, swap(`"dur:":30`, `"dur:":30, "dur":30`)},
		{"conflict", Quirks{Dur: DurConflict}, swap(`"dur:":30`, `"dur:":31, "dur":30`)},
		{"text dur", Quirks{TextDur: true}, swap(`"dur:":30, "dir":0`, `"dur:":"30", "dir":"0"`)},
		{"numeric uid", Quirks{NumericUID: true}, swap(`"uid":"42"`, `"uid":42`)},
		{"extra keys", Quirks{ExtraKeys: true}, strings.Replace(swap(`{ "uid"`, `{ "ver":3, "uid"`), ` }`, `, "rating":null, "client":{"os":"Windows 11","uid":"0","dur":-1}, "tags":["a","]}"] }`, 1)},
		{"unicode escapes", Quirks{EscapeUnicode: true}, strings.NewReplacer("İ", `\u0130`, "ş", `\u015f`, "👍", `\ud83d\udc4d`).Replace(row)},
		{"windows-1254", Quirks{Charset: Windows1254}, turkish.Replace(row)},
		{"zone", Quirks{Zone: time.UTC}, swap("23:08:18", "20:08:18")},
		{"compact", Quirks{Compact: true}, strings.NewReplacer(`{ `, `{`, ` }`, `}`, `, "`, `,"`).Replace(row)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.quirks.Zone == nil {
				test.quirks.Zone = Istanbul
			}
			e := newEncoder(test.quirks)
			e.row(1, &sample, sample.end+5)
			if got := strings.TrimPrefix(string(e.buf), ","+e.line); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestEnvelopes(t *testing.T) {
	for _, test := range []struct {
		name        string
		quirks      Quirks
		empty, full string // full with R for the rows
	}{
		{"document", Quirks{}, "{\n\"errornumber\": 0,\n\"results\":[]\n}\n", "{\n\"errornumber\": 0,\n\"results\":[ R\n]\n}\n"},
		{"null", Quirks{Empty: EmptyNull, Compact: true}, `{"errornumber":0,"results":null}`, `{"errornumber":0,"results":[R]}`},
		{"absent", Quirks{Empty: EmptyAbsent}, "{\n\"errornumber\": 0\n}\n", "{\n\"errornumber\": 0,\n\"results\":[ R\n]\n}\n"},
		{"results first", Quirks{ResultsFirst: true, Compact: true}, `{"results":[],"errornumber":0}`, `{"results":[R],"errornumber":0}`},
		{"absent, results first", Quirks{ResultsFirst: true, Empty: EmptyAbsent, Compact: true}, `{"errornumber":0}`, `{"results":[R],"errornumber":0}`},
		{"bom", Quirks{Charset: UTF8BOM, Compact: true}, "\ufeff" + `{"errornumber":0,"results":[]}`, "\ufeff" + `{"errornumber":0,"results":[R]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &World{}
			var empty, full bytes.Buffer
			if n, err := w.WriteReport(&empty, "main", monday, monday.Start(Istanbul).Add(-time.Hour), 0, test.quirks); n != 0 || err != nil {
				t.Fatalf("%d rows, %v", n, err)
			}
			if empty.String() != test.empty {
				t.Errorf("empty: %q, want %q", &empty, test.empty)
			}
			if n, err := w.WriteReport(&full, "main", monday, later, 2, test.quirks); n != 2 || err != nil {
				t.Fatalf("%d rows, %v", n, err)
			}
			before, after, _ := strings.Cut(test.full, "R")
			if !strings.HasPrefix(full.String(), before+"{") || !strings.HasSuffix(full.String(), "}"+after) {
				t.Errorf("full: %q, want %q", &full, test.full)
			}
		})
	}
}

// wire is a row in valid JSON.
type wire struct {
	UID, Dt, Exp, Supnum, Uname, IP, Lip, Unum, Aid, Tuname, Tip, Tlip, Tunum, Taid string
	Colon                                                                           int `json:"dur:"`
	Dir                                                                             int
}

func decode(t *testing.T, body []byte) []wire {
	t.Helper()
	var envelope struct {
		ErrorNumber *int
		Results     []wire
	}
	if err := json.Unmarshal(body, &envelope); err != nil || envelope.ErrorNumber == nil || *envelope.ErrorNumber != 0 {
		t.Fatalf("%.200s: %v", body, err)
	}
	return envelope.Results
}

// connection reads a row as a collector in Istanbul has to.
func (w wire) connection(t *testing.T, account string) report.Connection {
	t.Helper()
	started, err := time.ParseInLocation(`15:04:05 02\01\2006`, w.Dt, Istanbul)
	if err != nil {
		t.Fatal(err)
	}
	return report.Connection{
		Account: account, UID: w.UID, StartedAt: started.UTC(), Duration: time.Duration(w.Colon) * time.Second,
		Mode: []report.Mode{report.ModeSupport, report.ModePresentation}[w.Dir], Explanation: w.Exp, SupportNumber: w.Supnum,
		Staff:    report.Party{Name: w.Uname, IP: w.IP, LocalIP: w.Lip, Device: w.Unum, AlpemixID: w.Aid},
		Target:   report.Party{Name: w.Tuname, IP: w.Tip, LocalIP: w.Tlip, Device: w.Tunum, AlpemixID: w.Taid},
		LocalDay: report.DayOf(started),
	}
}

func TestValidModesAreValidJSON(t *testing.T) {
	for _, mode := range Modes() {
		q := mode.Quirks
		var body bytes.Buffer
		if _, err := (&World{}).WriteReport(&body, "main", monday, later, 0, q); err != nil {
			t.Fatal(err)
		}
		valid := json.Valid(bytes.TrimPrefix(body.Bytes(), []byte("\ufeff")))
		if want := !q.RawBackslashes && !q.RawControls && (!q.Mixed || q.other().RawBackslashes == q.RawBackslashes); valid != want {
			t.Errorf("%s: valid JSON is %t", mode.Name, valid)
		}
	}
}

func TestFailingWriterStopsTheReport(t *testing.T) {
	if _, err := (&World{PerWorkday: 5000}).WriteReport(broken{}, "main", monday, later, 0, Quirks{}); err != io.ErrClosedPipe {
		t.Errorf("error %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func BenchmarkWriteReport(b *testing.B) {
	w := &World{PerWorkday: 100_000}
	for _, mode := range Modes()[:6] {
		b.Run(mode.Name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				var size counter
				n, err := w.WriteReport(&size, "main", monday, later, 0, mode.Quirks)
				if err != nil {
					b.Fatal(err)
				}
				rows = n
				b.SetBytes(int64(size))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
