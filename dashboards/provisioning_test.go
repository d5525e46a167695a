package dashboards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestProvisionedDataSourcesAreThoseThatDashboardsBeginWith: dashboards select them by uid and by
// name.
func TestProvisionedDataSourcesAreThoseThatDashboardsBeginWith(t *testing.T) {
	var file struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			JSONData                     map[string]any    `yaml:"jsonData"`
			SecureJSONData               map[string]string `yaml:"secureJsonData"`
		}
	}
	provisioned(t, "datasources/alpemix.yml", &file)
	uids := map[string]string{}
	for _, s := range file.Datasources {
		uids[s.Type] = s.UID
	}
	begun := 0
	for _, d := range read(t) {
		for _, v := range d.Templating.List {
			if v.Type != "datasource" {
				continue
			}
			begun++
			var plugin string
			if err := json.Unmarshal(v.Query, &plugin); err != nil {
				t.Fatal(err)
			}
			if got := opening(t, &v); uids[plugin] == "" || got[0] != uids[plugin] {
				t.Errorf("%s: %s begins with %s; provisioned is %q", d.UID, v.Name, got, uids[plugin])
			}
		}
	}
	if only := fmt.Sprint(file.Datasources[0].JSONData["customSettings"]); only != "[map[setting:readonly value:2]]" {
		t.Errorf("whoever may write queries in Grafana may write into ClickHouse: %s", only)
	}
	if file.APIVersion != 1 || begun != 6 {
		t.Errorf("apiVersion %d; %d variables for data sources", file.APIVersion, begun)
	}
}

func TestDashboardsAreProvisionedIntoTheirFolder(t *testing.T) {
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type, Folder    string
			DisableDeletion       bool `yaml:"disableDeletion"`
			AllowUIUpdates        bool `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int  `yaml:"updateIntervalSeconds"`
			Options               struct{ Path string }
		}
	}
	provisioned(t, "dashboards/alpemix.yml", &file)
	if len(file.Providers) != 1 || file.Providers[0].Type != "file" || file.Providers[0].Folder != "Alpemix" || !filepath.IsAbs(file.Providers[0].Options.Path) {
		t.Errorf("%+v", file)
	}
}

// provisioned decodes a file; an unknown key is an error.
func provisioned(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("provisioning", name))
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
