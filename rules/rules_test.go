package rules

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"alpemix-collector/dashboards"
	"alpemix-collector/rules/prometheustest"
)

const runbooks = "../docs/runbooks"

// variables returns the variables of the dashboards, by uid.
func variables(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, d := range dashboards.All() {
		var form struct {
			Templating struct{ List []struct{ Name string } }
		}
		if err := json.Unmarshal(d.JSON, &form); err != nil {
			t.Fatal(err)
		}
		all[d.UID] = []string{}
		for _, v := range form.Templating.List {
			all[d.UID] = append(all[d.UID], v.Name)
		}
	}
	return all
}

// alerts returns the names of all alerts with their severities.
func alerts(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, r := range prometheustest.Rules(t, ".") {
		if r.Alert != "" {
			all[r.Alert] = append(all[r.Alert], r.Labels["severity"])
		}
	}
	return all
}

func TestEveryAlertTellsWhatToDo(t *testing.T) {
	recorded, setVariable, known := regexp.MustCompile(`^[a-z_]+:[a-z_]+:[a-z0-9]+$`), regexp.MustCompile(`var-(\w+)=`), variables(t)
	for _, r := range prometheustest.Rules(t, ".") {
		if r.Alert == "" {
			if !recorded.MatchString(r.Record) {
				t.Errorf("%s: %s is not of the form level:metric:operations", r.File, r.Record)
			}
			continue
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) || len(r.Labels) != 1 {
			t.Errorf("%s: labels %v", r.Alert, r.Labels)
		}
		want := []string{"action", "dashboard_url", "description", "runbook_url", "summary"}
		if got := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(got, want) {
			t.Errorf("%s: annotations %q, want %q", r.Alert, got, want)
		}
		if want := `{{ or $externalLabels.runbooks_url "docs/runbooks" }}/` + r.Alert + ".md"; r.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url is %s, want %s", r.Alert, r.Annotations["runbook_url"], want)
		}
		base, path, _ := strings.Cut(r.Annotations["dashboard_url"], "/d/")
		uid, query, _ := strings.Cut(path, "?")
		if base != `{{ or $externalLabels.grafana_url "http://localhost:3000" }}` || known[uid] == nil {
			t.Errorf("%s: dashboard_url is %s", r.Alert, r.Annotations["dashboard_url"])
		}
		for _, variable := range setVariable.FindAllStringSubmatch(query, -1) {
			if !slices.Contains(known[uid], variable[1]) {
				t.Errorf("%s: the dashboard %s has no variable %s", r.Alert, uid, variable[1])
			}
		}
		for label := range strings.FieldsSeq("account vendor") {
			if strings.Contains(r.Expr, label) && !strings.Contains(r.Annotations["summary"], "$labels."+label) {
				t.Errorf("%s does not say which %s", r.Alert, label)
			}
		}
	}
}

// TestEveryAlertHasAPage, every page has an alert, and all are in the index.
func TestEveryAlertHasAPage(t *testing.T) {
	all := alerts(t)
	files, err := filepath.Glob(filepath.Join(runbooks, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages[strings.TrimSuffix(filepath.Base(file), ".md")] = string(text)
	}
	list := pages["README"]
	delete(pages, "README")
	for name := range all {
		page, ok := pages[name]
		if !ok {
			t.Errorf("%s has no page", name)
			continue
		}
		if !strings.HasPrefix(page, "# "+name+"\n") {
			t.Errorf("%s.md does not begin with its name", name)
		}
		at := 0
		for _, heading := range []string{"\n## Meaning\n", "\n## Impact\n", "\n## Find the cause\n", "\n## Fix\n"} {
			next := strings.Index(page, heading)
			if next < at {
				t.Errorf("%s.md: %q is missing, or not in its place", name, strings.TrimSpace(heading))
			}
			at = next
		}
		if !strings.Contains(list, "["+name+"]("+name+".md)") {
			t.Errorf("%s is not in the list of pages", name)
		}
	}
	for name := range pages {
		if all[name] == nil {
			t.Errorf("%s.md is of no alert", name)
		}
	}
}

// cases returns the files for promtool test rules.
type cases struct {
	Tests []struct {
		Name  string
		Rules []struct {
			Alertname string
			Expected  []struct {
				Labels map[string]string `yaml:"exp_labels"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

// alwaysFires is the one alert without a case in which it does not fire.
const alwaysFires = "Watchdog"

// TestEveryAlertHasCases in which it fires and, by promtool's count, cases in which it does not.
func TestEveryAlertHasCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c cases
		if err := yaml.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, test := range c.Tests {
			for _, r := range test.Rules {
				silent[r.Alertname] = silent[r.Alertname] || len(r.Expected) == 0
				for _, alert := range r.Expected {
					fires[r.Alertname+" "+alert.Labels["severity"]] = true
				}
			}
		}
	}
	for name, severities := range alerts(t) {
		for _, severity := range severities {
			if !fires[name+" "+severity] {
				t.Errorf("no case in which %s fires as %s", name, severity)
			}
		}
		if !silent[name] && name != alwaysFires {
			t.Errorf("no case in which %s must not fire", name)
		}
	}
}

func TestPromtool(t *testing.T) {
	t.Run("check rules", func(t *testing.T) {
		t.Parallel()
		prometheustest.Run(t, "promtool", append([]string{"check", "rules"}, prometheustest.Files(t, ".")...)...)
	})
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			prometheustest.Run(t, "promtool", "test", "rules", file)
		})
	}
}
