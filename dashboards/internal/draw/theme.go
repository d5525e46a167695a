package main

import "alpemix-collector/reseller/vendors"

// colorOf is the color of a named value.
type colorOf struct{ name, color string }

// A color means the same on every dashboard.
const (
	plain = "blue"
	good  = "green"
	warn  = "orange"
	bad   = "red"
	quiet = "#8e8e8e"
)

var (
	modeColors    = []colorOf{{"support", "blue"}, {"presentation", "purple"}, {"unknown", quiet}}
	vendorColors  = colorsOfVendors()
	outcomeColors = []colorOf{{"ok", good}, {"failed", bad}}
	officeColors  = []colorOf{{"in office hours", "blue"}, {"outside office hours", warn}}
)

func colorsOfVendors() []colorOf {
	all := []colorOf{{"alpemix", "blue"}}
	for _, v := range vendors.All {
		all = append(all, colorOf{v.Name, v.Color})
	}
	return all
}

func fixed(color string) object { return object{"mode": "fixed", "fixedColor": color} }

// steps are thresholds: a color, then pairs of a value and the color from there on.
func steps(color string, then ...any) object {
	all := list{object{"color": color, "value": nil}}
	for i := 0; i < len(then); i += 2 {
		all = append(all, object{"value": then[i], "color": then[i+1]})
	}
	return object{"mode": "absolute", "steps": all}
}

// byThreshold colors a value by thresholds.
func byThreshold(color string, then ...any) object {
	return object{"color": object{"mode": "thresholds"}, "thresholds": steps(color, then...)}
}

// shares colors the used share of an allotment.
func shares() object { return byThreshold(good, 0.8, warn, 1, bad) }

// hours is the unit for sums of durations. Grafana's own unit would show weeks.
const hours = "suffix: h"

// valueLabels maps values to words and colors.
func valueLabels(values []colorOf) list {
	words := object{}
	for i, v := range values {
		words[v.name] = object{"text": v.name, "color": v.color, "index": i}
	}
	return list{object{"type": "value", "options": words}}
}

// nobody is shown for an empty name.
const nobody = "(anonymous)"

var anonymous = list{object{"type": "special", "options": object{"match": "empty", "result": object{"text": nobody, "color": quiet}}}}

// bar draws the cells of a column as bars in one color.
func bar(color string) []any {
	return []any{"custom.cellOptions", object{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}, "color", fixed(color), "min", 0}
}

// hidden hides a table column that links need. Grafana 12 has two ways to do so, depending on the
// version.
var hidden = []any{"custom.hidden", true, "custom.hideFrom", object{"viz": true, "legend": false, "tooltip": false}}
