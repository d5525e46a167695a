package main

import (
	"strconv"
	"strings"
)

// The data sources that a dashboard selects at first, if they exist: those of the provisioning
// files. Otherwise it selects the first one.
var (
	clickHouseVariable = source("datasource", "ClickHouse", "grafana-clickhouse-datasource", "alpemix-clickhouse", "Alpemix ClickHouse")
	prometheusVariable = source("prometheus", "Prometheus", "prometheus", "alpemix-prometheus", "Alpemix Prometheus")
)

func source(name, label, plugin, uid, title string) object {
	return object{
		"type": "datasource", "name": name, "label": label, "description": "Where this dashboard's data comes from", "query": plugin, "regex": "",
		"current": object{"selected": false, "text": title, "value": uid}, "options": list{}, "hide": 0, "includeAll": false, "multi": false, "refresh": 1, "skipUrlSync": false,
	}
}

// choice is a variable with several values, at first All. It offers the results of sql for the time
// range.
func choice(name, label, description, sql string) object {
	return object{
		"type": "query", "name": name, "label": label, "description": description, "datasource": clickHouse, "definition": sql,
		"query": sql,           // a text, because every version of the plugin reads it and shows it in its editor
		"regex": "", "sort": 0, // in the query's order
		"multi": true, "includeAll": true, "allowCustomValue": true,
		"current": object{"selected": true, "text": list{"All"}, "value": list{"$__all"}}, "options": list{},
		"hide": 0, "refresh": 2, "skipUrlSync": false,
	}
}

// singleChoice is a variable with one of the values that sql returns.
func singleChoice(name, label, description, sql, value string) object {
	v := choice(name, label, description, sql)
	v["multi"], v["includeAll"], v["refresh"] = false, false, 1
	v["current"] = object{"selected": true, "text": value, "value": value}
	return v
}

type option struct{ text, value string }

// picks is a variable with fixed values. Those in current are chosen, or all if there are none.
func picks(name, label, description string, options []option, current ...string) object {
	var query []string
	var offered, texts, values list
	for _, o := range options {
		selected := false
		for _, c := range current {
			if c == o.value {
				selected, texts, values = true, append(texts, o.text), append(values, o.value)
			}
		}
		offered = append(offered, object{"text": o.text, "value": o.value, "selected": selected})
		query = append(query, o.text+" : "+o.value)
	}
	v := object{
		"type": "custom", "name": name, "label": label, "description": description, "query": strings.Join(query, ", "), "options": offered,
		"multi": true, "includeAll": false, "current": object{"selected": true, "text": texts, "value": values}, "hide": 0, "skipUrlSync": false,
	}
	if len(current) == 0 {
		v["includeAll"], v["current"] = true, object{"selected": true, "text": list{"All"}, "value": list{"$__all"}}
	}
	return v
}

// pick is a variable with one of several fixed values.
func pick(name, label, description string, options []option, current string) object {
	v := picks(name, label, description, options, current)
	chosen := v["current"].(object)
	v["multi"], v["current"] = false, object{"selected": true, "text": chosen["text"].(list)[0], "value": current}
	return v
}

// text is a variable for typed text.
func text(name, label, description string) object {
	nothing := object{"selected": true, "text": "", "value": ""}
	return object{
		"type": "textbox", "name": name, "label": label, "description": description, "query": "", "current": nothing, "options": list{nothing}, "hide": 0, "skipUrlSync": false,
	}
}

// Variables of several dashboards.
var (
	account = choice("account", "Account", "Alpemix accounts", `SELECT DISTINCT account FROM connections WHERE $__timeFilter(started_at) ORDER BY account`)
	people  = choice("staff", "Staff", "Support staff by user name",
		"SELECT DISTINCT "+staffName+" AS name FROM connections WHERE $__timeFilter(started_at) AND "+chosen("account", "account")+" ORDER BY name")
	mode = picks("mode", "Mode", "The purpose of connections", []option{{"support", "support"}, {"presentation", "presentation"}, {"unknown", "unknown"}})
	zone = singleChoice("zone", "Time zone", "Zone for hours of the day and for the days in the time range. The day of a connection is always in its account's own zone.",
		`SELECT time_zone FROM system.time_zones ORDER BY time_zone`, "Europe/Istanbul")
	customer = choice("customer", "Customer", "Customers in the customers file; others by the vendor's name for them; (unmapped) is what no line of the file matches",
		"SELECT name FROM (\n  SELECT DISTINCT customer AS name FROM customers\n  UNION DISTINCT\n  SELECT DISTINCT name FROM ("+allAllotments("allotment_history")+")\n  UNION DISTINCT\n  SELECT '(unmapped)' AS name\n)\nORDER BY name")
	vendor = choice("vendor", "Vendor", "Reseller APIs", `SELECT DISTINCT vendor FROM allotment_history ORDER BY vendor`)
)

// Office hours; a dashboard shows what happens outside them.
var (
	officeFrom = pick("office_from", "Office opens", "Hour at which office hours start", clock(0, 23), "9")
	officeTo   = pick("office_to", "Office closes", "Hour at which office hours end", clock(1, 24), "18")
	workdays   = picks("workdays", "Workdays", "Days that have office hours", []option{
		{"Monday", "1"}, {"Tuesday", "2"}, {"Wednesday", "3"}, {"Thursday", "4"}, {"Friday", "5"}, {"Saturday", "6"}, {"Sunday", "7"},
	}, "1", "2", "3", "4", "5")
)

// clock returns the hours of the day as options.
func clock(first, last int) []option {
	var all []option
	for h := first; h <= last; h++ {
		all = append(all, option{strconv.Itoa(h), strconv.Itoa(h)})
	}
	return all
}
