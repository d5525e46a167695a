package dashboards_test

import (
	"fmt"
	"slices"
	"testing"
)

// cells returns the values of a column of the panel called title on the dashboard uid, with these
// values chosen.
func cells(t *testing.T, uid, title, column string, chosen selection) []any {
	t.Helper()
	server := filled(t)
	for _, d := range read(t) {
		if d.UID != uid {
			continue
		}
		v := looked(t, server, &d)
		for name, values := range chosen {
			v.chosen[name] = values
		}
		for _, p := range d.drawn() {
			if p.Title != title {
				continue
			}
			a := ask(t, server, v.expand(t, p.Targets[0].RawSQL))
			for i, m := range a.Meta {
				if m.Name != column {
					continue
				}
				var found []any
				for _, row := range a.Data {
					found = append(found, row[i])
				}
				return found
			}
		}
	}
	t.Fatalf("%s has no column %s in a panel %s", uid, column, title)
	return nil
}

// TestNumbersAreRight where they are not plain sums: three connections of 20 minutes at night, each
// started 15 minutes after the previous one, and a customer who needs one more of sixty every day.
func TestNumbersAreRight(t *testing.T) {
	branch := selection{"account": {"branch"}}
	grows := selection{"customer": {"Müller's"}}
	for _, c := range []struct {
		uid, title, column string
		chosen             selection
		want               any
	}{
		{"alpemix-overview", "Connections", "connections", branch, 3.0},
		{"alpemix-overview", "Hours", "hours", branch, 1.0},
		{"alpemix-overview", "Peak", "peak", branch, 2.0},
		{"alpemix-staff", "Outside office hours", "share", branch, 1.0},
		{"alpemix-staff", "At the same time", "share", branch, 600.0 / 3600},
		{"alpemix-staff", "Staff members", "busy", branch, 3000.0 / 3600},
		{"alpemix-staff", "Started while another was open", "parallel", branch, 300.0},
		{"alpemix-customers", "Trend and date of exhaustion", "exhausted", grows, "2025-03-27"},
		{"alpemix-customers", "Trend and date of exhaustion", "per_month", grows, 30.0},
		{"alpemix-customers", "Run out within 30 days", "customers", grows, 1.0},
	} {
		got := cells(t, c.uid, c.title, c.column, c.chosen)
		if fmt.Sprint(got[0]) != fmt.Sprint(c.want) {
			t.Errorf("%s: %s: %s is %v, want %v", c.uid, c.title, c.column, got, c.want)
		}
	}
	whole := 0.0
	for _, average := range cells(t, "alpemix-overview", "Open at the same time", "average", branch) {
		whole += average.(float64)
	}
	most := cells(t, "alpemix-overview", "Open at the same time", "most", branch)
	if fmt.Sprintf("%.6f", whole) != "1.000000" || !slices.Contains(most, any(2.0)) || slices.Contains(most, any(3.0)) {
		t.Errorf("open at the same time: %v hours, most %v", whole, most)
	}
	// A customer without growth has no date, nor has one over the allotment.
	names := cells(t, "alpemix-customers", "Trend and date of exhaustion", "name", nil)
	dates := cells(t, "alpemix-customers", "Trend and date of exhaustion", "exhausted", nil)
	for _, name := range []string{"over@example.com", "idle@example.com", "shrinks@example.com"} {
		if i := slices.Index(names, any(name)); i < 0 || dates[i] != nil {
			t.Errorf("%s is exhausted on %v (row %d)", name, dates[max(i, 0)], i)
		}
	}
	for _, line := range ask(t, filled(t), "SELECT customer, value FROM customers WHERE field = 'customer' AND customer != value").Data {
		if slices.Contains(names, line[1]) {
			t.Errorf("%s is called %s", line[0], line[1])
		}
	}
}

// TestNamelessCanBeChosen by the word that is shown instead, which the links of tables use.
func TestNamelessCanBeChosen(t *testing.T) {
	const nobody = "(anonymous)"
	for variable, column := range map[string]string{"staff": "staff_name", "target": "target_name"} {
		d := read(t)[3]
		v := looked(t, filled(t), &d)
		want := ask(t, filled(t), v.expand(t, "SELECT count() FROM connections WHERE $__timeFilter(started_at) AND "+column+" = ''")).Data[0][0]
		got := cells(t, "alpemix-connections", "Connections", "connections", selection{variable: {nobody}})
		if want == 0.0 || len(got) != 1 || got[0] != want {
			t.Errorf("%s %s: %v connections, want %v", variable, nobody, got, want)
		}
		if variable == "staff" && !slices.Contains(v.options["staff"], nobody) {
			t.Errorf("%s is not offered", nobody)
		}
	}
}

// TestEveryConnectionIsOfACustomerOrUnmapped in the explorer.
func TestEveryConnectionIsOfACustomerOrUnmapped(t *testing.T) {
	count := func(customers ...string) float64 {
		return cells(t, "alpemix-connections", "Connections", "connections", selection{"customer": customers})[0].(float64)
	}
	server := filled(t)
	d := read(t)[3]
	var mapped []string
	for _, name := range looked(t, server, &d).options["customer"] {
		if name != "(unmapped)" {
			mapped = append(mapped, name)
		}
	}
	all, of, rest := cells(t, "alpemix-connections", "Connections", "connections", nil)[0].(float64), count(mapped...), count("(unmapped)")
	if of < 10 || rest < 10 || of+rest != all {
		t.Errorf("%v connections: %v of customers, %v of nobody", all, of, rest)
	}
}

// TestWhiteSpaceAroundNamesIsNoDifference, as in the mapping.
func TestWhiteSpaceAroundNamesIsNoDifference(t *testing.T) {
	blank := selection{"customer": {"Blank & Co"}}
	if got := cells(t, "alpemix-connections", "Connections", "connections", blank)[0]; got != 1.0 {
		t.Errorf("%v connections, want 1", got)
	}
	if got := cells(t, "alpemix-customers", "Customers", "customers", blank)[0]; got != 1.0 {
		t.Errorf("%v customers with allotments, want 1", got)
	}
}
