package sink

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
)

var at = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func TestEveryFieldArrives(t *testing.T) {
	d := open(t)
	c := connection(1)
	c.Mode, c.Explanation = report.ModePresentation, "a\x00b \xff\xfe \"çğıİöşü\"\n\\"
	b := report.Batch{
		Connections: []report.Connection{c},
		Rejects:     []report.Reject{{Vendor: "alpemix", Account: "main", Reason: "no_uid", Detail: "no uid", Raw: "{}", Hash: 7, At: at, Version: 8}},
		Days: []report.DayStatus{
			{Account: "main", Day: 20000, State: report.DaySealed, Rows: 3, SealedAt: at, Version: 1},
			{Account: "main", Day: 20001, State: report.DayOpen, Rows: 4, Version: 1},
			{Account: "main", Day: 20002, State: report.DayGap, Version: 1}},
		Fetches: []report.Fetch{{At: at.Add(123456 * time.Microsecond), Vendor: "alpemix", Account: "main", Job: "today", Outcome: "ok", Code: -1,
			Rows: 5, New: 4, Changed: 3, Quarantined: 2, Bytes: 1000, Seconds: 0.25}},
	}
	if err := d.Writer().Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	got := ask(t, d, `SELECT account, uid, started_at, ended_at, duration_seconds, mode, support_number, staff_name, staff_ip, staff_local_ip, staff_device,
		staff_alpemix_id, target_name, target_ip, target_local_ip, target_device, target_alpemix_id, local_day, first_seen_at, fetched_at FROM connections`)
	const second = time.DateTime
	want := fmt.Sprintf("main\t%s\t%s\t%s\t%d\tpresentation\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", c.UID, c.StartedAt.Format(second),
		c.StartedAt.Add(c.Duration).Format(second), c.Duration/time.Second, c.SupportNumber, c.Staff.Name, c.Staff.IP, c.Staff.LocalIP, c.Staff.Device,
		c.Staff.AlpemixID, c.Target.Name, c.Target.IP, c.Target.LocalIP, c.Target.Device, c.Target.AlpemixID, c.LocalDay,
		c.FirstSeenAt.Format(second), c.FetchedAt.Format(second))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, want := ask(t, d, "SELECT hex(explanation), hex(raw) = upper('%x'), hash, version FROM connection_rows", c.Raw),
		fmt.Sprintf("%X\t1\t%d\t%d", c.Explanation, c.Hash, c.Version); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for query, want := range map[string]string{
		"SELECT day, state, rows, sealed_at FROM days ORDER BY day": "2024-10-04\tsealed\t3\t2026-02-03 04:05:06\n2024-10-05\topen\t0\t\\N\n2024-10-06\tgap\t0\t\\N",
		"SELECT * FROM fetches":            "2026-02-03 04:05:06\talpemix\tmain\ttoday\tok\t-1\t5\t4\t3\t2\t1000\t0.25",
		"SELECT * FROM quarantine":         "2026-02-03 04:05:06\talpemix\tmain\tno_uid\tno uid\t{}\t\\N",
		"SELECT at FROM fetch_rows":        "2026-02-03 04:05:06.123456",
		"SELECT hash FROM quarantine_rows": "7",
	} {
		if diff := cmp.Diff(want, ask(t, d, "%s", query)); diff != "" {
			t.Errorf("%s\n%s", query, diff)
		}
	}
}

// Blocks of one insert share its token; none may be dropped for that, and a retry may add nothing.
func TestRetryAddsNothing(t *testing.T) {
	d := open(t)
	b := report.Batch{Connections: connections(3*blockRows + 17), Fetches: []report.Fetch{{At: at, Job: "today"}}}
	for range 3 {
		if err := d.Writer().Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	want := fmt.Sprint(len(b.Connections))
	if got := ask(t, d, "SELECT count() FROM connections"); got != want {
		t.Errorf("%s connections, want %s", got, want)
	}
	if got := ask(t, d, "SELECT count() FROM connection_rows"); got != want {
		t.Errorf("%s rows, want %s: the token did not stop the retries", got, want)
	}
	if got := ask(t, d, "SELECT count() FROM fetches"); got != "1" {
		t.Errorf("%s fetches", got)
	}
}

// Beyond the deduplication window the identity of the rows does it.
func TestRetryBeyondTheWindow(t *testing.T) {
	d := open(t)
	ask(t, d, "ALTER TABLE connection_rows MODIFY SETTING non_replicated_deduplication_window = 0")
	b := report.Batch{Connections: connections(50)}
	for range 3 {
		if err := d.Writer().Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, d, "SELECT (SELECT count() FROM connections), (SELECT sum(connections) FROM daily_usage)"); got != "50\t50" {
		t.Error(got)
	}
}

func TestManyMonths(t *testing.T) {
	d := open(t)
	b := report.Batch{}
	for month := range 310 {
		c := connection(month)
		c.StartedAt = time.Date(2000, time.Month(1+month), 15, 0, 0, 0, 0, time.UTC)
		b.Connections = append(b.Connections, c)
	}
	if err := d.Writer().Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "SELECT count(), uniq(toYYYYMM(started_at)) FROM connections"); got != "310\t310" {
		t.Error(got)
	}
}

