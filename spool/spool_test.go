package spool

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
)

// TestMain also plays the process that is killed, see crash_test.go.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
	}
	os.Exit(m.Run())
}

var sentAt = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)

// limit is a call, as it is noted before it is sent.
func limit(subject string) report.Provisioning {
	return report.Provisioning{
		At: sentAt, Vendor: "serwersms", Account: "pl", Action: "subaccounts/limit", Subject: subject, Outcome: "outcome_unknown", Detail: "eco 100",
	}
}

func ended(subject, outcome string) report.Provisioning {
	call := limit(subject)
	call.Outcome, call.Detail = outcome, outcome+" said the vendor"
	return call
}

func allotted(subject string, n float64) report.Allotment {
	return report.Allotment{
		Vendor: "serwersms", Account: "pl", Customer: subject, Resource: "sms_eco", Allotted: sql.Null[float64]{V: n, Valid: true},
		Unit: "piece", Active: sql.Null[bool]{V: true, Valid: true}, CreatedOn: sql.Null[report.Day]{V: 20000, Valid: true}, Raw: `{"value":100}`,
	}
}

// books is a Store in memory. Its disk is full from write number full on.
type books struct {
	mu    sync.Mutex
	log   []string
	calls []report.Provisioning
	set   map[string]report.Allotment
	full  int
}

var errFull = errors.New("no space left for the state file")

func (b *books) record(what string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full > 0 && len(b.log) >= b.full-1 {
		return errFull
	}
	b.log = append(b.log, what)
	return nil
}

func (b *books) EndCustomer(_, _, customer string, at time.Time) error {
	if !at.Equal(sentAt) {
		return fmt.Errorf("ended at %s", at)
	}
	return b.record("ended " + customer)
}

func (b *books) SetAllotment(a report.Allotment, at time.Time) error {
	if err := b.record(fmt.Sprint("set ", a.Customer, " ", a.Allotted.V)); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set == nil {
		b.set = map[string]report.Allotment{}
	}
	if b.set[a.Customer+a.Resource] = a; !at.Equal(sentAt) {
		return fmt.Errorf("set at %s", at)
	}
	return nil
}

func (b *books) Provisioned(p report.Provisioning) error {
	if err := b.record("call " + p.Subject + " " + p.Outcome); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, p)
	return nil
}

