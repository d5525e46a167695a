package store

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// everything returns a state file with a value of every kind.
func everything(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	s, err := open(dir, slog.New(slog.DiscardHandler), Options{}, noSync)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.SetZone("main", "Europe/Istanbul")
	must(err)
	o := observation(row("u1", "A"), row("u2", `C:\new`), reject("R"))
	o.Items[1].Charset = "iso-8859-2"
	o.Days = []report.DayStatus{{Account: "main", Day: 20000, State: report.DayOpen, Rows: 2, ReadAt: noon}}
	o.Fetches = []report.Fetch{{At: noon, Account: "main", Vendor: "alpemix", Job: "today", Outcome: "ok", Seconds: 1.5}}
	must(s.Commit(o))
	moved := row("u1", "B")
	moved.StartedAt = noon.Add(time.Minute)
	must(s.Commit(observation(moved)))
	_, _, err = s.Reserve("ip", "report", 3, window, time.Now())
	must(err)
	must(s.SetBlock("ip", time.Now().Add(time.Hour), time.Hour))
	must(s.SetToken("main", "key", "value", time.Now()))
	a := report.Allotment{Vendor: "remotepc", Account: "eu", Customer: "10953", Resource: "computers"}
	_, err = s.Snapshot(report.Snapshot{Vendor: "remotepc", Account: "eu", At: noon, Allotments: []report.Allotment{a}})
	must(err)
	must(s.Provisioned(report.Provisioning{At: noon, Vendor: "remotepc", Account: "eu", Action: "add", Outcome: "ok"}))
	_, err = s.SetCustomers([]report.CustomerLine{{Customer: "c", Vendor: "alpemix", Field: "staff_name", Value: "x"}})
	must(err)
	_, err = s.Raise(report.Event{At: noon, Month: 19997, Vendor: "remotepc", Account: "eu", Customer: "10953", Resource: "computers", Percent: 80}, true)
	must(err)
	if _, ok, err := s.Next(2, 1<<20, true); err != nil || !ok {
		t.Fatal(ok, err)
	}
	must(s.Close())
	content, err := os.ReadFile(filepath.Join(dir, fileName))
	must(err)
	return content
}

// place is the position of a value.
type place struct {
	buckets [][]byte
	key     []byte
}

func (p place) bucket(tx *bolt.Tx) *bolt.Bucket {
	b := tx.Bucket(p.buckets[0])
	for _, name := range p.buckets[1:] {
		b = b.Bucket(name)
	}
	return b
}

// places returns the places of all values, in a stable order.
func places(tx *bolt.Tx) (all []place) {
	var walk func(path [][]byte, b *bolt.Bucket)
	walk = func(path [][]byte, b *bolt.Bucket) {
		_ = b.ForEach(func(key, v []byte) error { // the callback has no errors
			if v == nil {
				walk(append(bytesOf(path), bytes.Clone(key)), b.Bucket(key))
			} else {
				all = append(all, place{bytesOf(path), bytes.Clone(key)})
			}
			return nil
		})
	}
	_ = tx.ForEach(func(name []byte, b *bolt.Bucket) error {
		walk([][]byte{bytes.Clone(name)}, b)
		return nil
	})
	return all
}

func bytesOf(path [][]byte) [][]byte { return append([][]byte(nil), path...) }