func TestTombstoneRemovesAMovedRow(t *testing.T) {
	d := open(t)
	old := connection(1)
	if err := d.Writer().Write(t.Context(), report.Batch{Connections: []report.Connection{old}}); err != nil {
		t.Fatal(err)
	}
	moved, gone := old, old
	moved.StartedAt = old.StartedAt.AddDate(0, 2, 0) // into another partition
	moved.Version++
	gone.Version++
	gone.Deleted = true
	if err := d.Writer().Write(t.Context(), report.Batch{Connections: []report.Connection{moved, gone}}); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "SELECT started_at FROM connections"); got != moved.StartedAt.Format(time.DateTime) {
		t.Error(got)
	}
	if back, err := d.Writer().ReadBack(t.Context(), old.Account, old.LocalDay); err != nil || len(back) != 0 {
		t.Errorf("read back %v, %v: the range by time should leave out a start far from its day", back, err)
	}
}

func TestNewestVersionWinsInAnyOrder(t *testing.T) {
	d := open(t)
	for i, order := range [][]uint64{{1, 2, 3}, {3, 2, 1}, {2, 3, 1}, {3, 1, 2}} {
		for _, version := range order {
			c := connection(i)
			c.Version, c.Explanation = version, fmt.Sprint(version)
			if err := d.Writer().Write(t.Context(), report.Batch{Connections: []report.Connection{c}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, when := range []string{"before", "after"} {
		if got := ask(t, d, "SELECT count(), uniq(explanation), any(explanation) FROM connections"); got != "4\t1\t3" {
			t.Errorf("%s merging: %s", when, got)
		}
		ask(t, d, "OPTIMIZE TABLE connection_rows FINAL")
	}
}

func TestReadBack(t *testing.T) {
	d := open(t)
	day := report.DayOf(at)
	want := map[string]uint64{}
	var b report.Batch
	for i, start := range []time.Time{at, at.Add(-17 * time.Hour), at.Add(30 * time.Hour)} { // local days reach 14 hours before and 12 after UTC's
		c := connection(i)
		c.StartedAt, c.LocalDay = start, day
		want[c.UID] = c.Hash
		b.Connections = append(b.Connections, c)
	}
	other, elsewhere := connection(10), connection(11)
	other.StartedAt, other.LocalDay = at, day+1
	elsewhere.StartedAt, elsewhere.LocalDay, elsewhere.Account = at, day, "o'ther\\"
	b.Connections = append(b.Connections, other, elsewhere)
	w := d.Writer()
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	changed := b.Connections[0]
	changed.Hash, changed.Version = 42, changed.Version+1
	want[changed.UID] = 42
	if err := w.Write(t.Context(), report.Batch{Connections: []report.Connection{changed}}); err != nil {
		t.Fatal(err)
	}
	got, err := w.ReadBack(t.Context(), "main", day)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := w.ReadBack(t.Context(), "o'ther\\", day); err != nil || len(got) != 1 {
		t.Errorf("the other account: %v, %v", got, err)
	}
	if got, err := w.ReadBack(t.Context(), "main", 0); err != nil || len(got) != 0 {
		t.Errorf("1970-01-01: %v, %v", got, err)
	}
}

func TestQuarantined(t *testing.T) {
	d := open(t)
	w := d.Writer()
	first := report.Reject{Vendor: "alpemix", Account: "main", Reason: "no_uid", Detail: "d", Raw: "{1}", Hash: 1, At: at, Version: 1}
	second := report.Reject{Vendor: "alpemix", Account: "main", Reason: "dt", Detail: "d", Raw: "{2}", Hash: 2, At: at.Add(time.Second), Version: 1}
	if err := w.Write(t.Context(), report.Batch{Rejects: []report.Reject{second, first}}); err != nil {
		t.Fatal(err)
	}
	got, err := w.Quarantined(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]report.Reject{first, second}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := w.Quarantined(t.Context(), 1); err != nil || len(got) != 1 {
		t.Errorf("limit 1: %v, %v", got, err)
	}
	first.ResolvedAt, first.Version = at.Add(time.Hour), 2
	if err := w.Write(t.Context(), report.Batch{Rejects: []report.Reject{first}}); err != nil {
		t.Fatal(err)
	}
	if got, err = w.Quarantined(t.Context(), 10); err != nil || len(got) != 1 || got[0].Hash != 2 {
		t.Errorf("after one was resolved: %v, %v", got, err)
	}
}

func TestSeveralWriters(t *testing.T) {
	d := open(t)
	all := connections(4000)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for part := range 5 { // neighbours overlap
				from := (i*5 + part) * 90
				if err := d.Writer().Write(t.Context(), report.Batch{Connections: all[from : from+180]}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := ask(t, d, "SELECT count(), sum(duration_seconds) = (SELECT sum(seconds) FROM daily_usage) FROM connections"); got != "3690\t1" {
		t.Error(got)
	}
}
