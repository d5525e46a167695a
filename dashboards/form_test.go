package dashboards_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/dashboards"
)

func TestDashboardsAreWellFormed(t *testing.T) {
	uids := []string{"alpemix-overview", "alpemix-staff", "alpemix-customers", "alpemix-connections", "alpemix-health"}
	for i, d := range read(t) {
		t.Run(d.Title, func(t *testing.T) {
			if d.UID != uids[i] || d.ID != nil || d.SchemaVersion != 41 || !d.Editable || d.Timezone != "browser" {
				t.Errorf("uid %q, id %v, schema %d, editable %v, timezone %q", d.UID, d.ID, d.SchemaVersion, d.Editable, d.Timezone)
			}
			if d.Title == "" || d.Description == "" || !slices.Contains(d.Tags, "alpemix") || !strings.HasPrefix(d.Time.From, "now-") || d.Time.To != "now" {
				t.Errorf("description %q, tags %q, time %v", d.Description, d.Tags, d.Time)
			}
			if len(d.Links) != 1 || d.Links[0].Type != "dashboards" || !slices.Equal(d.Links[0].Tags, []string{"alpemix"}) || !d.Links[0].IncludeVars || !d.Links[0].KeepTime {
				t.Errorf("links to the others: %+v", d.Links)
			}
			seen, last := map[int]bool{}, 0
			for _, p := range d.Panels {
				if p.ID <= 0 || seen[p.ID] {
					t.Errorf("%s: id %d", p.Title, p.ID)
				}
				seen[p.ID] = true
				g := p.GridPos
				if g.X < 0 || g.W < 1 || g.X+g.W > 24 || g.H < 1 || g.Y < last {
					t.Errorf("%s: place %+v", p.Title, g)
				}
				last = g.Y
				for _, other := range d.Panels {
					o := other.GridPos
					if other.ID != p.ID && g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H {
						t.Errorf("%s lies on %s", p.Title, other.Title)
					}
				}
			}
			for _, p := range d.drawn() {
				if p.Title == "" || p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.FieldConfig.Defaults.NoValue == "" || len(p.Targets) == 0 {
					t.Errorf("%q: description %q, unit %q, no data %q, %d queries", p.Title, p.Description, p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.NoValue, len(p.Targets))
				}
			}
		})
	}
}

// TestNoDataSourceIsNamed: every data source is the one chosen on the dashboard.
func TestNoDataSourceIsNamed(t *testing.T) {
	for _, d := range dashboards.All() {
		var whole any
		if err := json.Unmarshal(d.JSON, &whole); err != nil {
			t.Fatal(err)
		}
		found := 0
		var walk func(any)
		walk = func(node any) {
			switch node := node.(type) {
			case []any:
				for _, child := range node {
					walk(child)
				}
			case map[string]any:
				if source, ok := node["datasource"]; ok {
					found++
					switch s, _ := json.Marshal(source); string(s) {
					case `{"type":"grafana-clickhouse-datasource","uid":"${datasource}"}`, `{"type":"prometheus","uid":"${prometheus}"}`:
					case `{"type":"grafana","uid":"-- Grafana --"}`:
						if node["builtIn"] != 1.0 {
							t.Errorf("%s: %s", d.Title, s)
						}
					default:
						t.Errorf("%s: %s", d.Title, s)
					}
				}
				for _, child := range node {
					walk(child)
				}
			}
		}
		walk(whole)
		if found < 10 {
			t.Errorf("%s: %d data sources", d.Title, found)
		}
	}
}

