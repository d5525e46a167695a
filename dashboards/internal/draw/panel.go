package main

import "maps"

// panel is a panel without a position.
type panel struct {
	kind, title, description string
	width, height            int
	unit                     string
	empty                    string // text for no data
	targets                  list
	options                  object
	defaults, custom         object // for every field
	overrides                list
	links                    list // of the panel itself
	transformations          list
	last                     string // its own time range; "" for the dashboard's
}

func (p *panel) json() object {
	defaults := merge(object{
		"unit": p.unit, "noValue": p.empty, "mappings": list{}, "color": object{"mode": "palette-classic"}, "custom": p.custom, "thresholds": steps("text"),
	}, p.defaults)
	source := p.targets[0].(object)["datasource"]
	drawn := object{
		"type": p.kind, "title": p.title, "description": p.description, "pluginVersion": grafanaVersion, "datasource": source, "targets": p.targets,
		"options": p.options, "fieldConfig": object{"defaults": defaults, "overrides": orEmpty(p.overrides)},
		"links": orEmpty(p.links), "transformations": orEmpty(p.transformations), "transparent": false,
	}
	if p.last != "" {
		drawn["timeFrom"] = p.last
	}
	return drawn
}

// merge returns both in a new object. more wins over most.
func merge(most, more object) object {
	all := object{}
	maps.Copy(all, most)
	maps.Copy(all, more)
	return all
}

func orEmpty(l list) list {
	if l == nil {
		return list{}
	}
	return l
}

// size sets the size on the grid of 24 columns.
func (p panel) size(width, height int) panel {
	p.width, p.height = width, height
	return p
}

// withRange sets a time range of the panel's own.
func (p panel) withRange(last string) panel {
	p.last = last
	return p
}

// withDefaults adds defaults for all fields.
func (p panel) withDefaults(defaults object) panel {
	p.defaults = merge(p.defaults, defaults)
	return p
}

// withCustom adds settings for how fields are drawn.
func (p panel) withCustom(custom object) panel {
	p.custom = merge(p.custom, custom)
	return p
}

// withOptions adds options.
func (p panel) withOptions(options object) panel {
	p.options = merge(p.options, options)
	return p
}

// field adds properties for the fields with that name, as pairs of id and value.
func (p panel) field(name string, properties ...any) panel {
	var all list
	for i := 0; i < len(properties); i += 2 {
		all = append(all, object{"id": properties[i], "value": properties[i+1]})
	}
	override := object{"matcher": object{"id": "byName", "options": name}, "properties": all}
	p.overrides = append(p.overrides[:len(p.overrides):len(p.overrides)], override)
	return p
}

// withColors gives fields fixed colors.
func (p panel) withColors(colors []colorOf) panel {
	for _, c := range colors {
		p = p.field(c.name, "color", fixed(c.color))
	}
	return p
}

// withValueLinks adds links to the values.
func (p panel) withValueLinks(links ...object) panel { return p.withDefaults(object{"links": links}) }

// withLink adds links to the panel's corner.
func (p panel) withLink(links ...object) panel {
	for _, l := range links {
		p.links = append(p.links[:len(p.links):len(p.links)], l)
	}
	return p
}

var hideFrom = object{"legend": false, "tooltip": false, "viz": false}

func legend(placement string, values ...any) object {
	return object{"showLegend": true, "displayMode": "list", "placement": placement, "calcs": orEmpty(values)}
}

var allSeries = object{"mode": "multi", "sort": "desc", "hideZeros": true}

