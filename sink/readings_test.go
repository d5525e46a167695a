package sink

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

// poll is one answer for today.
type poll struct {
	contentType string
	records     []string
	want        map[string]string // by uid: explanation and staff name
}

// played is a Fetcher that answers with a poll; yesterday was empty.
type played struct{ poll }

func (p *played) Fetch(_ context.Context, w report.Window) (report.Body, error) {
	records := p.records
	if w.Kind == report.Yesterday {
		records = nil
	}
	now := time.Now()
	return report.Body{
		Account: "main", Window: w, ContentType: p.contentType, AskedAt: now, FetchedAt: now, Status: 200,
		Content:  report.Bytes(`{"errornumber":0,"results":[` + strings.Join(records, ",") + `]}`),
		Requests: []report.Fetch{{At: now, Vendor: "alpemix", Account: "main", Job: string(w.Kind), Outcome: "ok"}},
	}, nil
}

func (p *played) TokenExpiry() time.Time { return time.Time{} }
func (p *played) Budget(report.Kind) int { return 1 }

// atNoon is a zone in which it is about noon now, so that no midnight is near.
func atNoon(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(fmt.Sprintf("Etc/GMT%+d", time.Now().UTC().Hour()-12))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// readingsDesk plays polls, one after the other, to a collector that writes to the engine.
type readingsDesk struct {
	t    *testing.T
	db   *DB
	log  bytes.Buffer
	vend played
	c    *collector.Collector
}

func newReadingsDesk(t *testing.T) *readingsDesk {
	t.Helper()
	d := &readingsDesk{t: t, db: open(t)}
	log := slog.New(slog.NewTextHandler(&d.log, nil))
	state, err := store.OpenSimulated(t.TempDir(), log, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = state.Close() })
	d.c, err = collector.New(collector.Config{
		Accounts: []collector.Account{{
			Name: "main", Location: atNoon(t), Scope: "ip", Fetcher: &d.vend, Today: "@every 20s", Yesterday: "5 0,3 * * *",
		}},
		Store: state, Writer: d.db.Writer(), Reason: Reason, Metrics: prometheus.NewRegistry(), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *readingsDesk) play(p poll) {
	d.t.Helper()
	d.vend.poll = p
	if err := d.c.Once(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// stored is what the view shows, by uid.
func (d *readingsDesk) stored() (texts, raws map[string]string) {
	texts, raws = map[string]string{}, map[string]string{}
	for line := range strings.Lines(ask(d.t, d.db, "SELECT uid, hex(explanation), hex(staff_name), hex(raw) FROM connections")) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		for i := 1; i < len(fields); i++ {
			text, err := hex.DecodeString(fields[i])
			if err != nil {
				d.t.Fatal(err)
			}
			fields[i] = string(text)
		}
		if _, twice := texts[fields[0]]; twice {
			d.t.Errorf("uid %s is there twice", fields[0])
		}
		texts[fields[0]], raws[fields[0]] = fields[1]+"|"+fields[2], fields[3]
	}
	return texts, raws
}

// TestReadingsThroughTheEngine: whatever else an answer holds, a record is read by its own evidence, and
// raw is the bytes as they were sent.
func TestReadingsThroughTheEngine(t *testing.T) {
	dt := func(separator string) string {
		now := time.Now().In(atNoon(t)).Add(-time.Hour)
		return `"dt":"` + now.Format("15:04:05 02") + separator + now.Format("01") + separator + now.Format("2006") + `"`
	}
	record := func(uid, separator, exp, uname string) string {
		return `{"uid":"` + uid + `",` + dt(separator) + `,"dur:":60,"dir":0,"exp":"` + exp + `","uname":"` + uname + `"}`
	}
	const escaped, raw = `\\`, `\`
	const cp1254 = "\xC7a\xF0r\xFD \xDCnl\xFC \xFD\xFE\xFDk"
	u1 := record("u1", escaped, "not", "Ayşe")
	u2 := record("u2", escaped, cp1254, "M\xFC\xFEteri")
	more := []string{
		record("u3", escaped, "Öğün", "Şule"), record("u4", escaped, "", "Işık"), record("u5", escaped, "", "Gökçe"), record("u6", escaped, "", "Çetin"),
	}
	u3to6 := map[string]string{"u3": "Öğün|Şule", "u4": "|Işık", "u5": "|Gökçe", "u6": "|Çetin"}
	with := func(m map[string]string, more ...string) map[string]string {
		m = maps.Clone(m)
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	charsets := func(contentType string) []poll {
		return []poll{
			{contentType, []string{u1}, map[string]string{"u1": "not|Ayşe"}},
			{contentType, []string{u2, u1}, map[string]string{"u1": "not|Ayşe", "u2": "Çağrı Ünlü ışık|Müşteri"}},
			{contentType, append(more, u2, u1), with(u3to6, "u1", "not|Ayşe", "u2", "Çağrı Ünlü ışık|Müşteri")},
		}
	}
	e1 := record("u1", escaped, "x", `\u00c7a\u011fr\u0131`)
	for _, tt := range []struct {
		name  string
		polls []poll
	}{
		{"charset", charsets("application/json")},
		{"charset declared as UTF-8", charsets("application/json; charset=utf-8")},
		{"charset declared as iso-8859-9", charsets("text/html; charset=ISO-8859-9")},
		{"two charsets in one record", []poll{{"application/json; charset=utf-8", []string{record("u1", escaped, "Öğün", "Ay\xFEe")}, map[string]string{"u1": "Öğün|Ayşe"}}}},
		{"undefined bytes", []poll{{"", []string{record("u1", escaped, "\x81\x8D\xFE", "u")}, map[string]string{"u1": "\u0081\u008Dş|u"}}}},
		{"a declared charset", []poll{{"application/json; charset=iso-8859-2", []string{record("u1", escaped, "Za\xBF\xF3\xB3\xE6", "Łukasz")}, map[string]string{"u1": "Zażółć|Łukasz"}}}},
		{"a declared charset that changes", []poll{
			{"application/json; charset=iso-8859-2", []string{record("u1", escaped, "\xFE", "Łukasz")}, map[string]string{"u1": "ţ|Łukasz"}},
			{"application/json", []string{record("u1", escaped, "\xFE", "Łukasz")}, map[string]string{"u1": "ş|Łukasz"}},
		}},
		{"an unknown escape", []poll{
			{"", []string{e1}, map[string]string{"u1": "x|Çağrı"}},
			{"", []string{record("u2", escaped, `not: \u01`, "b"), e1}, map[string]string{"u1": "x|Çağrı", "u2": `not: \u01|b`}},
			{"", []string{record("u3", escaped, `C:\Program`, `\u00c7`), record("u2", escaped, `not: \u01`, "b"), e1},
				map[string]string{"u1": "x|Çağrı", "u2": `not: \u01|b`, "u3": `C:\Program|Ç`}},
		}},
		{"escaped and raw records in turn", []poll{{"", []string{
			record("u1", escaped, `a\nb`, `OFIS\\berk`), record("u2", raw, `C:\new\`, `OFIS\berk`), record("u3", "/", `C:\Program\new`, "c"), record("u4", raw, `say \"hi\"`, `\\srv`),
		}, map[string]string{"u1": "a\nb|OFIS\\berk", "u2": `C:\new\|OFIS\berk`, "u3": `C:\Program\new|c`, "u4": `say "hi"|\\srv`}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newReadingsDesk(t)
			for i, p := range tt.polls {
				d.play(p)
				got, raws := d.stored()
				if diff := cmp.Diff(p.want, got); diff != "" {
					t.Errorf("poll %d:\n%s", i+1, diff)
				}
				for _, sent := range p.records {
					if uid := sent[8:10]; raws[uid] != sent {
						t.Errorf("poll %d: raw of %s is %q, sent %q", i+1, uid, raws[uid], sent)
					}
				}
			}
			last := tt.polls[len(tt.polls)-1]
			versions := ask(t, d.db, "SELECT sum(version), count() FROM connection_rows")
			d.play(last)
			d.play(last)
			if again := ask(t, d.db, "SELECT sum(version), count() FROM connection_rows"); again != versions {
				t.Errorf("an unchanged answer wrote rows: %s, before %s", again, versions)
			}
			if got := ask(t, d.db, "SELECT count() FROM connection_rows WHERE hash != xxHash64(raw)"); got != "0" {
				t.Errorf("%s rows whose hash is not that of raw", got)
			}
			if got := ask(t, d.db, "SELECT count() FROM quarantine"); got != "0" {
				t.Errorf("%s records are in quarantine", got)
			}
		})
	}
}

