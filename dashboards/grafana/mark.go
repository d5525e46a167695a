package grafana

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// mark records what was pushed and the version that Grafana gave it. Grafana increments a
// dashboard's version at each save: while the version is the mark's, nobody else has saved it. So
// it does not matter how Grafana rewrites the JSON.
type mark struct {
	digest  string
	version int
}

// markName is a hidden constant among the dashboard's variables, which Grafana keeps whatever else
// it changes.
const markName = "pushed_by_collector"

func digest(board []byte) string {
	sum := sha256.Sum256(board)
	return hex.EncodeToString(sum[:8])
}

// markOf returns the mark of a dashboard read from Grafana, version -1 if it has none.
func markOf(board []byte) (m mark) {
	var d struct {
		Templating struct {
			List []struct {
				Name  string
				Query any // a text in constants, else an object
			}
		}
	}
	m.version = -1
	if json.Unmarshal(board, &d) != nil {
		return m
	}
	for _, v := range d.Templating.List {
		if text, ok := v.Query.(string); ok && v.Name == markName {
			if n, _ := fmt.Sscanf(text, "%16s version %d", &m.digest, &m.version); n != 2 {
				return mark{version: -1}
			}
		}
	}
	return m
}

// withMark returns board with the mark of the next version.
func withMark(board []byte, version int) ([]byte, error) {
	var d map[string]any
	if err := json.Unmarshal(board, &d); err != nil {
		return nil, err
	}
	templating, _ := d["templating"].(map[string]any)
	list, _ := templating["list"].([]any)
	text := fmt.Sprintf("%s version %d", digest(board), version+1)
	value := map[string]any{"selected": false, "text": text, "value": text}
	d["templating"] = map[string]any{"list": append(list, map[string]any{
		"type": "constant", "name": markName, "label": "", "hide": 2, "skipUrlSync": true, "query": text, "current": value, "options": []any{value},
		"description": "collector dashboards push uses this to detect changes made in Grafana",
	})}
	d["version"] = version
	return json.Marshal(d)
}
