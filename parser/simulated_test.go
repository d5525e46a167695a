package parser

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"

	"pgregory.net/rapid"
)

// TestSimulatedModes: each reading of alpemix.txt that must work does, for a workday of the simulated desk.
func TestSimulatedModes(t *testing.T) {
	for _, mode := range simulator.Modes() {
		t.Run(mode.Name, func(t *testing.T) {
			checkSimulated(t, mode.Quirks, 1, time.Date(2026, 7, 6, 17, 45, 12, 0, simulator.Istanbul))
		})
	}
}

// TestSimulatedQuirks: so does any combination of quirks, at any moment.
func TestSimulatedQuirks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := simulator.RandomQuirks(rapid.Uint64().Draw(t, "quirks"))
		at := time.Date(2026, 7, 6, 0, 0, rapid.IntRange(0, 86399).Draw(t, "second"), 0, simulator.Istanbul)
		checkSimulated(t, q, rapid.Uint64Range(0, 20).Draw(t, "world"), at)
	})
}

// checkSimulated asks a simulated vendor for its report of today: Split ∘ render is the identity,
// and the result of Parse is what the vendor meant, in every field.
func checkSimulated(t rapid.TB, q simulator.Quirks, world uint64, at time.Time) {
	vendor := simulator.New(simulator.Options{
		World:    &simulator.World{Seed: world, PerWorkday: 60},
		Accounts: []simulator.Account{{Name: "main"}},
		Now:      func() time.Time { return at },
		Quirks:   q,
		Record:   true,
	})
	token, _ := ask(t, vendor, `{"stepnumber":1,"secretkey":"secret-main","mainusername":"main"}`)
	var granted struct{ AccessToken string }
	if err := json.Unmarshal(bytes.TrimPrefix(token, utf8BOM), &granted); err != nil {
		t.Fatal(err)
	}
	body, contentType := ask(t, vendor, fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":1}`, granted.AccessToken))
	raws, sum, err := splitAll(body, contentType)
	if err != nil {
		t.Fatalf("%v in %.300q", err, body)
	}
	checkStreams(t, body, contentType, raws, sum, err)
	checkRendered(t, body, raws)

	src := Source{Account: "main", Location: simulator.Istanbul, FetchedAt: at}
	var got []report.Connection
	for _, raw := range raws {
		c, reject := Parse(report.Record{Raw: []byte(raw)}, src)
		if reject != nil {
			t.Fatalf("%v: %s", reject, raw)
		}
		c.Raw, c.Hash, c.Version, c.FetchedAt, c.FirstSeenAt = "", 0, 0, time.Time{}, time.Time{}
		got = append(got, c)
	}
	slices.SortFunc(got, func(a, b report.Connection) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.UID, b.UID))
	})
	if want := vendor.Shown("main"); !slices.Equal(got, want) {
		t.Errorf("got %d connections, want %d", len(got), len(want))
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("got\n%+v, want\n%+v", got[i], want[i])
			}
		}
	}
}

func ask(t rapid.TB, vendor *simulator.Vendor, request string) (body []byte, contentType string) {
	answer, err := (&http.Client{Transport: vendor.RoundTripper()}).Post("https://vendor.example/api", "application/json", strings.NewReader(request))
	if err == nil {
		body, err = io.ReadAll(answer.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
	return body, answer.Header.Get("Content-Type")
}

// checkRendered: the records, with commas and line ends between them, are all there is between the brackets of results.
func checkRendered(t rapid.TB, body []byte, raws []string) {
	text := string(body[bytes.IndexByte(body, '[')+1:])
	for i, raw := range raws {
		if i > 0 {
			text = strings.TrimPrefix(text, ",")
		}
		text = strings.TrimLeft(text, " \n")
		rest, ok := strings.CutPrefix(text, raw)
		if !ok {
			t.Fatalf("got record %q\nof %.500q", raw, text)
		}
		text = rest
	}
	if text = strings.TrimLeft(text, " \n"); len(raws) > 0 && text[0] != ']' {
		t.Errorf("left over: %q", text)
	}
}
