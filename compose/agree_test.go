package compose_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"

	"alpemix-collector/internal/config"
)

// read decodes a file of the repository.
func read(t *testing.T, into any, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// source returns the host's path of a container's path. For a file in a volume it returns the path
// in the volume.
func source(t *testing.T, s types.ServiceConfig, path string) string {
	t.Helper()
	for _, v := range s.Volumes {
		if rest, ok := strings.CutPrefix(path, v.Target); ok && (rest == "" || rest[0] == '/') {
			return filepath.Join(v.Source, rest)
		}
	}
	t.Errorf("%s has nothing at %s", s.Name, path)
	return ""
}

// TestCollectorsAreConfigured: docker-compose.yml contains no configuration key that was renamed.
func TestCollectorsAreConfigured(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for profile, name := range map[string]string{"collect": "collector", "demo": "demo"} {
		s := load(t, profile).Services[name]
		example, err := os.ReadFile(filepath.Join(root, "collector.example.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "collector.yaml")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(example), "alpemix.key", secret)), 0o600); err != nil {
			t.Fatal(err)
		}
		environ := strings.Fields(parseDockerfile(t).last().all("ENV")[0])
		for key, value := range s.Environment {
			if strings.HasSuffix(key, "_PASSWORD_FILE") {
				if source(t, s, *value) != "passwords/clickhouse_password" {
					t.Errorf("%s: %s is %s", name, key, *value)
				}
				*value = secret
			}
			environ = append(environ, key+"="+*value)
		}
		c, err := config.Load(file, environ)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.ClickHouse.DSN.Embedded() || c.ClickHouse.Database != "alpemix" || c.StateDir != "/var/lib/collector" || len(c.Warnings) != 0 {
			t.Errorf("%s: %+v", name, c)
		}
		if source(t, s, c.StateDir) != name {
			t.Errorf("%s stores its state in the volume of another service", name)
		}
	}
	s := load(t, "collect").Services["collector"]
	if file := s.Environment[config.EnvFile]; file == nil || filepath.Base(filepath.Dir(source(t, s, *file))) != "config" {
		t.Errorf("the configuration file is not from the folder config")
	}
}

// TestPrometheusTargets: Prometheus reaches the other services by their names in the stack.
func TestPrometheusTargets(t *testing.T) {
	type targets []struct {
		StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
	}
	for profile, collector := range map[string]string{"collect": "collector", "demo": "demo"} {
		p := load(t, profile)
		var c struct {
			Alerting      struct{ Alertmanagers targets }
			ScrapeConfigs targets  `yaml:"scrape_configs"`
			RuleFiles     []string `yaml:"rule_files"`
		}
		prometheus := p.Services["prometheus"]
		read(t, &c, source(t, prometheus, "/etc/prometheus/prometheus.yml"))
		var found []string
		for _, group := range append(c.Alerting.Alertmanagers, c.ScrapeConfigs...) {
			for _, s := range group.StaticConfigs {
				found = append(found, s.Targets...)
			}
		}
		slices.Sort(found)
		if want := []string{"alertmanager:9093", "collector:9187", "localhost:9090"}; !slices.Equal(found, want) {
			t.Errorf("Prometheus scrapes %q, not %q", found, want)
		}
		if aliases := p.Services[collector].Networks["default"].Aliases; !slices.Contains(aliases, "collector") {
			t.Errorf("%s has the names %q", collector, aliases)
		}
		for _, pattern := range c.RuleFiles {
			if files, err := filepath.Glob(source(t, prometheus, pattern)); err != nil || len(files) == 0 {
				t.Errorf("%s: no rules; %v", pattern, err)
			}
		}
	}
}

// TestGrafanaSources: Grafana reaches its data sources with their password, and finds its
// dashboards.
func TestGrafanaSources(t *testing.T) {
	p := load(t, "demo")
	grafana, clickHouse := p.Services["grafana"], p.Services["clickhouse"]
	var sources struct {
		Datasources []struct {
			Type, URL string
			JSONData  struct {
				Host, Username string
				Port           int
				Database       string `yaml:"defaultDatabase"`
			} `yaml:"jsonData"`
			Secure map[string]string `yaml:"secureJsonData"`
		}
	}
	read(t, &sources, source(t, grafana, "/etc/grafana/provisioning/datasources/alpemix.yml"))
	for _, s := range sources.Datasources {
		switch s.Type {
		case "prometheus":
			if s.URL != "http://prometheus:9090" {
				t.Errorf("Prometheus is at %s", s.URL)
			}
		case "grafana-clickhouse-datasource":
			file := strings.TrimSuffix(strings.TrimPrefix(s.Secure["password"], "$__file{"), "}")
			if s.JSONData.Host != "clickhouse" || s.JSONData.Port != 9000 || s.JSONData.Database != "alpemix" || s.JSONData.Username != *clickHouse.Environment["CLICKHOUSE_USER"] ||
				source(t, grafana, file) != source(t, clickHouse, *clickHouse.Environment["CLICKHOUSE_PASSWORD_FILE"]) {
				t.Errorf("ClickHouse is at %+v with %s", s.JSONData, file)
			}
		}
	}
	if len(sources.Datasources) != 2 {
		t.Errorf("%d data sources", len(sources.Datasources))
	}
	var dashboards struct {
		Providers []struct{ Options struct{ Path string } }
	}
	read(t, &dashboards, source(t, grafana, "/etc/grafana/provisioning/dashboards/alpemix.yml"))
	for _, d := range dashboards.Providers {
		if files, err := filepath.Glob(filepath.Join(source(t, grafana, d.Options.Path), "*.json")); err != nil || len(files) == 0 {
			t.Errorf("no dashboards in %s; %v", d.Options.Path, err)
		}
	}
	if _, err := os.Stat(source(t, grafana, *grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])); err != nil {
		t.Error(err)
	}
	if file := source(t, grafana, *grafana.Environment["GF_SECURITY_ADMIN_PASSWORD__FILE"]); file != "passwords/grafana_password" {
		t.Errorf("the password is %s", file)
	}
}
