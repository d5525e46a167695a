package grafana

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// mark says what was put into Grafana and which version that became. Grafana counts a dashboard's versions up by one with each
// save: as long as the version is the mark's, nobody has saved it since. So Grafana may rewrite the JSON as it likes.
type mark struct {
	digest  string
	version int
}

// markName is a hidden constant among the dashboard's variables: whatever else Grafana does to a dashboard, variables it keeps.
const markName = "pushed_by_collector"

func digest(board []byte) string {
	sum := sha256.Sum256(board)
	return hex.EncodeToString(sum[:8])
}

// markOf is the mark of a dashboard as Grafana tells it, nothing if it has none.
func markOf(board []byte) (m mark) {
	var d struct {
		Templating struct {
			List []struct {
				Name  string
				Query any // a text in constants, an object elsewhere
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

// marked is board with the mark of the version after this one.
func marked(board []byte, version int) ([]byte, error) {
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
		"description": "By this collector dashboards push knows whether the dashboard was changed in Grafana",
	})}
	d["version"] = version
	return json.Marshal(d)
}
