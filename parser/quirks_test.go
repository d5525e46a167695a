package parser

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

var update = flag.Bool("update", false, "write the want.json of the quirks' fixtures; read them before you commit them")

// request is how a fixture was asked for: request.json, when it is not the default.
type request struct {
	ContentType   string `json:"content_type"`
	ContentLength int    `json:"content_length"`
	Timezone      string `json:"timezone"`
}

// outcome is what a fixture's body becomes: want.json.
type outcome struct {
	Findings    map[string]int `json:"findings"`
	Connections []connection   `json:"connections,omitempty"`
	Rejects     []rejected     `json:"rejects,omitempty"`
}

type connection struct {
	UID           string
	StartedAt     time.Time
	LocalDay      report.Day
	Duration      string
	Mode          string
	Explanation   string
	SupportNumber string
	Staff, Target report.Party
}

type rejected struct{ Reason, Detail string }

// read takes a body all the way, in memory and as a stream, which must agree.
func read(t *testing.T, body []byte, req request) outcome {
	t.Helper()
	zone, err := time.LoadLocation(req.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	src := Source{Account: "main", Location: zone, FetchedAt: time.Date(2024, 8, 23, 5, 0, 0, 0, time.UTC), Tally: Tally{}}
	out := outcome{Findings: src.Tally}
	var raws []string
	sum, err := Split(body, req.ContentType, func(rec report.Record) error {
		raws = append(raws, string(rec.Raw))
		c, reject := Parse(rec, src)
		if reject != nil {
			out.Rejects = append(out.Rejects, rejected{reject.Reason, reject.Detail})
			return nil
		}
		out.Connections = append(out.Connections, connection{
			c.UID, c.StartedAt, c.LocalDay, c.Duration.String(), c.Mode.String(), c.Explanation, c.SupportNumber, c.Staff, c.Target,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for quirk, n := range sum.Quirks {
		out.Findings[quirk] += n
	}
	if req.ContentLength > len(body) { // the client sees it, see package alpemix
		out.Findings[QuirkTransport]++
	}
	streamed, streamSum, err := streamAll(body, req.ContentType, 7)
	if err != nil || !slices.Equal(streamed, raws) || streamSum.Records != sum.Records {
		t.Errorf("as a stream: %q, %v; in memory: %q", streamed, err, raws)
	}
	return out
}

func TestQuirkFixtures(t *testing.T) {
	for _, q := range Quirks {
		t.Run(q.Name, func(t *testing.T) {
			dir := filepath.Join("testdata", "quirks", q.Name)
			body, err := os.ReadFile(filepath.Join(dir, "body"))
			if err != nil {
				t.Fatal(err)
			}
			req := request{ContentType: "application/json", Timezone: "Europe/Istanbul"}
			if b, err := os.ReadFile(filepath.Join(dir, "request.json")); err == nil {
				if err := json.Unmarshal(b, &req); err != nil {
					t.Fatal(err)
				}
			} else if !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			got := read(t, body, req)
			if got.Findings[q.Name] == 0 {
				t.Errorf("the fixture does not show its quirk, but %v", got.Findings)
			}
			compareGolden(t, filepath.Join(dir, "want.json"), got)
		})
	}
}

func compareGolden(t *testing.T, file string, got outcome) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("got\n%s\nwant\n%s", b.Bytes(), want)
	}
}

// TestQuirkTable holds together the table, the fixtures and the headings of docs/quirks.md. That the names are those counted
// is TestQuirkFixtures' part, and no other name can be: they are constants which the table lists all.
func TestQuirkTable(t *testing.T) {
	var names, headings, folders []string
	for _, q := range Quirks {
		names = append(names, q.Name)
		if q.Seen == "" || q.Evidence == "" || q.Done == "" {
			t.Errorf("%s: a row without %+v", q.Name, q)
		}
		if !strings.HasPrefix(q.Evidence, "[") {
			t.Errorf("%s: %q is no evidence", q.Name, q.Evidence)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or not unique: %v", names)
	}
	entries, err := os.ReadDir("testdata/quirks")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	if !slices.Equal(folders, names) {
		t.Errorf("fixtures %v, table %v", folders, names)
	}
	page, err := os.ReadFile("../docs/quirks.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			headings = append(headings, strings.TrimSpace(name))
		}
	}
	if !slices.Equal(headings, names) {
		t.Errorf("headings %v, table %v", headings, names)
	}
	if declared := quirkConstants(t); !slices.Equal(declared, names) {
		t.Errorf("constants %v, table %v", declared, names)
	}
}
