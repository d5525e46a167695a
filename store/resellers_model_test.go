package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alpemix-collector/report"
)

// resellerModel is a vendor whose customers change at random, a customers.csv that is edited, and a
// ClickHouse, around a Store.
type resellerModel struct {
	model
	vendor map[string]report.Allotment // by customer: what the vendor lists
	lines  map[report.CustomerLine]bool
	read   map[string]report.Allotment // as of the last snapshot
	given  map[report.CustomerLine]bool
	h      history
	known  map[report.CustomerLine]report.CustomerChange // what ClickHouse holds of customers.csv
	calls  int                                           // that were provisioned
	sent   map[int64]bool                                // calls that ClickHouse holds
}

func (m *resellerModel) edit(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "customer")
	if rapid.Bool().Draw(t, "gone") {
		delete(m.vendor, name)
	} else {
		m.vendor[name] = allotted(name, float64(rapid.IntRange(0, 3).Draw(t, "allotted")), 0)
	}
	line := report.CustomerLine{Customer: name, Vendor: "remotepc", Field: "customer", Value: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "value")}
	m.lines[line] = !m.lines[line]
}

func (m *resellerModel) poll(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(-3000, 5000).Draw(t, "ms")) * time.Millisecond)
	if _, err := m.s.Snapshot(snapshot(m.now, slices.Collect(maps.Values(m.vendor))...)); err != nil {
		t.Fatal(err)
	}
	m.read = maps.Clone(m.vendor)
	var lines []report.CustomerLine
	for l, there := range m.lines {
		if there {
			lines = append(lines, l)
		}
	}
	if _, err := m.s.SetCustomers(lines); err != nil {
		t.Fatal(err)
	}
	m.given = maps.Clone(m.lines)
	m.calls++
	if err := m.s.Provisioned(report.Provisioning{At: time.UnixMicro(int64(m.calls))}); err != nil {
		t.Fatal(err)
	}
}

// write is one try of a batch; it reaches ClickHouse whether or not we learn of it.
func (m *resellerModel) write(t *rapid.T) {
	b, ok, err := m.s.Next(rapid.IntRange(1, 5).Draw(t, "rows"), 1<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return
	}
	m.h.add(m.t, b)
	for _, c := range b.Customers {
		if c.Version >= m.known[c.CustomerLine].Version {
			m.known[c.CustomerLine] = c
		}
	}
	for _, p := range b.Provisionings {
		m.sent[p.At.UnixMicro()] = true
	}
	if rapid.Bool().Draw(t, "acknowledged") {
		if err := m.s.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *resellerModel) check(t *rapid.T) {
	for range 10_000 { // every second batch is acknowledged
		if _, ok, err := m.s.Next(100, 1<<20, true); err != nil || !ok {
			break
		}
		m.write(t)
	}
	if rows, oldest := m.s.QueueStats(); rows != 0 || !oldest.IsZero() {
		t.Fatalf("%d rows in an empty queue, the oldest of %v", rows, oldest)
	}
	valid := map[string]report.Allotment{}
	ends := map[string]time.Time{}
	for _, p := range slices.SortedFunc(maps.Values(m.h), func(a, b report.AllotmentPeriod) int { return a.ValidFrom.Compare(b.ValidFrom) }) {
		if end, ok := ends[p.Customer]; ok && (end.IsZero() || end.After(p.ValidFrom)) {
			t.Fatalf("two periods of %s meet: one ends %v, the next starts %v", p.Customer, end, p.ValidFrom)
		}
		if p.ValidTo.IsZero() {
			valid[p.Customer] = p.Allotment
		}
		ends[p.Customer] = p.ValidTo
	}
	if !maps.Equal(valid, m.read) {
		t.Fatalf("ClickHouse holds %v\nthe vendor listed %v", valid, m.read)
	}
	remembered := map[string]report.Allotment{}
	for _, a := range m.s.Allotments("remotepc", "eu") {
		remembered[a.Customer] = a
	}
	if !maps.Equal(remembered, m.read) {
		t.Fatalf("known are %v\nthe vendor listed %v", remembered, m.read)
	}
	for line, there := range m.given {
		if c, ok := m.known[line]; there != (ok && !c.Removed) {
			t.Fatalf("ClickHouse holds %+v; in the file: %v", c, there)
		}
	}
	if len(m.sent) != m.calls {
		t.Fatalf("ClickHouse holds %d of %d calls", len(m.sent), m.calls)
	}
}

// TestClickHouseMatchesTheReseller: whatever changes, is retried, restarted or killed, and whatever
// the clock says, ClickHouse shows as valid what was read last, and no two periods of one allotment
// overlap.
func TestClickHouseMatchesTheReseller(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &resellerModel{
			model:  model{t: t, s: openTest(t, t.TempDir()), now: noon},
			vendor: map[string]report.Allotment{}, lines: map[report.CustomerLine]bool{}, h: history{},
			known: map[report.CustomerLine]report.CustomerChange{}, sent: map[int64]bool{},
		}
		rt.Repeat(map[string]func(*rapid.T){
			"edit": m.edit, "poll": m.poll, "write": m.write, "kill": m.kill, "check": m.check,
			"restart": func(*rapid.T) { m.s = reopen(t, m.s) },
		})
		m.check(rt)
		_ = m.s.Close()
	})
}