// TestTwinsThroughTheEngine: of a uid that an answer lists twice the other text is in quarantine, in one
// row, until an answer lists it once.
func TestTwinsThroughTheEngine(t *testing.T) {
	now := time.Now().In(atNoon(t)).Add(-time.Hour)
	record := func(exp, target string) string {
		return `{"uid":"u1","dt":"` + now.Format(`15:04:05 02\\01\\2006`) + `","dur:":60,"dir":0,"exp":"` + exp + `","uname":"u","tuname":"` + target + `"}`
	}
	a, b := record("first", "PC-1"), record("\xFEekil", "PC-2")
	d := newReadingsDesk(t)
	check := func(when, connection, waiting, settled string) {
		t.Helper()
		got := ask(t, d.db, "SELECT explanation FROM connections") + " / " +
			ask(t, d.db, "SELECT arraySort(groupArray(hex(raw))) FROM quarantine WHERE reason = 'uid_twice' AND resolved_at IS NULL") + " / " +
			ask(t, d.db, "SELECT count() FROM quarantine WHERE resolved_at IS NOT NULL")
		if want := connection + " / " + waiting + " / " + settled; got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	list := func(raw string) string { return fmt.Sprintf("['%X']", raw) }
	d.play(poll{records: []string{a, b}})
	check("both", "first", list(b), "0")
	if log := d.log.String(); strings.Count(log, "level=WARN") == 0 || !strings.Contains(log, "uids=u1") {
		t.Errorf("the log does not name the uid: %s", log)
	}
	for range 3 {
		d.play(poll{records: []string{a, b}})
		check("both again", "first", list(b), "0")
	}
	c := record("third", "PC-1")
	d.play(poll{records: []string{c, b}})
	check("one has grown", "third", list(b), "0")
	d.play(poll{records: []string{c}})
	d.play(poll{records: []string{c}})
	check("one", "third", "[]", "1")
}

// TestRecordsAreReadAgainAsAtFirst: the charset that an answer named is stored beside raw, of a
// connection as of a record in quarantine.
func TestRecordsAreReadAgainAsAtFirst(t *testing.T) {
	d := newReadingsDesk(t)
	now := time.Now().In(atNoon(t)).Add(-time.Hour)
	record := func(uid string, seconds int, exp string) string {
		return fmt.Sprintf(`{"uid":%q,"dt":"%s","dur":%d,"dir":0,"exp":"%s","uname":"u","tuname":"t"}`, uid, now.Format(`15:04:05 02\\01\\2006`), seconds, exp)
	}
	const łódź = "\xA3\xF3d\xBC"
	d.play(poll{contentType: "application/json; charset=iso-8859-2", records: []string{
		record("u1", 60, łódź), record("u2", -1, łódź), record("u3", 60, "Ayşe"),
	}})
	if got := ask(t, d.db, "SELECT arraySort(groupArray((uid, explanation, charset))) FROM connection_rows FINAL"); got != "[('u1','Łódź','iso-8859-2'),('u3','Ayşe','')]" {
		t.Error(got)
	}
	waiting, err := d.db.Writer().Quarantined(t.Context(), 10)
	if err != nil || len(waiting) != 1 || waiting[0].Charset != "iso-8859-2" || waiting[0].Raw != record("u2", -1, łódź) {
		t.Errorf("%+v, %v", waiting, err)
	}
}
