package main

import (
	"strconv"
	"strings"
)

// The data sources that a dashboard begins with where they exist: those of the provisioning files. Else it takes the first.
var (
	clickHouseVariable = source("datasource", "ClickHouse", "grafana-clickhouse-datasource", "alpemix-clickhouse", "Alpemix ClickHouse")
	prometheusVariable = source("prometheus", "Prometheus", "prometheus", "alpemix-prometheus", "Alpemix Prometheus")
)

func source(name, label, plugin, uid, title string) object {
	return object{
		"type": "datasource", "name": name, "label": label, "description": "Where the data of this dashboard come from", "query": plugin, "regex": "",
		"current": object{"selected": false, "text": title, "value": uid}, "options": list{}, "hide": 0, "includeAll": false, "multi": false, "refresh": 1, "skipUrlSync": false,
	}
}

// choice is a variable of several values, All to begin with. It offers what sql answers for the time range.
func choice(name, label, description, sql string) object {
	return object{
		"type": "query", "name": name, "label": label, "description": description, "datasource": clickHouse, "definition": sql,
		"query": sql,           // a text: every version of the plugin reads it, and shows it in its editor
		"regex": "", "sort": 0, // as the query sorts
		"multi": true, "includeAll": true, "allowCustomValue": true,
		"current": object{"selected": true, "text": list{"All"}, "value": list{"$__all"}}, "options": list{},
		"hide": 0, "refresh": 2, "skipUrlSync": false,
	}
}

// one is a variable of one value that sql offers.
func one(name, label, description, sql, value string) object {
	v := choice(name, label, description, sql)
	v["multi"], v["includeAll"], v["refresh"] = false, false, 1
	v["current"] = object{"selected": true, "text": value, "value": value}
	return v
}

type option struct{ text, value string }

// picks is a variable of fixed values; those in current are chosen, all if there are none.
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

// pick is a variable of one of fixed values.
func pick(name, label, description string, options []option, current string) object {
	v := picks(name, label, description, options, current)
	chosen := v["current"].(object)
	v["multi"], v["current"] = false, object{"selected": true, "text": chosen["text"].(list)[0], "value": current}
	return v
}

// text is a variable that is typed in.
func text(name, label, description string) object {
	nothing := object{"selected": true, "text": "", "value": ""}
	return object{
		"type": "textbox", "name": name, "label": label, "description": description, "query": "", "current": nothing, "options": list{nothing}, "hide": 0, "skipUrlSync": false,
	}
}

// Variables that several dashboards have.
var (
	account = choice("account", "Account", "Alpemix accounts", `SELECT DISTINCT account FROM connections WHERE $__timeFilter(started_at) ORDER BY account`)
	people  = choice("staff", "Staff", "Support staff by user name",
		"SELECT DISTINCT "+staffName+" AS name FROM connections WHERE $__timeFilter(started_at) AND "+chosen("account", "account")+" ORDER BY name")
	mode = picks("mode", "Mode", "What connections are made for", []option{{"support", "support"}, {"presentation", "presentation"}, {"unknown", "unknown"}})
	zone = one("zone", "Time zone", "Zone in which hours of the day are counted, and in which days of the calendar lie in the time range. Which day a connection belongs to is told by its account's own zone.",
		`SELECT time_zone FROM system.time_zones ORDER BY time_zone`, "Europe/Istanbul")
	customer = choice("customer", "Customer", "Customers of the customers file; those who are not in it, by the vendor's name for them; (unmapped) is what none of its lines fits",
		"SELECT name FROM (\n  SELECT DISTINCT customer AS name FROM customers\n  UNION DISTINCT\n  SELECT DISTINCT name FROM ("+anyone("allotment_history")+")\n  UNION DISTINCT\n  SELECT '(unmapped)' AS name\n)\nORDER BY name")
	vendor = choice("vendor", "Vendor", "Reseller interfaces", `SELECT DISTINCT vendor FROM allotment_history ORDER BY vendor`)
)

// Office hours, for what is done outside them.
var (
	officeFrom = pick("office_from", "Office opens", "Hour at which office hours begin", clock(0, 23), "9")
	officeTo   = pick("office_to", "Office closes", "Hour at which office hours end", clock(1, 24), "18")
	workdays   = picks("workdays", "Workdays", "Days that have office hours", []option{
		{"Monday", "1"}, {"Tuesday", "2"}, {"Wednesday", "3"}, {"Thursday", "4"}, {"Friday", "5"}, {"Saturday", "6"}, {"Sunday", "7"},
	}, "1", "2", "3", "4", "5")
)

// clock is hours of the day.
func clock(first, last int) []option {
	var all []option
	for h := first; h <= last; h++ {
		all = append(all, option{strconv.Itoa(h), strconv.Itoa(h)})
	}
	return all
}
