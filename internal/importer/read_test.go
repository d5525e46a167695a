package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

func body(records ...string) string {
	return `{"errornumber":0,"results":[` + strings.Join(records, ",") + `]}`
}

func record(uid string, duration int) string {
	return fmt.Sprintf(`{"uid":"%s","dt":"09:30:00 01\\03\\2026","dur:":%d,"dir":0,"exp":"","supnum":"","uname":"Ayşe","ip":"","lip":"","unum":"","aid":"","tuname":"","tip":"","tlip":"","tunum":"","taid":""}`,
		uid, duration)
}

// collected ingests text and gives all that was handed on, in order. After limit connections add fails with full.
func collected(t *testing.T, text string, limit int) (rows report.Batch, parts []int, n Counts, err error) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		t.Fatal(err)
	}
	in := &Reading{
		Source: parser.Source{Account: "main", Location: zone, FetchedAt: time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)},
		Add: func(c *report.Connection) error {
			if len(rows.Connections) == limit {
				return errFull
			}
			rows.Connections = append(rows.Connections, *c)
			return nil
		},
		Quarantine: func(rejects []report.Reject) error {
			rows.Rejects = append(rows.Rejects, rejects...)
			parts = append(parts, len(rejects))
			return nil
		},
	}
	n, err = in.Run(t.Context(), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
	return rows, parts, n, err
}

const unlimited = 1 << 30

var errFull = errors.New("full")

func TestIngest(t *testing.T) {
	const many = 10_000 // several rounds of the chunks
	records := make([]string, many)
	for i := range records {
		records[i] = record(fmt.Sprintf("u%d", i), i)
	}
	records[3] = `{"uid":"","dt":"09:30:00 01\\03\\2026"}`
	rows, _, n, err := collected(t, body(records...), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := n.String(), "10000 records, 9999 stored, 1 quarantined (1 uid_missing)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(rows.Rejects) != 1 || rows.Rejects[0].Raw != records[3] {
		t.Errorf("rejects %+v", rows.Rejects)
	}
	at := 0
	for i := range records {
		if i == 3 {
			continue
		}
		c := rows.Connections[at]
		at++
		if c.UID != fmt.Sprintf("u%d", i) || c.Duration != time.Duration(i)*time.Second || c.Raw != records[i] || c.Staff.Name != "Ayşe" {
			t.Fatalf("row %d: %+v", i, c)
		}
	}
}

// TestIngestTakesTheFirstOfOneUID: what differs from it is quarantined, once.
func TestIngestTakesTheFirstOfOneUID(t *testing.T) {
	rows, _, n, err := collected(t, body(
		record("u", 1), record("v", 5), record("u", 2), record("u", 1), record("u", 2), record("u", 3), record("v", 5),
	), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	if c := rows.Connections; len(c) != 2 || c[0].Raw != record("u", 1) || c[1].Raw != record("v", 5) {
		t.Errorf("%+v", c)
	}
	if r := rows.Rejects; len(r) != 2 || r[0].Raw != record("u", 2) || r[1].Raw != record("u", 3) || !strings.Contains(r[0].Detail, "uid u ") {
		t.Errorf("%+v", r)
	}
	if got, want := n.String(), "7 records, 2 stored, 3 unchanged, 2 quarantined (2 uid_twice)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestIngestLeavesSecretsOutOfTwins: the second reading takes them out, too.
func TestIngestLeavesSecretsOutOfTwins(t *testing.T) {
	var rejects []report.Reject
	in := &Reading{
		Source: parser.Source{Account: "main", Location: time.UTC, FetchedAt: time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)},
		Redact: func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("u\",\"dt"), []byte("x\",\"dt")) },
		Add:    func(*report.Connection) error { return nil },
		Quarantine: func(r []report.Reject) error {
			rejects = append(rejects, r...)
			return nil
		},
	}
	text := body(record("u", 1), record("u", 2))
	_, err := in.Run(t.Context(), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
	if err != nil || len(rejects) != 1 || rejects[0].Raw != record("x", 2) {
		t.Errorf("%v, %+v", err, rejects)
	}
}

// TestIngestReadsEachRecordByItself: charsets and escapes may be mixed in one file.
func TestIngestReadsEachRecordByItself(t *testing.T) {
	one := func(uid, separator, exp string) string {
		return `{"uid":"` + uid + `","dt":"09:30:00 01` + separator + `03` + separator + `2026","exp":"` + exp + `"}`
	}
	sent := []string{
		one("a", `\\`, `\u00c7a\u011fr\u0131`), one("b", `\\`, "\xC7a\xF0r\xFD"), one("c", `\`, `C:\new`), one("d", `\\`, `C:\Program`), one("e", `\\`, "Çağrı"),
	}
	rows, _, _, err := collected(t, body(sent...), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Çağrı", "Çağrı", `C:\new`, `C:\Program`, "Çağrı"} {
		if c := rows.Connections[i]; c.Explanation != want || c.Raw != sent[i] {
			t.Errorf("%q became %q, want %q", sent[i], c.Explanation, want)
		}
	}
}

func TestIngestQuarantinesInParts(t *testing.T) {
	small := strings.Repeat(`{"uid":""}`+"\x00", 2*rejectRows+1)
	_, parts, n, err := collected(t, body(strings.Split(strings.TrimSuffix(small, "\x00"), "\x00")...), unlimited)
	if err != nil || n.Quarantined() != 2*rejectRows+1 || len(parts) != 3 || parts[2] != 1 {
		t.Errorf("small: %v %s %v", parts, n.String(), err)
	}
	giant := `{"uid":"","exp":"` + strings.Repeat("x", 1<<19) + `"}`
	_, parts, _, err = collected(t, body(strings.Split(strings.Repeat(giant+"\x00", 20), "\x00")[:20]...), unlimited)
	if err != nil || len(parts) < 2 {
		t.Errorf("giants: %v %v", parts, err)
	}
}

func TestIngestKeepsWhatStandsBeforeACut(t *testing.T) {
	whole := body(record("a", 1), record("b", 2), record("c", 3))
	rows, _, n, err := collected(t, whole[:len(whole)-40], unlimited)
	cut, ok := errors.AsType[*parser.Error](err)
	if !ok || cut.Reason != parser.Truncated {
		t.Errorf("error %v", err)
	}
	if len(rows.Connections) < 2 || n.Records-n.Quarantined() != len(rows.Connections) {
		t.Errorf("%d rows, %+v", len(rows.Connections), n)
	}
}

func TestIngestEmptyDayAndVendorError(t *testing.T) {
	if rows, _, n, err := collected(t, `{"errornumber":0,"results":[]}`, unlimited); err != nil || n.Records != 0 || rows.Len() != 0 {
		t.Errorf("%+v %+v %v", n, rows, err)
	}
	if _, _, _, err := collected(t, `{"errornumber":201}`, unlimited); err == nil || !strings.Contains(err.Error(), "201") {
		t.Errorf("error %v", err)
	}
}

func TestIngestStopsWhenItCannotWrite(t *testing.T) {
	records := make([]string, 10_000)
	for i := range records {
		records[i] = record(fmt.Sprintf("u%d", i), i)
	}
	rows, _, _, err := collected(t, body(records...), 5)
	if !errors.Is(err, errFull) || len(rows.Connections) != 5 {
		t.Errorf("%d rows, %v", len(rows.Connections), err)
	}
}
