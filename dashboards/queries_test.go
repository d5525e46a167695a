package dashboards_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/sink/enginetest"
)

// looked returns d as it is just after opening, with the values that its variables offer.
func looked(t testing.TB, server *enginetest.Server, d *dashboard) *view {
	t.Helper()
	return lookedAt(t, server, d, today.AddDate(0, 0, -29), today)
}

func lookedAt(t testing.TB, server *enginetest.Server, d *dashboard, from, to time.Time) *view {
	t.Helper()
	v := &view{from: from, to: to, interval: time.Hour, chosen: selection{}, options: map[string][]string{}}
	for _, variable := range d.Templating.List {
		v.chosen[variable.Name] = opening(t, &variable)
		for _, o := range variable.Options {
			v.options[variable.Name] = append(v.options[variable.Name], o.Value)
		}
		if sql := variable.sql(t); sql != "" {
			a := ask(t, server, v.expand(t, sql))
			if len(a.Meta) != 1 || a.kind(t, 0) != isText {
				t.Fatalf("variable %s: %v; one column of texts is what every version of the plugin reads alike", variable.Name, a.Meta)
			}
			v.options[variable.Name], _ = a.column(a.Meta[0].Name)
			if len(a.Data) == 0 || slices.Contains(v.options[variable.Name], "") {
				t.Errorf("variable %s offers %q", variable.Name, v.options[variable.Name])
			}
		}
	}
	return v
}

// of returns v for a panel, which may have a time range of its own.
func (v *view) of(p *panel) *view {
	own := *v
	if p.TimeFrom == "90d" {
		own.from = v.to.AddDate(0, 0, -90)
	}
	return &own
}

// opening returns the initial choice of a variable; nil is All.
func opening(t testing.TB, v *variable) []string {
	t.Helper()
	var several []string
	if json.Unmarshal(v.Current.Value, &several) == nil {
		if slices.Equal(several, []string{"$__all"}) {
			return nil
		}
		return several
	}
	var one string
	if err := json.Unmarshal(v.Current.Value, &one); err != nil {
		t.Fatalf("variable %s: %s", v.Name, v.Current.Value)
	}
	return []string{one}
}

// TestQueriesAnswerWhatTheirPanelsNeed runs the query of every panel and every annotation on the engine.
func TestQueriesAnswerWhatTheirPanelsNeed(t *testing.T) {
	server := filled(t)
	asked := 0
	for _, d := range read(t) {
		t.Run(d.UID, func(t *testing.T) {
			v := looked(t, server, &d)
			for _, p := range d.drawn() {
				for _, q := range p.Targets {
					if q.RawSQL == "" {
						continue
					}
					asked++
					t.Run(p.Title, func(t *testing.T) {
						a := ask(t, server, v.of(&p).expand(t, q.RawSQL))
						if len(a.Data) == 0 {
							t.Fatal("no rows")
						}
						fits(t, &p, &q, &a)
					})
				}
			}
			for _, of := range d.Annotations.List {
				if of.BuiltIn == 0 {
					a := ask(t, server, v.expand(t, of.Target.RawSQL))
					if len(a.Data) == 0 || a.Meta[0].Name != "time" || a.kind(t, 0) != isTime || a.Meta[1].Name != "timeEnd" || a.kind(t, 1) != isTime {
						t.Errorf("annotation %s: %v, %d rows", of.Name, a.Meta, len(a.Data))
					}
				}
			}
		})
	}
	if asked < 60 {
		t.Errorf("only %d queries", asked)
	}
}

// fits compares an answer with what the panel needs.
func fits(t *testing.T, p *panel, q *target, a *answer) {
	t.Helper()
	kinds := make([]string, len(a.Meta))
	count := map[string]int{}
	for i := range a.Meta {
		kinds[i] = a.kind(t, i)
		count[kinds[i]]++
	}
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s: %v", p.Type, fmt.Sprintf(format, args...), a.Meta)
	}
	if q.Format == 0 {
		isSeries(t, a, kinds)
	}
	switch p.Type {
	case "timeseries", "status-history":
		if q.Format != 0 || count[isText] > 1 {
			bad("at most one text distinguishes series")
		}
		if count[isText] == 1 && p.FieldConfig.Defaults.DisplayName != "${__field.labels."+a.Meta[slices.Index(kinds, isText)].Name+"}" {
			bad("series are to be named by their text, not by %q", p.FieldConfig.Defaults.DisplayName)
		}
	case "heatmap":
		if q.Format != 0 || count[isText] > 0 || count[isNumber] < 2 {
			bad("a time and a number for each row of cells")
		}
	case "stat":
		if count[isNumber] != 1 || q.Format == 1 && (len(a.Data) != 1 || len(kinds) != 1) {
			bad("%d rows", len(a.Data))
		}
	case "piechart":
		if len(a.Data) != 1 || count[isNumber] < 2 || len(kinds) != count[isNumber] {
			bad("one row of numbers")
		}
	case "barchart":
		if kinds[0] != isText || a.Meta[0].Name != p.Options["xField"] || count[isNumber] != len(kinds)-1 || len(a.Data) < 2 {
			bad("a text and numbers beside it")
		}
	case "bargauge":
		if kinds[0] != isText || count[isNumber] != 1 || len(kinds) != 2 {
			bad("a text and a number")
		}
	case "table":
		if q.Format != 1 {
			bad("format %d", q.Format)
		}
		isNamed(t, p, a)
	default:
		bad("the tests do not know this panel")
	}
}

