package dashboards_test

import (
	"encoding/json"
	"slices"
	"testing"

	"alpemix-collector/dashboards"
	"alpemix-collector/sink/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// The parts of Grafana's dashboard model that the tests read.
type (
	dashboard struct {
		ID                      *int
		UID, Title, Description string
		Tags                    []string
		Editable                bool
		SchemaVersion           int
		Refresh, Timezone       string
		Time                    struct{ From, To string }
		Links                   []struct {
			Type                  string
			Tags                  []string
			IncludeVars, KeepTime bool
		}
		Panels      []panel
		Templating  struct{ List []variable }
		Annotations struct{ List []annotation }
	}
	panel struct {
		ID                       int
		Type, Title, Description string
		GridPos                  struct{ X, Y, W, H int }
		TimeFrom                 string
		Datasource               *dataSource
		Targets                  []target
		Links                    []link
		Options                  map[string]any
		FieldConfig              struct {
			Defaults struct {
				Unit, NoValue string
				DisplayName   string
				Links         []link
				Color         struct{ Mode, FixedColor string }
			}
			Overrides []struct {
				Matcher    struct{ ID, Options string }
				Properties []struct {
					ID    string
					Value json.RawMessage
				}
			}
		}
	}
	target struct {
		Datasource                  dataSource
		RefID, RawSQL, Expr         string
		EditorType, QueryType       string
		PluginVersion, LegendFormat string
		Format                      int
		Instant, Range              bool
	}
	dataSource struct{ Type, UID string }
	link       struct{ Title, URL string }
	variable   struct {
		Name, Type, Label, Description, AllValue string
		Datasource                               *dataSource
		Query                                    json.RawMessage
		Multi, IncludeAll                        bool
		Current                                  struct{ Value json.RawMessage }
		Options                                  []struct{ Value string }
	}
	annotation struct {
		BuiltIn    int
		Name       string
		Datasource dataSource
		Target     target
	}
)

func read(t testing.TB) []dashboard {
	t.Helper()
	var all []dashboard
	for _, d := range dashboards.All() {
		var read dashboard
		if err := json.Unmarshal(d.JSON, &read); err != nil {
			t.Fatalf("%s: %v", d.Title, err)
		}
		all = append(all, read)
	}
	return all
}

// drawn returns the panels of d that show something.
func (d *dashboard) drawn() []panel {
	return slices.DeleteFunc(slices.Clone(d.Panels), func(p panel) bool { return p.Type == "row" })
}

// sql returns the query of a variable of ClickHouse, "" for others.
func (v *variable) sql(t testing.TB) string {
	t.Helper()
	if v.Type != "query" {
		return ""
	}
	var query string
	if err := json.Unmarshal(v.Query, &query); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return query
}
