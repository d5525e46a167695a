package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// answers is a Fetcher whose answer for today is set; yesterday was empty.
type answers struct{ today string }

func (f *answers) Fetch(_ context.Context, w report.Window) (report.Body, error) {
	if w.Kind == report.Today {
		return answered(w, f.today), nil
	}
	return answered(w, ""), nil
}
func (f *answers) TokenExpiry() time.Time { return time.Time{} }
func (f *answers) Budget(report.Kind) int { return 1 }

// answered is a complete answer to w.
func answered(w report.Window, records string) report.Body {
	now := time.Now()
	return report.Body{
		Account: "main", Window: w, Content: report.Bytes(fmt.Sprintf(`{"errornumber":0,"results":[%s]}`, records)), AskedAt: now, FetchedAt: now, Status: 200,
		Requests: []report.Fetch{{At: now, Vendor: "alpemix", Account: "main", Job: string(w.Kind), Outcome: "ok"}},
	}
}

// row is a record of uid; text becomes its explanation.
func row(uid, clock, text string) string {
	return fmt.Sprintf(`{"uid":%q,"dt":"%s 06\\07\\2026","dur:":60,"dir":0,"exp":%q,"supnum":"","uname":"u","ip":"","lip":"","unum":"","aid":"","tuname":"t","tip":"","tlip":"","tunum":"","taid":""}`, uid, clock, text)
}

func TestWhatAnAnswerChanges(t *testing.T) {
	a, b := row("1", "10:00:00", "a"), row("1", "10:00:00", "b")
	grown := row("1", "10:00:00", "ab")
	moved := row("1", "09:59:00", "a")
	other := row("2", "11:00:00", "c")
	broken := `{"uid":"3","dt":"25:00:00 06\\07\\2026","dur:":60}`
	for _, tc := range []struct {
		name    string
		polls   []string
		want    string // uid=explanation@start of what the view shows in the end
		rejects int
		decoded []int // by poll
	}{
		{"the same again", []string{a, a}, "1=a@10:00:00", 0, []int{1, 0}},
		{"an edit and back", []string{a, b, a}, "1=a@10:00:00", 0, []int{1, 1, 1}},
		{"a start that moves", []string{a, moved, moved}, "1=a@09:59:00", 0, []int{1, 1, 0}},
		{"a start that moves and returns", []string{a, moved, a}, "1=a@10:00:00", 0, []int{1, 1, 1}},
		{"one record twice", []string{a + "," + a, a + "," + a}, "1=a@10:00:00", 0, []int{1, 0}},
		{"one uid twice: the first, and no flapping", []string{a + "," + b, a + "," + b, a + "," + b}, "1=a@10:00:00", 1, []int{2, 0, 0}},
		{"a second content of a known uid is the newer one", []string{a, b + "," + a, b + "," + a}, "1=b@10:00:00", 1, []int{1, 2, 0}},
		{"running and ended, then ended only", []string{a, a + "," + b, b, b, b}, "1=b@10:00:00", 1, []int{1, 2, 1, 0, 0}},
		{"one uid twice, then the other alone", []string{a + "," + b, b, b, b}, "1=b@10:00:00", 1, []int{2, 1, 0, 0}},
		{"one uid twice, then the first alone", []string{a + "," + b, a, a}, "1=a@10:00:00", 1, []int{2, 1, 0}},
		{"one uid three times, then the others", []string{a + "," + b + "," + moved, b + "," + moved, b + "," + moved}, "1=b@10:00:00", 2, []int{3, 2, 0}},
		{"one uid three times, then twice", []string{a + "," + b + "," + moved, a + "," + b, a + "," + b}, "1=a@10:00:00", 2, []int{3, 2, 0}},
		{"one uid twice, and the content grows", []string{a + "," + b, grown + "," + b, grown + "," + b}, "1=ab@10:00:00", 1, []int{2, 2, 0}},
		{"one uid twice, and the content grows alone", []string{a + "," + b, grown, grown}, "1=ab@10:00:00", 1, []int{2, 1, 0}},
		{"one record three times", []string{a + "," + a + "," + a}, "1=a@10:00:00", 0, []int{1}},
		{"one uid three times, all different", []string{a + "," + b + "," + moved, a + "," + b + "," + moved}, "1=a@10:00:00", 2, []int{3, 0}},
		{"a bad record and its neighbours", []string{a + "," + broken + "," + other, other + "," + broken}, "1=a@10:00:00 2=c@11:00:00", 1, []int{3, 0}},
		{"a record that vanishes stays", []string{a + "," + other, other, ""}, "1=a@10:00:00 2=c@11:00:00", 0, []int{2, 0, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{})
				f := &answers{}
				c, store := d.open(func(a *collector.Account) { a.Fetcher = f })
				defer store.Close()
				decoded := collector.CountParses(t)
				for i, today := range tc.polls {
					f.today = today
					*decoded = 0
					if err := c.Once(t.Context()); err != nil {
						t.Fatal(err)
					}
					// What is new is decoded once to learn its identity and once to be written.
					if *decoded != 2*tc.decoded[i] && *decoded != 2*tc.decoded[i]-1 {
						t.Errorf("poll %d: %d decodings for %d new records", i+1, *decoded, tc.decoded[i])
					}
					time.Sleep(time.Minute)
				}
				var got []string
				rows, n := d.ch.connections("main")
				for _, uid := range []string{"1", "2", "3"} {
					if c, ok := rows[uid]; ok {
						got = append(got, fmt.Sprintf("%s=%s@%s", uid, c.Explanation, c.StartedAt.In(istanbul).Format(time.TimeOnly)))
					}
				}
				if s := strings.Join(got, " "); s != tc.want || n != len(got) || len(d.ch.rejects) != tc.rejects {
					t.Errorf("stored %q in %d rows and %d rejects, want %q and %d", s, n, len(d.ch.rejects), tc.want, tc.rejects)
				}
				d.rowsAddUp()
			})
		})
	}
}

// secretive is a Fetcher whose records hold a secret.
type secretive struct{ answers }

func (f *secretive) Fetch(ctx context.Context, w report.Window) (report.Body, error) {
	b, err := f.answers.Fetch(ctx, w)
	b.Redact = func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("s3cret"), []byte("[redacted]")) }
	return b, err
}

// TestTwinsHoldNoSecret: what a record echoes is left out of its twin, and no poll brings it again.
func TestTwinsHoldNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{})
		f := &secretive{}
		c, store := d.open(func(a *collector.Account) { a.Fetcher = f })
		defer store.Close()
		a, b := row("1", "10:00:00", "a s3cret"), row("1", "10:00:00", "b s3cret")
		decoded := collector.CountParses(t)
		for _, today := range []string{a, b + "," + a, b + "," + a} {
			f.today, *decoded = today, 0
			if err := c.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if *decoded != 0 || len(d.ch.rejects) != 1 {
			t.Errorf("the last poll decoded %d records, %d rejects", *decoded, len(d.ch.rejects))
		}
		for _, r := range d.ch.rejects {
			if strings.Contains(r.Raw, "s3cret") || !strings.Contains(r.Raw, "a [redacted]") {
				t.Errorf("quarantined %q", r.Raw)
			}
		}
	})
}