// FuzzValues replaces any value of the state file by any bytes. Either that is reported as damage,
// or everything works. Nothing panics or hangs.
func FuzzValues(f *testing.F) {
	content := everything(f)
	dir := f.TempDir()
	path := filepath.Join(dir, fileName)
	change := func(t testing.TB, which int, value []byte, see func(old []byte)) (newer bool) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bolt.Open(path, 0o600, &noSync)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bolt.Tx) error {
			all := places(tx)
			p := all[which%len(all)]
			see(bytes.Clone(p.bucket(tx).Get(p.key)))
			if value == nil {
				return nil
			}
			newer = bytes.Equal(p.key, formatKey) && number(value) > formatNumber
			return p.bucket(tx).Put(p.key, value)
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		return newer
	}
	for which := range 60 {
		change(f, which, nil, func(old []byte) { f.Add(uint8(which), old) })
		for _, value := range []string{"", "0", "null", strings.Repeat("\xff", 8), strings.Repeat("\x00", 7) + "\x01" + strings.Repeat("\xff", 24)} {
			f.Add(uint8(which), []byte(value))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, value []byte) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		newer := change(t, int(which), append([]byte{}, value...), func([]byte) {})
		s, err := open(dir, slog.New(slog.DiscardHandler), Options{}, noSync)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !(newer && errors.Is(err, ErrNewer)) {
				t.Fatalf("%v", err)
			}
			return
		}
		for what, err := range work(s) {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// work uses everything in a state file.
func work(s *Store) map[string]error {
	failed := map[string]error{}
	note := func(what string, err error) {
		if failed[what] == nil {
			failed[what] = err
		}
	}
	now := time.Now()
	s.Days("main")
	s.QueueStats()
	s.Totals("main", 20000)
	s.Lookup("main", "u1")
	s.Seen("main", 1)
	s.Token("main", "key")
	s.Block("ip")
	s.Remaining("ip", "report", 3, window, now)
	s.Allotments("remotepc", "eu")
	_, err := s.Expected("main", 20000)
	note("Expected", err)
	_, _, err = s.Reserve("ip", "report", 3, window, now)
	note("Reserve", err)
	for range 20 {
		b, ok, err := s.Next(3, 1<<20, true)
		note("Next", err)
		if err != nil || !ok {
			break
		}
		note("Ack", s.Ack(b))
	}
	o := observation(row("u1", "C"), row("u3", "D"), reject("S"))
	o.Days = []report.DayStatus{{Account: "main", Day: 20000, State: report.DaySealed, SealedAt: now}}
	note("Commit", s.Commit(o))
	note("Reconsider", s.Reconsider("main"))
	note("Forget", s.Forget("main", []string{"u1", "u2"}))
	_, err = s.SetZone("main", "UTC")
	note("SetZone", err)
	note("Prune", s.Prune("main", 30000))
	_, err = s.Snapshot(report.Snapshot{Vendor: "remotepc", Account: "eu", At: noon.Add(time.Hour)})
	note("Snapshot", err)
	_, err = s.EndOthers("remotepc", nil, noon.Add(time.Hour))
	note("EndOthers", err)
	_, err = s.Customers()
	note("Customers", err)
	_, err = s.SetCustomers(nil)
	note("SetCustomers", err)
	events, err := s.Undelivered()
	note("Undelivered", err)
	for _, e := range events {
		note("Delivered", s.Delivered(e.ID()))
	}
	note("Close", s.Close())
	return failed
}

// FuzzRow: Open, which reads only the header of a row, finds everything that would stop the drain.
func FuzzRow(f *testing.F) {
	f.Add(encodeRow(report.Entry{Account: "main", Timezone: "UTC", Raw: []byte("{}"), Hash: 1, Version: 2, FetchedAt: noon, FirstSeenAt: noon}))
	f.Add(encodeRow(report.Entry{Account: "main", Charset: "koi8-r", FetchedAt: noon, FirstSeenAt: noon, MovedFrom: noon}))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := queuedAt(b)
		e, rowErr := decodeRow(b)
		if kindOf(b) != rowEntry {
			return
		}
		if (err == nil) != (rowErr == nil) || err == nil && !at.Equal(e.FetchedAt) {
			t.Fatalf("the header has %v, %v; the row %v, %v", at, err, e.FetchedAt, rowErr)
		}
		if again, err := decodeRow(encodeRow(e)); rowErr == nil && (err != nil || !reflect.DeepEqual(again, e)) {
			t.Errorf("%+v came back as %+v, %v", e, again, err)
		}
	})
}