var (
	readFrom = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+([a-z_.]+)`)
	usedIn   = regexp.MustCompile(`\$\{(\w+)|\$([a-z]\w*)`)
)

// views lists the promised views, and whether a query has to limit the time: some show the present.
var views = map[string]bool{
	"connections": true, "daily_usage": true, "days": true, "fetches": true, "provisioning_log": true, "usage_vs_allotment": true,
	"quarantine": false, "allotments": false, "allotment_history": false, "customers": false, "system.time_zones": false, "numbers": false,
}

func TestQueriesReadViewsOfTheTimeRangeInLocalDays(t *testing.T) {
	for _, d := range read(t) {
		names := []string{}
		for _, v := range d.Templating.List {
			names = append(names, v.Name)
		}
		used := map[string]bool{"datasource": true}
		check := func(where, sql string) {
			for _, part := range usedIn.FindAllStringSubmatch(sql, -1) {
				name := part[1] + part[2]
				used[name] = true
				if !slices.Contains(names, name) {
					t.Errorf("%s: %s: there is no variable %s", d.UID, where, name)
				}
			}
			for _, from := range readFrom.FindAllStringSubmatch(sql, -1) {
				narrowed, known := views[from[1]]
				if !known {
					t.Errorf("%s: %s reads %s, which is no view of the contract", d.UID, where, from[1])
				}
				if narrowed && !strings.Contains(sql, "$__timeFilter(") && (!strings.Contains(sql, "$__fromTime") || !strings.Contains(sql, "$__toTime")) {
					t.Errorf("%s: %s does not keep to the time range", d.UID, where)
				}
				if from[1] == "connections" && where != "variable account" && !strings.Contains(sql, ", $account)") {
					t.Errorf("%s: %s does not heed the account", d.UID, where)
				}
			}
			for _, utc := range []string{"$__dateFilter", "$__dateTimeFilter", "toDate(started_at", "toStartOfDay", "toDayOfWeek(started_at", "toHour(started_at)", "today('"} {
				if strings.Contains(sql, utc) {
					t.Errorf("%s: %s: %s is not of the account's days", d.UID, where, utc)
				}
			}
		}
		for _, v := range d.Templating.List {
			if sql := v.sql(t); sql != "" {
				check("variable "+v.Name, sql)
			}
			if v.Label == "" || v.Description == "" {
				t.Errorf("%s: variable %s: label %q, description %q", d.UID, v.Name, v.Label, v.Description)
			}
		}
		for _, a := range d.Annotations.List {
			check("annotation "+a.Name, a.Target.RawSQL)
		}
		for _, p := range d.drawn() {
			for _, q := range p.Targets {
				isClickHouse := q.Datasource.Type == "grafana-clickhouse-datasource"
				if isClickHouse != (q.RawSQL != "") || isClickHouse == (q.Expr != "") || q.RefID == "" || q.Datasource.UID == "" {
					t.Errorf("%s: %s: %+v", d.UID, p.Title, q)
				}
				if isClickHouse && (q.EditorType != "sql" || !strings.HasPrefix(q.PluginVersion, "4.") || q.QueryType != []string{"timeseries", "table"}[q.Format]) {
					t.Errorf("%s: %s: %+v", d.UID, p.Title, q)
				}
				if !isClickHouse && q.Instant == q.Range {
					t.Errorf("%s: %s: instant %v, range %v", d.UID, p.Title, q.Instant, q.Range)
				}
				check(p.Title, q.RawSQL)
				for _, part := range usedIn.FindAllStringSubmatch(q.Expr, -1) {
					used[part[1]+part[2]] = true
				}
				used["prometheus"] = used["prometheus"] || !isClickHouse
			}
		}
		for _, name := range names {
			if !used[name] {
				t.Errorf("%s: the variable %s changes nothing", d.UID, name)
			}
		}
	}
}

// TestColorsAreCommon: a name has the same color everywhere.
func TestColorsAreCommon(t *testing.T) {
	colors := map[string][]byte{}
	for _, d := range read(t) {
		for _, p := range d.drawn() {
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					if property.ID != "color" || p.Type == "table" {
						continue
					}
					if before := colors[o.Matcher.Options]; before != nil && !bytes.Equal(before, property.Value) {
						t.Errorf("%s: %s: %s is %s, elsewhere %s", d.UID, p.Title, o.Matcher.Options, property.Value, before)
					}
					colors[o.Matcher.Options] = property.Value
				}
			}
		}
	}
	for _, name := range []string{"support", "presentation", "unknown", "ok", "failed", "remotepc"} {
		if colors[name] == nil {
			t.Errorf("%s has no colour", name)
		}
	}
}

// dayAsTime matches queries whose times are days.
var dayAsTime = regexp.MustCompile(`\b(local_day|day|toDate\(day\)) AS time\b`)

// TestDaysAreTheSameEverywhere: the plugin passes the browser's zone to each query, and converts a
// date to midnight at the start of that day there. A panel has that zone unless it sets another, so
// everyone sees that day.
func TestDaysAreTheSameEverywhere(t *testing.T) {
	found := 0
	for _, d := range read(t) {
		for _, p := range d.drawn() {
			if p.Type == "stat" || !dayAsTime.MatchString(p.Targets[0].RawSQL) {
				continue
			}
			found++
			if zone := p.Options["timezone"]; zone != nil {
				t.Errorf("%s: %s draws days in the zone %v", d.Title, p.Title, zone)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d panels draw days", found)
	}
}
