package sink

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
)

// rejected is a record that could not be read in its nth reading.
func rejected(raw string, version uint64) report.Reject {
	return report.Reject{
		Vendor: "alpemix", Account: "main", Reason: "dur_out_of_range", Raw: raw, Hash: version * 7919,
		At: time.Unix(1770000000, 0).UTC(), Version: version,
	}
}

// TestQuarantineSettles: one record is one waiting row however often its text changes, and none once its connection is stored.
func TestQuarantineSettles(t *testing.T) {
	const running = `{"uid":"u1","dt":"09:30:00 01\\03\\2026","dur":%s,"unum":"1"}`
	const nameless = `{"uid":"","dt":"09:30:00 01\\03\\2026","dur":%s,"exp":"%s","unum":"1"}`
	stored := func(uid string, version uint64) report.Connection {
		c := connection(1)
		c.UID, c.Account, c.Version = uid, "main", version
		return c
	}
	connected := func(uid string, version uint64) report.Batch {
		return report.Batch{Connections: []report.Connection{stored(uid, version)}}
	}
	rejects := func(raws ...string) (batches []report.Batch) {
		for i, raw := range raws {
			batches = append(batches, report.Batch{Rejects: []report.Reject{rejected(raw, uint64(i+1))}})
		}
		return batches
	}
	of := func(format string, values ...string) (raws []string) {
		for _, value := range values {
			raws = append(raws, strings.Replace(format, "%s", value, 1))
		}
		return raws
	}
	for i, tt := range []struct {
		name          string
		writes        []report.Batch
		open, settled int
	}{
		{"a running session", rejects(of(running, "-1", "-2", "-3")...), 1, 0},
		{"stored at last", append(rejects(of(running, "-1", "-2")...), connected("u1", 9)), 0, 1},
		{"stored before it became unreadable", append([]report.Batch{connected("u1", 1)}, report.Batch{Rejects: []report.Reject{rejected(of(running, "-1")[0], 2)}}), 1, 0},
		{"stored and unreadable again", append(rejects(of(running, "-1")...), connected("u1", 5), report.Batch{Rejects: []report.Reject{rejected(of(running, "-9")[0], 6)}}), 1, 0},
		{"in one batch", []report.Batch{{Connections: []report.Connection{stored("u1", 5)}, Rejects: []report.Reject{rejected(of(running, "-1")[0], 2)}}}, 0, 1},
		{"another uid is stored", append(rejects(of(running, "-1")...), connected("u2", 9)), 1, 0},
		{"two records", rejects(`{"uid":"u1","dur":-1}`, `{"uid":"u2","dur":-1}`), 2, 0},
		{"a uid that is a number", append(rejects(`{"uid": 17, "dur":-1}`, `{"uid": 17, "dur":-2}`), connected("17", 9)), 0, 1},
		{"broken JSON with a uid", append(rejects(`{"uid":"u1","exp":"a"b","dur":1}`, `{"uid":"u1","exp":"a"c","dur":2}`), connected("u1", 9)), 0, 1},
		{"a session without a uid", rejects(
			strings.Replace(strings.Replace(nameless, "%s", "1", 1), "%s", "", 1),
			strings.Replace(strings.Replace(nameless, "%s", "2", 1), "%s", "a, }\\\" b", 1)), 1, 0},
		{"sessions without a uid at other times", rejects(`{"dt":"09:30:00 01\\03\\2026","dur":1}`, `{"dt":"09:31:00 01\\03\\2026","dur":1}`), 2, 0},
		{"texts that say nothing", rejects(`{"dur":1}`, `{"dur":2}`, `[]`), 3, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Open(Config{DSN: dsnOf(t, fmt.Sprintf("settles_%d", i))})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			if _, err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a batch that is written again changes nothing
				for _, b := range tt.writes {
					if err := d.Writer().Write(t.Context(), b); err != nil {
						t.Fatal(err)
					}
				}
			}
			want := fmt.Sprintf("%d\t%d", tt.open, tt.settled)
			if got := ask(t, d, "SELECT countIf(resolved_at IS NULL), countIf(resolved_at IS NOT NULL) FROM quarantine"); got != want {
				t.Errorf("open and settled %q, want %q: %s", got, want, ask(t, d, "SELECT raw, version, resolved_at FROM quarantine_rows FINAL"))
			}
		})
	}
}

