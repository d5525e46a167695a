package main

import "strings"

// The data sources are chosen on the dashboard; none is named here.
var (
	clickHouse = object{"type": "grafana-clickhouse-datasource", "uid": "${datasource}"}
	prometheus = object{"type": "prometheus", "uid": "${prometheus}"}
)

// pluginVersion is the data source plugin that the queries are written for.
const pluginVersion = "4.8.0"

// series asks ClickHouse for numbers over time: the first column is the time, and texts beside it tell series apart.
func series(sql string) object { return sqlTarget(sql, "timeseries", 0) }

// rows asks ClickHouse for a table.
func rows(sql string) object { return sqlTarget(sql, "table", 1) }

func sqlTarget(sql, kind string, format int) object {
	return object{
		"datasource": clickHouse, "refId": "A", "editorType": "sql", "queryType": kind, "format": format, "pluginVersion": pluginVersion,
		"rawSql": strings.TrimSpace(sql), "meta": object{},
	}
}

// promql asks Prometheus for series over time.
func promql(ref, expression, legend string) object {
	return object{
		"datasource": prometheus, "refId": ref, "editorMode": "code", "expr": expression, "legendFormat": legend, "range": true, "instant": false,
	}
}

// promqlNow asks Prometheus for the newest values.
func promqlNow(ref, expression, legend string) object {
	t := promql(ref, expression, legend)
	t["range"], t["instant"] = false, true
	return t
}

// chosen is the condition that column is among the values chosen of a variable; All is no condition.
func chosen(column, variable string) string {
	return "$__conditionalAll(" + column + " IN (${" + variable + ":singlequote}), $" + variable + ")"
}

// The names of people and devices as filters take them. Grafana's links carry a name as it is shown, and an empty value is All: whoever
// has no name is chosen by the word that is shown for it.
const (
	staffName  = "if(staff_name = '', '" + nobody + "', staff_name)"
	targetName = "if(target_name = '', '" + nobody + "', target_name)"
)

// typed is the condition that one of the columns contains what was typed into a variable, in whatever case; nothing typed is no
// condition. The value travels percent-encoded: of Grafana's forms only that one survives backslashes in an SQL string.
func typed(variable string, columns ...string) string {
	var found []string
	for _, c := range columns {
		found = append(found, "positionCaseInsensitiveUTF8("+c+", decodeURLComponent('${"+variable+":percentencode}')) > 0")
	}
	return "$__conditionalAll((" + strings.Join(found, "\n    OR ") + "), $" + variable + ")"
}

// of is sql with its words in capitals replaced: FILTER by the time range and the filters of the dashboard; OVERLAPPING by the same for
// connections that were open within the time range, also if they began up to a day before; LOCAL_HOUR and AFTER_HOURS by when a
// connection began.
func of(sql string, filters ...string) string {
	return strings.NewReplacer(
		"FILTER", strings.Join(append([]string{"$__timeFilter(started_at)"}, filters...), "\n  AND "),
		"OVERLAPPING", strings.Join(append([]string{
			"started_at >= $__fromTime - INTERVAL 1 DAY AND started_at <= $__toTime AND ended_at > $__fromTime",
		}, filters...), "\n      AND "),
		"LOCAL_HOUR", "toHour(started_at, ${zone:singlequote})",
		"AFTER_HOURS", afterHours,
	).Replace(sql)
}

// afterHours tells of a connection that it began outside office hours.
const afterHours = "NOT (has([${workdays:csv}], toDayOfWeek(local_day)) AND toHour(started_at, ${zone:singlequote}) >= ${office_from} AND toHour(started_at, ${zone:singlequote}) < ${office_to})"