func TestCustomersAreQueuedWhenTheyChange(t *testing.T) {
	s := openTest(t, t.TempDir())
	line := func(customer, value string) report.CustomerLine {
		return report.CustomerLine{Customer: customer, Vendor: "alpemix", Field: "support_number", Value: value}
	}
	for _, step := range []struct {
		lines   []report.CustomerLine
		changes string
	}{
		{nil, ""},
		{[]report.CustomerLine{line("Acme", "1"), line("Bolt", "2"), line("Acme", "1")}, "+Acme 1 +Bolt 2"},
		{[]report.CustomerLine{line("Bolt", "2"), line("Acme", "1")}, ""},
		{[]report.CustomerLine{line("Acme", "1"), line("Coil", "2")}, "-Bolt 2 +Coil 2"},
		{nil, "-Acme 1 -Coil 2"},
		{[]report.CustomerLine{line("Acme", "1")}, "+Acme 1"},
	} {
		var n int
		wrote := transactions(t, s, func() {
			var err error
			if n, err = s.SetCustomers(step.lines); err != nil {
				t.Fatal(err)
			}
		})
		s = reopen(t, s)
		kept, err := s.Customers()
		distinct := map[report.CustomerLine]bool{}
		for _, l := range step.lines {
			distinct[l] = true
		}
		if err != nil || len(kept) != len(distinct) || slices.ContainsFunc(kept, func(l report.CustomerLine) bool { return !distinct[l] }) {
			t.Errorf("%v are kept as %v, %v", step.lines, kept, err)
		}
		got, versions := "", map[uint64]bool{}
		for _, c := range drainAll(t, s).Customers {
			got += fmt.Sprintf(" %s%s %s", cmp.Or(map[bool]string{true: "-"}[c.Removed], "+"), c.Customer, c.Value)
			versions[c.Version] = true
		}
		if got = cmp.Or(got, " "); got[1:] != step.changes || len(versions) != min(n, 1) || wrote != min(n, 1) {
			t.Errorf("%v: %d changes, %q, want %q; %d transactions", step.lines, n, got[1:], step.changes, wrote)
		}
	}
}

func TestAnnouncedRowsAreCountedAndAged(t *testing.T) {
	s := openTest(t, t.TempDir())
	o := observation()
	o.Days = []report.DayStatus{{Account: "main", Day: o.Day, State: report.DayOpen}}
	commitTest(t, s, o)
	take(t, s, snapshot(minutes(2), allotted("a", 1, 0)), 1)
	commitTest(t, s, observation(row("u1", "A")))
	for range 2 {
		if rows, oldest := s.QueueStats(); rows != 3 || oldest != minutes(2) {
			t.Errorf("%d rows since %v", rows, oldest)
		}
		s = reopen(t, s)
	}
	if err := s.Ack(next(t, s, 2, 1<<20, false)); err != nil { // the day and the period
		t.Fatal(err)
	}
	if rows, oldest := s.QueueStats(); rows != 2 || oldest != minutes(2) {
		t.Errorf("%d rows since %v", rows, oldest)
	}
	if err := s.Ack(next(t, s, 1, 1<<20, false)); err != nil { // the mark
		t.Fatal(err)
	}
	if rows, oldest := s.QueueStats(); rows != 1 || oldest != noon {
		t.Errorf("%d rows since %v", rows, oldest)
	}
}