func begin(t *testing.T, s *Spool, call report.Provisioning) *Note {
	t.Helper()
	n, err := s.Begin(call)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func end(t *testing.T, n *Note, outcome string, allotments ...report.Allotment) {
	t.Helper()
	if err := n.End(outcome, outcome+" said the vendor", Effect{Allotments: allotments}); err != nil {
		t.Fatal(err)
	}
}

func takeIn(t *testing.T, s *Spool, b *books) []report.Provisioning {
	t.Helper()
	taken, err := s.TakeIn(b)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func left(t *testing.T, s *Spool) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestCallsAreImportedOnce(t *testing.T) {
	s, b := New(filepath.Join(t.TempDir(), "state")), &books{}
	if got := takeIn(t, s, b); got != nil {
		t.Errorf("without a folder: %v", got)
	}
	first, second := begin(t, s, limit("1")), begin(t, s, limit("2"))
	third := begin(t, s, limit("3"))
	if got := takeIn(t, s, b); got != nil || len(left(t, s)) != 3 {
		t.Errorf("calls in progress: %v", got)
	}
	end(t, second, "ok", allotted("2", 100), allotted("2b", 5))
	if err := third.Withdraw(); err != nil {
		t.Error(err)
	}
	want := []report.Provisioning{ended("2", "ok")}
	if got := takeIn(t, s, b); !cmp.Equal(got, want) || !cmp.Equal(b.calls, want) {
		t.Errorf("%s", cmp.Diff(want, b.calls))
	}
	if want := allotted("2", 100); b.set["2sms_eco"] != want || len(b.set) != 2 {
		t.Errorf("%+v", b.set)
	}
	end(t, first, "unknown_id")
	if got := takeIn(t, s, b); len(got) != 1 || b.calls[1] != ended("1", "unknown_id") || len(left(t, s)) != 0 {
		t.Errorf("%+v, left %v", b.calls, left(t, s))
	}
	if got := takeIn(t, s, b); got != nil || len(b.log) != 4 {
		t.Errorf("again: %v, log %q", got, b.log)
	}
	for path, mode := range map[string]os.FileMode{s.dir: 0o700, begin(t, s, limit("4")).file.Name(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

// TestOrder: calls are imported in the order in which they were recorded, whatever the clock says.
func TestOrder(t *testing.T) {
	s, b := New(t.TempDir()), &books{}
	for i := range 12 {
		call := limit(fmt.Sprint(i))
		call.At = sentAt.Add(-time.Duration(i) * time.Hour)
		end(t, begin(t, s, call), "ok")
	}
	takeIn(t, s, b)
	for i, call := range b.calls {
		if call.Subject != fmt.Sprint(i) {
			t.Fatalf("%d is %s", i, call.Subject)
		}
	}
	if len(b.calls) != 12 {
		t.Errorf("%d", len(b.calls))
	}
}

// TestStoreFails: whichever write of the store fails, nothing is lost, at most one call is
// repeated, and the last value set counts.
func TestStoreFails(t *testing.T) {
	for full := 1; full <= 5; full++ {
		s, b := New(t.TempDir()), &books{full: full}
		end(t, begin(t, s, limit("1")), "ok", allotted("1", 100))
		end(t, begin(t, s, limit("1")), "ok", allotted("1", 200))
		taken, err := s.TakeIn(b)
		if full < 5 && (!errors.Is(err, errFull) || len(taken) != (full-1)/2 || len(left(t, s)) != 2-len(taken)) {
			t.Errorf("%d: %v, took %d, left %v", full, err, len(taken), left(t, s))
		}
		b.full = 0
		again := takeIn(t, s, b)
		if len(taken)+len(again) != 2 || len(b.log) > 5 || b.set["1sms_eco"].Allotted.V != 200 || len(left(t, s)) != 0 {
			t.Errorf("%d: %q, then %+v", full, b.log, b.set)
		}
	}
}

// TestNoteComesBack: a note whose removal was lost is imported again before any newer one.
func TestNoteComesBack(t *testing.T) {
	s, b := New(t.TempDir()), &books{}
	end(t, begin(t, s, limit("1")), "ok", allotted("1", 100))
	end(t, begin(t, s, limit("1")), "ok", allotted("1", 200))
	before, err := os.ReadFile(filepath.Join(s.dir, "0000000001.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	s.sync = func(*os.File) error { return errors.New("input/output error") }
	if taken, err := s.TakeIn(b); err == nil || len(taken) != 1 || b.set["1sms_eco"].Allotted.V != 100 {
		t.Errorf("%v %v", taken, err)
	}
	s.sync = New("").sync
	if err := os.WriteFile(filepath.Join(s.dir, "0000000001.jsonl"), before, 0o600); err != nil { // the removal was lost with the power
		t.Fatal(err)
	}
	if taken := takeIn(t, s, b); len(taken) != 2 || b.set["1sms_eco"].Allotted.V != 200 {
		t.Errorf("%v %+v", taken, b.set)
	}
}

// TestDiskFails: whichever step fails, a call whose note is not safe is not sent, and one that was
// sent is in the log.
func TestDiskFails(t *testing.T) {
	for step := range 4 { // Begin flushes three things to disk, End one
		s, b, n := New(t.TempDir()), &books{}, 0
		works := s.sync
		s.sync = func(f *os.File) error {
			if n++; n == step+1 {
				return errors.New("input/output error")
			}
			return works(f)
		}
		note, err := s.Begin(limit("1"))
		if step < 3 {
			if err == nil || !strings.Contains(err.Error(), "so it was not sent: input/output error") || len(left(t, s)) != 0 {
				t.Errorf("%d: %v, left %v", step, err, left(t, s))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := note.End("ok", "", Effect{Allotments: []report.Allotment{allotted("1", 100)}}); err == nil || !strings.Contains(err.Error(), "outcome of the call could not be noted") {
			t.Errorf("%d: %v", step, err)
		}
		if takeIn(t, s, b); len(b.calls) != 1 || b.calls[0].Subject != "1" {
			t.Errorf("%d: %+v", step, b.calls)
		}
	}
}

// TestErrorsSayWhatToDo: the state folder is a file.
func TestErrorsSayWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(file).Begin(limit("1")); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "so it was not sent") {
		t.Error(err)
	}
	if _, err := New(file).TakeIn(&books{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Error(err)
	}
}

// TestDamagedNote: a damaged note does not affect the others.
func TestDamagedNote(t *testing.T) {
	s, b := New(t.TempDir()), &books{}
	end(t, begin(t, s, limit("1")), "ok")
	end(t, begin(t, s, limit("2")), "ok")
	end(t, begin(t, s, limit("3")), "ok")
	damaged, folder := filepath.Join(s.dir, "0000000001.jsonl"), filepath.Join(s.dir, "0000000002.jsonl")
	if err := os.WriteFile(damaged, []byte("\x00\x00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(folder), os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(s.dir, "README"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	taken, err := s.TakeIn(b)
	if err == nil || !strings.Contains(err.Error(), "0000000001.jsonl is damaged: a call to a vendor may have been sent") ||
		!strings.Contains(err.Error(), "a note cannot be read: read "+folder) {
		t.Error(err)
	}
	if want := []report.Provisioning{ended("3", "ok")}; !cmp.Equal(taken, want) {
		t.Error(cmp.Diff(want, taken))
	}
	if got := left(t, s); !slices.Equal(got, []string{"0000000001.jsonl.damaged", "0000000002.jsonl", "README"}) {
		t.Errorf("%q", got)
	}
	end(t, begin(t, s, limit("4")), "ok")
	if taken, _ := s.TakeIn(b); len(taken) != 1 || taken[0].Subject != "4" {
		t.Errorf("%v", taken)
	}
}

// TestManyAtOnce: several commands and a daemon at the same time.
func TestManyAtOnce(t *testing.T) {
	s, b := New(t.TempDir()), &books{}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.TakeIn(b); err != nil {
				t.Error(err)
			}
		}
	}()
	var all sync.WaitGroup
	for worker := range 4 {
		own := New(filepath.Dir(s.dir))
		own.sync = func(*os.File) error { return nil }
		all.Go(func() {
			for i := range 50 {
				n, err := own.Begin(limit(fmt.Sprint(worker, " ", i)))
				if err == nil && i%5 == 0 {
					err = n.Withdraw()
				} else if err == nil {
					err = n.End("ok", "", Effect{})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	<-done
	takeIn(t, s, b)
	seen := map[string]int{}
	for _, call := range b.calls {
		if seen[call.Subject]++; call.Outcome != "ok" {
			t.Errorf("%+v", call)
		}
	}
	if len(seen) != 160 || len(b.calls) != 160 || len(left(t, s)) != 0 {
		t.Errorf("%d calls of %d subjects", len(b.calls), len(seen))
	}
}

// TestDeletedCustomerEnds: once, even if the note is imported again.
func TestDeletedCustomerEnds(t *testing.T) {
	s, b := New(t.TempDir()), &books{}
	n, err := s.Begin(report.Provisioning{At: sentAt, Vendor: "serwersms", Account: "pl", Action: "subaccounts/delete", Subject: "7", Outcome: "outcome_unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.End("ok", "", Effect{Ended: "7"}); err != nil {
		t.Fatal(err)
	}
	if taken, err := s.TakeIn(b); err != nil || len(taken) != 1 || len(b.log) != 2 || b.log[0] != "ended 7" {
		t.Errorf("%+v %v %q", taken, err, b.log)
	}
}