// isSeries: increasing times, then numbers, not all empty.
func isSeries(t *testing.T, a *answer, kinds []string) {
	t.Helper()
	if a.Meta[0].Name != "time" || kinds[0] != isTime || !slices.Contains(kinds[1:], isNumber) || slices.Contains(kinds[1:], isTime) {
		t.Errorf("not a series: %v", a.Meta)
		return
	}
	seen, last, sum := map[string]bool{}, time.Time{}, 0.0
	for _, row := range a.Data {
		at, _ := row[0].(time.Time)
		key := at.String()
		for i, cell := range row {
			if kinds[i] == isText {
				key += "\n" + fmt.Sprint(cell)
			}
			if n, ok := cell.(float64); ok {
				sum += n
			}
		}
		if at.Before(last) || seen[key] {
			t.Fatalf("%q after %s", key, last)
		}
		seen[key], last = true, at
	}
	if sum == 0 || len(a.Data) < 2 {
		t.Errorf("%d rows, whose sum is %v", len(a.Data), sum)
	}
}

var linkField = regexp.MustCompile(`\$\{__data\.fields\.(\w+)`)

// overridden returns the links of single columns of p.
func overridden(t *testing.T, p *panel) (all []link) {
	t.Helper()
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID != "links" {
				continue
			}
			var links []link
			if err := json.Unmarshal(property.Value, &links); err != nil {
				t.Fatal(err)
			}
			all = append(all, links...)
		}
	}
	return all
}

// isNamed: every column has a heading or is hidden, and every heading has a column.
func isNamed(t *testing.T, p *panel, a *answer) {
	t.Helper()
	named := map[string]bool{}
	var columns []string
	for _, m := range a.Meta {
		columns = append(columns, m.Name)
	}
	for _, o := range p.FieldConfig.Overrides {
		if !slices.Contains(columns, o.Matcher.Options) {
			t.Errorf("an override is of %s, of which there is no column in %v", o.Matcher.Options, columns)
		}
		for _, property := range o.Properties {
			if property.ID == "displayName" || property.ID == "custom.hidden" {
				named[o.Matcher.Options] = true
			}
		}
	}
	for _, l := range slices.Concat(p.FieldConfig.Defaults.Links, overridden(t, p)) {
		for _, part := range linkField.FindAllStringSubmatch(l.URL+l.Title, -1) {
			if !slices.Contains(columns, part[1]) {
				t.Errorf("a link uses %s, of which there is no column in %v", part[1], columns)
			}
		}
	}
	if p.FieldConfig.Defaults.Color.Mode == "continuous-BlPu" { // a heat map: the columns say what they are
		return
	}
	for _, c := range columns {
		if !named[c] {
			t.Errorf("the column %s has no heading", c)
		}
	}
}

// TestVariablesAreHonored chooses one value and several, some with quotes, of each variable with
// All.
func TestVariablesAreHonored(t *testing.T) {
	server := filled(t)
	columns := map[string][]string{"staff": {"staff_name", "staff"}, "account": {"account"}, "vendor": {"vendor"}, "mode": {"mode"}, "customer": {"name"}, "resource": {"resource"}}
	checked := map[string]int{}
	for _, d := range read(t) {
		v := looked(t, server, &d)
		for _, variable := range d.Templating.List {
			if !variable.IncludeAll {
				continue
			}
			name := variable.Name
			for _, values := range [][]string{v.options[name][:1], {awkward.Staff.Name, "Müller's", v.options[name][0]}} {
				v.chosen[name] = values
				for _, p := range d.drawn() {
					for _, q := range p.Targets {
						if !strings.Contains(q.RawSQL, ", $"+name+")") {
							continue
						}
						a := ask(t, server, v.of(&p).expand(t, q.RawSQL))
						for _, column := range columns[name] {
							shown, _ := a.column(column)
							for _, s := range shown {
								checked[name]++
								if column == "staff_name" && s == "" { // for which the panel shows this
									s = "(anonymous)"
								}
								if !slices.Contains(values, s) {
									t.Errorf("%s: %s: %q is shown with %s %q", d.UID, p.Title, s, name, values)
									break
								}
							}
						}
					}
				}
			}
			v.chosen[name] = nil
		}
	}
	for name := range columns {
		if checked[name] < 10 {
			t.Errorf("of %s only %d values were seen", name, checked[name])
		}
	}
}

// TestTypedTextIsLiteral tries each filter of the explorer with text that is hard to quote.
func TestTypedTextIsLiteral(t *testing.T) {
	server := filled(t)
	d := read(t)[3]
	table := d.Panels[len(d.Panels)-1]
	if table.Type != "table" {
		t.Fatalf("the last panel of %s is a %s", d.Title, table.Type)
	}
	v := looked(t, server, &d)
	v.chosen["staff"] = []string{awkward.Staff.Name}
	for name, values := range map[string][]string{
		"target": {"söhne's büro (n", "a+b=c%"}, "support_number": {"a'1 & 2"}, "ip": {"203.0.113.", "fe80::"}, "text": {`c:\new\"RAPOR" 100 %`, "o'brien"},
		"customer": {"Müller's"},
	} {
		for _, value := range values {
			v.chosen[name] = []string{value}
			if a := ask(t, server, v.expand(t, table.Targets[0].RawSQL)); len(a.Data) != 3 {
				t.Errorf("%s %s: %d connections", name, value, len(a.Data))
			}
		}
		v.chosen[name] = []string{"nobody has this"}
		if a := ask(t, server, v.expand(t, table.Targets[0].RawSQL)); len(a.Data) != 0 {
			t.Errorf("%s: %d connections have what nobody has", name, len(a.Data))
		}
		delete(v.chosen, name)
		v.chosen[name] = nil
	}
}