// TestRecordsOfEarlierVersionsSettle: they have one row for each text, and no uid of their own.
func TestRecordsOfEarlierVersionsSettle(t *testing.T) {
	d := open(t)
	w := d.Writer()
	old := func(n int) string {
		return fmt.Sprintf(`INSERT INTO quarantine_rows (at, vendor, account, reason, raw, hash, version) VALUES
			('2026-03-01 10:00:00', 'alpemix', 'main', 'dur', '{"uid":"u1","dur":-%[1]d}', %[1]d, %[1]d)`, n)
	}
	for n := range 3 {
		if err := d.conn.Exec(t.Context(), old(n+1)); err != nil {
			t.Fatal(err)
		}
	}
	count := func() string { return ask(t, d, "SELECT countIf(resolved_at IS NULL) FROM quarantine") }
	if err := w.SettleStored(t.Context(), "main"); err != nil || count() != "1" {
		t.Errorf("%v: %s wait of three texts of one record", err, count())
	}
	err := d.conn.Exec(t.Context(), `INSERT INTO connection_rows (account, uid, started_at, local_day, version)
		VALUES ('main', 'u1', '2026-03-01 09:30:00', '2026-03-01', 100)`)
	if err == nil {
		err = w.SettleStored(t.Context(), "main")
	}
	if err != nil || count() != "0" {
		t.Errorf("%v: %s wait of a record that is stored", err, count())
	}
}

// TestDismiss: what is dismissed stays so while Alpemix can still serve another text of it.
func TestDismiss(t *testing.T) {
	d := open(t)
	w := d.Writer()
	now := uint64(time.Now().UnixMicro())
	other := rejected(`{"uid":"u3","dur":-1}`, now)
	other.Account, other.Reason, other.At = "other", "dt_missing", time.Unix(1780000000, 0).UTC()
	all := []report.Reject{rejected(`{"uid":"u1","dur":-1}`, now), rejected(`{"uid":"u2","dur":-1}`, now), other}
	if err := w.Write(t.Context(), report.Batch{Rejects: all}); err != nil {
		t.Fatal(err)
	}
	find := func(d Dismissal) (keys []uint64) {
		t.Helper()
		found, err := w.ToDismiss(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			keys = append(keys, r.Key)
		}
		return keys
	}
	u1, u2, u3 := recordKey(&all[0]), recordKey(&all[1]), recordKey(&all[2])
	for _, tt := range []struct {
		named Dismissal
		want  []uint64
	}{
		{Dismissal{Keys: []uint64{u2}}, []uint64{u2}},
		{Dismissal{Keys: []uint64{12345}}, nil},
		{Dismissal{Account: "other"}, []uint64{u3}},
		{Dismissal{Reason: "dt_missing"}, []uint64{u3}},
		{Dismissal{Account: "other", Reason: "dur_out_of_range"}, nil},
		{Dismissal{Account: "o'ther"}, nil},
		{Dismissal{Before: time.Unix(1775000000, 0)}, []uint64{min(u1, u2), max(u1, u2)}},
	} {
		if diff := cmp.Diff(tt.want, find(tt.named)); diff != "" {
			t.Errorf("%+v (-want +got)\n%s", tt.named, diff)
		}
	}
	found, err := w.ToDismiss(t.Context(), Dismissal{Keys: []uint64{u1}})
	if err == nil {
		err = w.Dismiss(t.Context(), found)
	}
	if err != nil {
		t.Fatal(err)
	}
	later := rejected(`{"uid":"u1","dur":-2}`, now+uint64(time.Hour.Microseconds()))
	if err := w.Write(t.Context(), report.Batch{Rejects: []report.Reject{later}}); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "SELECT count() FROM quarantine WHERE resolved_at IS NULL"); got != "2" {
		t.Errorf("%s wait", got)
	}
	if got, err := w.Quarantined(t.Context(), 10); err != nil || len(got) != 2 {
		t.Errorf("retry would read %v, %v", got, err)
	}
}
