package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object and list are a JSON object and array.
type (
	object = map[string]any
	list   = []any
)

// grafanaVersion is the version that the panels' options are written for.
const grafanaVersion = "12.0.0"

// tag is common to the dashboards; the links between them use it.
const tag = "alpemix"

const columns = 24

type dashboard struct {
	uid, title, description string
	from                    string // start of the default time range, which ends now
	refresh                 string
	variables               list
	sections                []section
}

// section is a heading and the panels below it, left to right and top to bottom.
type section struct {
	title  string // "" for the top of the dashboard, which has no heading
	panels []panel
}

func (d *dashboard) text() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // "<=" in SQL stays readable
	e.SetIndent("", "  ")
	if err := e.Encode(d.json()); err != nil {
		panic("draw: " + err.Error()) // nothing in it can fail to encode
	}
	return b.Bytes()
}

func (d *dashboard) json() object {
	return object{
		"id": nil, "uid": d.uid, "title": d.title, "description": d.description, "tags": list{tag}, "editable": true, "schemaVersion": 41, "version": 0,
		"time": object{"from": d.from, "to": "now"}, "timepicker": object{}, "timezone": "browser", "weekStart": "", "fiscalYearStartMonth": 0,
		"refresh": d.refresh, "graphTooltip": 1, "liveNow": false, "preload": false,
		"templating":  object{"list": d.variables},
		"annotations": object{"list": annotations()},
		"links": list{object{
			"type": "dashboards", "tags": list{tag}, "title": "Alpemix", "icon": "external link", "tooltip": "", "url": "",
			"asDropdown": false, "includeVars": true, "keepTime": true, "targetBlank": false,
		}},
		"panels": d.layout(),
	}
}

// layout returns the panels with their ids and positions.
func (d *dashboard) layout() list {
	var all list
	id, x, y, tallest := 0, 0, 0, 0
	place := func(p object, width, height int) {
		if x+width > columns {
			x, y, tallest = 0, y+tallest, 0
		}
		id++
		p["id"], p["gridPos"] = id, object{"x": x, "y": y, "w": width, "h": height}
		all = append(all, p)
		x, tallest = x+width, max(tallest, height)
	}
	for _, s := range d.sections {
		x, y, tallest = 0, y+tallest, 0
		if s.title != "" {
			place(object{"type": "row", "title": s.title, "collapsed": false, "panels": list{}}, columns, 1)
		}
		for _, p := range s.panels {
			if p.width == 0 || p.height == 0 {
				panic(fmt.Sprintf("draw: %s: %s has no size", d.title, p.title))
			}
			place(p.json(), p.width, p.height)
		}
	}
	return all
}