// lines is a panel of series over time.
func lines(title, description, unit, empty string, targets ...any) panel {
	return panel{
		kind: "timeseries", title: title, description: description, unit: unit, empty: empty, targets: targets,
		options: object{"legend": legend("bottom"), "tooltip": allSeries},
		custom: object{
			"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 10, "gradientMode": "none", "spanNulls": false, "insertNulls": false,
			"showPoints": "auto", "pointSize": 4, "stacking": object{"mode": "none", "group": "A"}, "axisPlacement": "auto", "axisLabel": "", "axisColorMode": "text",
			"axisBorderShow": false, "axisCenteredZero": false, "scaleDistribution": object{"type": "linear"}, "hideFrom": hideFrom,
			"thresholdsStyle": object{"mode": "off"}, "barAlignment": 1, "barWidthFactor": 0.8,
		},
		defaults: object{"min": 0},
	}
}

// bars is a panel of stacked bars over time. A bar starts at the start of its day or hour.
func bars(title, description, unit, empty string, targets ...any) panel {
	return lines(title, description, unit, empty, targets...).withCustom(object{
		"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0, "showPoints": "never", "stacking": object{"mode": "normal", "group": "A"},
	})
}

// number is a panel with one number, which calc reduces the result to.
func number(title, description, unit, empty, calc string, targets ...any) panel {
	graph := "none"
	if calc == "sum" { // a series, drawn behind the number
		graph = "area"
	}
	return panel{
		kind: "stat", title: title, description: description, unit: unit, empty: empty, targets: targets,
		options: object{
			"colorMode": "value", "graphMode": graph, "justifyMode": "auto", "orientation": "auto", "percentChangeColorMode": "standard",
			"reduceOptions": object{"calcs": list{calc}, "fields": "", "values": false}, "showPercentChange": false, "textMode": "auto", "wideLayout": true,
		},
		custom: object{}, defaults: object{"color": fixed(plain)},
	}
}

// categories is a panel of bars side by side, one per value of column x.
func categories(title, description, unit, empty, x string, targets ...any) panel {
	return panel{
		kind: "barchart", title: title, description: description, unit: unit, empty: empty, targets: targets,
		options: object{
			"xField": x, "orientation": "auto", "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "showValue": "auto", "stacking": "normal",
			"groupWidth": 0.7, "barWidth": 0.9, "barRadius": 0, "fullHighlight": false, "legend": legend("bottom"), "tooltip": allSeries,
		},
		custom: object{
			"lineWidth": 0, "fillOpacity": 80, "gradientMode": "none", "axisPlacement": "auto", "axisLabel": "", "axisColorMode": "text", "axisBorderShow": false,
			"axisCenteredZero": false, "scaleDistribution": object{"type": "linear"}, "hideFrom": hideFrom, "thresholdsStyle": object{"mode": "off"},
		},
		defaults: object{"min": 0},
	}
}

// table is a panel of rows. Call column for each column.
func table(title, description, empty string, targets ...any) panel {
	return panel{
		kind: "table", title: title, description: description, unit: "none", empty: empty, targets: targets,
		options: object{
			"showHeader": true, "cellHeight": "sm", "footer": object{"show": false, "countRows": false, "fields": "", "reducer": list{"sum"}}, "sortBy": list{},
		},
		custom:   object{"align": "auto", "cellOptions": object{"type": "auto"}, "filterable": true, "inspect": false},
		defaults: object{"color": object{"mode": "thresholds"}},
	}
}

// column sets a column's heading and more properties.
func (p panel) column(name, heading string, properties ...any) panel {
	return p.field(name, append([]any{"displayName", heading}, properties...)...)
}

// gauges is a panel with one bar per row.
func gauges(title, description, unit, empty string, targets ...any) panel {
	return panel{
		kind: "bargauge", title: title, description: description, unit: unit, empty: empty, targets: targets,
		options: object{
			"displayMode": "basic", "orientation": "horizontal", "showUnfilled": true, "valueMode": "color", "namePlacement": "left", "sizing": "auto",
			"minVizHeight": 16, "minVizWidth": 8, "maxVizHeight": 30, "legend": legend("bottom"),
			"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "", "values": true, "limit": 50},
		},
		custom: object{}, defaults: object{"min": 0},
	}
}
