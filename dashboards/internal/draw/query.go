package main

import (
	"strings"

	"alpemix-collector/migrations"
)

// The dashboard's variables choose the data sources.
var (
	clickHouse = object{"type": "grafana-clickhouse-datasource", "uid": "${datasource}"}
	prometheus = object{"type": "prometheus", "uid": "${prometheus}"}
)

// pluginVersion is the version of the data source plugin that the queries are written for.
const pluginVersion = "4.8.0"

// series queries ClickHouse for numbers over time. The first column is the time; text columns
// distinguish series.
func series(sql string) object { return sqlTarget(sql, "timeseries", 0) }

// rows queries ClickHouse for a table.
func rows(sql string) object { return sqlTarget(sql, "table", 1) }

func sqlTarget(sql, kind string, format int) object {
	return object{
		"datasource": clickHouse, "refId": "A", "editorType": "sql", "queryType": kind, "format": format, "pluginVersion": pluginVersion,
		"rawSql": strings.TrimSpace(sql), "meta": object{},
	}
}

// promql queries Prometheus for series over time.
func promql(ref, expression, legend string) object {
	return object{
		"datasource": prometheus, "refId": ref, "editorMode": "code", "expr": expression, "legendFormat": legend, "range": true, "instant": false,
	}
}

// promqlNow queries Prometheus for the newest values.
func promqlNow(ref, expression, legend string) object {
	t := promql(ref, expression, legend)
	t["range"], t["instant"] = false, true
	return t
}

// chosen is the condition that column has a value chosen in a variable. For All there is no
// condition.
func chosen(column, variable string) string {
	return "$__conditionalAll(" + column + " IN (${" + variable + ":singlequote}), $" + variable + ")"
}

// Names of people and devices as filters see them. Grafana's links carry a name as it is shown, and
// an empty value means All. So an empty name is chosen by the word that is shown for it.
const (
	staffName  = "if(staff_name = '', '" + nobody + "', staff_name)"
	targetName = "if(target_name = '', '" + nobody + "', target_name)"
)

// contains is the condition that one of the columns contains the text typed into a variable, in any
// case. Without text there is no condition. The value is percent-encoded: of Grafana's formats,
// only this one keeps backslashes intact in an SQL string.
func contains(variable string, columns ...string) string {
	var found []string
	for _, c := range columns {
		found = append(found, "positionCaseInsensitiveUTF8("+c+", decodeURLComponent('${"+variable+":percentencode}')) > 0")
	}
	return "$__conditionalAll((" + strings.Join(found, "\n    OR ") + "), $" + variable + ")"
}

// expand replaces the words in capitals. FILTER is the time range and the dashboard's filters.
// OVERLAPPING is the same for connections that were open in the time range, even if they started up
// to a day before. LOCAL_HOUR and AFTER_HOURS refer to a connection's start.
func expand(sql string, filters ...string) string {
	return strings.NewReplacer(
		"FILTER", strings.Join(append([]string{"$__timeFilter(started_at)"}, filters...), "\n  AND "),
		"OVERLAPPING", strings.Join(append([]string{
			"started_at >= $__fromTime - INTERVAL 1 DAY AND started_at <= $__toTime AND ended_at > $__fromTime",
		}, filters...), "\n      AND "),
		"LOCAL_HOUR", "toHour(started_at, ${zone:singlequote})",
		"AFTER_HOURS", afterHours,
	).Replace(sql)
}

// afterHours is the condition that a connection started outside office hours.
const afterHours = "NOT (has([${workdays:csv}], toDayOfWeek(local_day)) AND toHour(started_at, ${zone:singlequote}) >= ${office_from} AND toHour(started_at, ${zone:singlequote}) < ${office_to})"

// trimmed is a column without the white space around it, as the lines of customers have none. The
// plugin puts conditions in by JavaScript's String.replace, to which $' is not a text.
func trimmed(column string) string {
	return strings.ReplaceAll(migrations.Target{}.Trimmed(column), "$'", `\\z'`)
}
