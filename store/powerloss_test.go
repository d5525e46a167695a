package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alpemix-collector/report"
)

// sector is the least that a disk writes completely or not at all.
const sector = 512

// step is one transaction as the disk sees it: the file before and after.
type step struct {
	name          string
	before, after []byte
}

// snapshots returns the file around some transactions of each kind.
func snapshots(t *testing.T) []step {
	t.Helper()
	s := openTest(t, t.TempDir())
	image := func() []byte {
		b, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	many := func(n int, content string) report.Observation {
		o := observation()
		for i := range n {
			o.Items = append(o.Items, row(fmt.Sprint("u", i), content))
		}
		o.Days = []report.DayStatus{{Account: "main", Day: 1, State: report.DayOpen, Rows: uint64(len(content))}}
		return o
	}
	var steps []step
	for _, do := range []struct {
		name string
		tx   func()
	}{
		{"the first answer", func() { commitTest(t, s, many(300, "A")) }},
		{"an answer for which the file grows", func() { commitTest(t, s, many(1500, strings.Repeat("x", 1000))) }},
		{"a reservation", func() { reserve(t, s, 3) }},
		{"a batch is taken", func() {
			if _, _, err := s.Next(900, 64<<20, true); err != nil {
				t.Fatal(err)
			}
		}},
		{"a batch is acknowledged, its pages become free", func() {
			b, _, err := s.Next(0, 0, true)
			if err == nil {
				err = s.Ack(b)
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
		{"an answer into free pages", func() { commitTest(t, s, many(300, "B")) }},
		{"a snapshot of a reseller", func() { takeMany(t, s, 0) }},
		{"a snapshot in which everything has changed", func() { takeMany(t, s, 1) }},
		{"a customers.csv", func() {
			if _, err := s.SetCustomers([]report.CustomerLine{{Customer: "Acme", Vendor: "alpemix", Field: "staff_name", Value: "x"}}); err != nil {
				t.Fatal(err)
			}
		}},
		{"an event", func() { raise(t, s, event("a", 1, 80), true, true) }},
	} {
		before := image()
		do.tx()
		steps = append(steps, step{do.name, before, image()})
	}
	return steps
}

// takeMany returns a snapshot of many customers, half of which change each minute.
func takeMany(t *testing.T, s *Store, minute int) {
	t.Helper()
	var all []report.Allotment
	for i := range 300 {
		all = append(all, allotted(fmt.Sprint(i+150*minute), float64(minute), 0))
	}
	if _, err := s.Snapshot(snapshot(minutes(minute), all...)); err != nil {
		t.Fatal(err)
	}
}

// changed returns the sectors in which a step's files differ, those of the two heads separately: a
// transaction waits until all others are on disk before it writes a head.
func (s *step) changed() (data, heads []int) {
	heads0 := 2 * os.Getpagesize()
	for at := 0; at < len(s.after); at += sector {
		if at < len(s.before) && bytes.Equal(s.before[at:at+sector], s.after[at:at+sector]) {
			continue
		}
		if at < heads0 {
			heads = append(heads, at)
		} else {
			data = append(data, at)
		}
	}
	return data, heads
}

// opened returns what a process finds that starts with the image.
func opened(t *testing.T, image []byte) (map[string]string, error) {
	t.Helper()
	dir := t.TempDir()
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, fileName), image, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := open(dir, slog.New(slog.DiscardHandler), Options{}, noSync)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	return dump(t, s.db), nil
}

// TestPowerLossAmidATransaction cuts the power at any point of a transaction. What was acknowledged
// before it is there, and the transaction is there completely or not at all. The disk may have
// written its sectors in any order, unless it had to wait.
func TestPowerLossAmidATransaction(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	for _, s := range snapshots(t) {
		t.Run(s.name, func(t *testing.T) {
			before, err := opened(t, s.before)
			if err != nil {
				t.Fatal(err)
			}
			after, err := opened(t, s.after)
			if err != nil || maps.Equal(before, after) {
				t.Fatal(err, "or no difference")
			}
			data, heads := s.changed()
			if len(heads) != 1 || len(data) < 2 {
				t.Fatalf("%d sectors of data and %d of heads were written", len(data), len(heads))
			}
			for range 20 { // before the head is written
				image := bytes.Clone(s.before)
				if random.IntN(2) == 0 && len(s.after) > len(s.before) { // the file has grown
					image = append(image, make([]byte, len(s.after)-len(s.before))...)
				}
				share := random.Float64()
				for _, at := range data {
					if at < len(image) && random.Float64() < share {
						copy(image[at:at+sector], s.after[at:])
					}
				}
				if got, err := opened(t, image); err != nil || !maps.Equal(got, before) {
					t.Fatalf("seed %d: with part of the data written: %v", seed, err)
				}
			}
			for n := 0; n < 100; n += 3 { // while it is, also by a disk that tears sectors; the data is in the first 80 bytes
				image := bytes.Clone(s.after)
				copy(image[heads[0]+n:heads[0]+sector], s.before[heads[0]+n:])
				got, err := opened(t, image)
				if err != nil || !maps.Equal(got, before) && !maps.Equal(got, after) {
					t.Fatalf("with %d bytes of the head written: %v", n, err)
				}
			}
		})
	}
}

// TestDamagedHead: one of the two heads is enough, and the head of the last transaction is lost
// only with the transaction.
func TestDamagedHead(t *testing.T) {
	steps := snapshots(t)
	s := steps[len(steps)-1]
	before, err := opened(t, s.before)
	if err != nil {
		t.Fatal(err)
	}
	after, err := opened(t, s.after)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	_, heads := s.changed()
	last := heads[0] / page
	spoil := func(pages ...int) []byte {
		image := bytes.Clone(s.after)
		for _, p := range pages {
			for i := p * page; i < (p+1)*page; i++ {
				image[i] ^= byte(i*7 + 1)
			}
		}
		return image
	}
	if got, err := opened(t, spoil(1-last)); err != nil || !maps.Equal(got, after) {
		t.Errorf("the older head: %v", err)
	}
	if got, err := opened(t, spoil(last)); err != nil || !maps.Equal(got, before) {
		t.Errorf("the newer head: %v", err)
	}
	if _, err := opened(t, spoil(0, 1)); !errors.Is(err, ErrDamaged) {
		t.Errorf("both heads: %v", err)
	}
}

// TestCutFile: a file that has lost its end is reported as damaged, or the end was free.
func TestCutFile(t *testing.T) {
	steps := snapshots(t)
	image := steps[len(steps)-1].after
	whole, err := opened(t, image)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	var damaged int
	for size := len(image) - page; size > 0; size -= 7 * page {
		got, err := opened(t, image[:size])
		switch {
		case errors.Is(err, ErrDamaged):
			damaged++
		case err != nil || !maps.Equal(got, whole):
			t.Errorf("cut to %d of %d bytes: %v", size, len(image), err)
		}
	}
	if damaged == 0 {
		t.Error("nothing was missed")
	}
}

// TestTransactionsWaitForTheDisk: no option that makes bbolt faster and less durable is on, even
// after a compaction.
func TestTransactionsWaitForTheDisk(t *testing.T) {
	fresh, _ := afterAnOutage(t)
	for name, dir := range map[string]string{"new": t.TempDir(), "compacted": fresh} {
		s, err := Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if s.db.NoSync || s.db.NoGrowSync || s.db.NoFreelistSync {
			t.Errorf("%s: %+v", name, s.db)
		}
		_ = s.Close()
	}
}
