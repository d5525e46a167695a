package dashboards_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var linkPart = regexp.MustCompile(`\$\{([^}]+)\}`)

// TestEveryPanelLeadsToTheConnectionsBehindIt with the time range and filters that the explorer has.
func TestEveryPanelLeadsToTheConnectionsBehindIt(t *testing.T) {
	all := read(t)
	filters := map[string]bool{}
	for _, v := range all[3].Templating.List {
		filters[v.Name] = true
	}
	links := 0
	for _, d := range all {
		own := map[string]bool{}
		for _, v := range d.Templating.List {
			own[v.Name] = true
		}
		for _, p := range d.drawn() {
			found := slices.Concat(p.Links, p.FieldConfig.Defaults.Links, overridden(t, &p))
			for _, l := range found {
				links++
				for _, problem := range problems(l, own, filters) {
					t.Errorf("%s: %s: %s: %s", d.UID, p.Title, l.URL, problem)
				}
			}
			text := p.Targets[0].RawSQL
			behind := strings.Contains(text, "FROM connections") || strings.Contains(text, "FROM usage_vs_allotment") || strings.Contains(text, "resource")
			if behind && d.UID != "alpemix-connections" && len(p.Links) == 0 && p.Title != "Oldest snapshot" {
				t.Errorf("%s: %s leads nowhere", d.UID, p.Title)
			}
		}
	}
	if links < 60 {
		t.Errorf("only %d links", links)
	}
}

// problems returns what is wrong with a link from a dashboard with the variables own to the
// explorer with the variables filters.
func problems(l link, own, filters map[string]bool) (all []string) {
	path, query, _ := strings.Cut(l.URL, "?")
	if path != "/d/alpemix-connections" {
		all = append(all, "does not lead to the explorer")
	}
	if !strings.Contains(query, "${__url_time_range}") && (!strings.Contains(query, "from=") || !strings.Contains(query, "to=")) {
		all = append(all, "loses the time range")
	}
	if !strings.Contains(query, "${datasource:queryparam}") {
		all = append(all, "loses the data source")
	}
	for part := range strings.SplitSeq(query, "&") {
		if name, value, found := strings.Cut(part, "="); found {
			filter, isFilter := strings.CutPrefix(name, "var-")
			switch {
			case isFilter && !filters[filter]:
				all = append(all, "the explorer has no "+filter)
			case isFilter && (!strings.HasPrefix(value, "${") || !strings.HasSuffix(value, ":percentencode}")):
				all = append(all, value+" is not escaped")
			case !isFilter && name != "from" && name != "to":
				all = append(all, name+" means nothing")
			}
			continue
		}
		name, isVariable := strings.CutSuffix(strings.TrimPrefix(part, "${"), ":queryparam}")
		if part != "${__url_time_range}" && (!isVariable || !own[name] || !filters[name]) {
			all = append(all, part+" is not a variable of both")
		}
	}
	if _, err := url.Parse(linkPart.ReplaceAllString(l.URL, "x")); err != nil {
		all = append(all, err.Error())
	}
	return all
}
