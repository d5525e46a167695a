// Package dashboards holds the Grafana dashboards, as the JSON files that Grafana imports.
package dashboards

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:generate go run ./internal/draw .

//go:embed *.json
var files embed.FS

// Dashboard is one file.
type Dashboard struct {
	UID   string // never changes: URLs contain it
	Title string
	JSON  []byte
}

// All returns the dashboards, from the general to the specific.
func All() []Dashboard {
	var all []Dashboard
	for _, name := range []string{"overview", "staff", "customers", "connections", "health"} {
		text, err := files.ReadFile(name + ".json")
		d := Dashboard{JSON: text}
		if err == nil {
			err = json.Unmarshal(text, &d)
		}
		if err != nil {
			panic(fmt.Sprintf("dashboards: %s.json: %v", name, err)) // the package's tests prevent this
		}
		all = append(all, d)
	}
	return all
}
