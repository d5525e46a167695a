package main

import (
	"strconv"
	"strings"
)

const noConnections = "No connections in this time range"

func overview() dashboard {
	byAccount := chosen("account", "account")
	sql := func(text string) string { return expand(text, byAccount) }
	lookAt := explorer("Connections", sameAccounts)
	byMode := explorer("These connections", sameAccounts, "var-mode=${__field.name:percentencode}")
	return dashboard{
		uid: "alpemix-overview", title: "Support overview", from: "now-29d/d", refresh: "5m",
		description: "How much support is given, when, by whom and to whom. Days are in each account's own zone.",
		variables:   list{clickHouseVariable, account, zone},
		sections: []section{
			{"", []panel{
				number("Connections", "Connections that started in the time range.", "short", noConnections, "sum", series(sql(`
SELECT local_day AS time, count() AS connections
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(4, 4).withLink(lookAt),
				number("Hours", "Sum of their durations.", hours, noConnections, "sum", series(sql(`
SELECT local_day AS time, sum(duration_seconds) / 3600 AS hours
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(4, 4).withDefaults(object{"decimals": 0}).withLink(lookAt),
				number("Typical duration", "The median: half of the connections take longer.", "s", noConnections, "lastNotNull", rows(sql(`
SELECT quantile(0.5)(duration_seconds) AS median
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(4, 4).withLink(lookAt),
				number("Staff", "Support staff with connections.", "short", noConnections, "lastNotNull", rows(sql(`
SELECT uniqExact(account, staff_name) AS staff
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(4, 4).withLink(lookAt),
				number("Targets", "Devices that were connected to, distinguished by Alpemix id or, without one, by name.", "short", noConnections, "lastNotNull", rows(sql(`
SELECT uniqExact(account, if(target_alpemix_id = '', target_name, target_alpemix_id)) AS targets
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(4, 4).withLink(lookAt),
				number("Peak", "The most connections that were open at the same time.", "short", noConnections, "lastNotNull", rows(sql(`
SELECT max(running) AS peak
FROM (`+running("")+`)
HAVING count() > 0`))).size(4, 4).withLink(lookAt),
			}},
			{"Load", []panel{
				bars("Connections by day", "Connections by the day on which they started, in the account's own zone.", "short", noConnections, series(sql(`
SELECT local_day AS time, `+eachMode("countIf(MODE)")+`
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(12, 8).withColors(modeColors).withValueLinks(byMode).withLink(lookAt),
				bars("Hours by day", "Durations of connections by the day on which they started, in the account's own zone.", hours, noConnections, series(sql(`
SELECT local_day AS time, `+eachMode("sumIf(duration_seconds, MODE) / 3600")+`
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(12, 8).withDefaults(object{"decimals": 1}).withColors(modeColors).withValueLinks(byMode).withLink(lookAt),
				bars("Connections by hour", "Connections by the hour in which they started.", "short", noConnections, series(sql(`
SELECT toStartOfHour(started_at, ${zone:singlequote}) AS time, `+eachMode("countIf(MODE)")+`
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(12, 8).withColors(modeColors).withValueLinks(byMode).withLink(lookAt),
				lines("Open at the same time", "How many connections are open at once: the maximum and the average in each step of the graph. Connections longer than a day count for their last day only.",
					"short", noConnections, series(sql(`
SELECT $__timeInterval(at) AS time, max(running) AS most, sum(running * seconds) / greatest(sum(seconds), 1) AS average
FROM (`+running(`
      UNION ALL
      SELECT toDateTime(number * $__interval_s) AS at, toInt64(0) AS change
      FROM numbers(intDiv(toUnixTimestamp($__fromTime), $__interval_s) + 1, intDiv(toUnixTimestamp($__toTime), $__interval_s) - intDiv(toUnixTimestamp($__fromTime), $__interval_s))`)+`)
GROUP BY time
ORDER BY time`))).size(12, 8).withCustom(object{"lineInterpolation": "stepAfter"}).
					field("most", "color", fixed(warn)).field("average", "color", fixed(plain), "decimals", 1).withLink(lookAt),
			}},
			{"When", []panel{
				weekHeat().size(24, 9).withLink(lookAt),
				dayHeat().size(24, 9).withLink(lookAt),
			}},
			{"What and who", []panel{
				categories("Durations", "How long connections last.", "short", noConnections, "duration", rows(sql(`
SELECT
  ['below 1 min', '1-5 min', '5-15 min', '15-30 min', '30-60 min', '1-2 h', '2-4 h', 'over 4 h'][step] AS duration,
  `+eachMode("countIf(MODE)")+`
FROM
(
  SELECT mode, arrayFirstIndex(bound -> duration_seconds < bound, [60, 300, 900, 1800, 3600, 7200, 14400, 4294967296]) AS step
  FROM connections
  WHERE FILTER
)
GROUP BY step
ORDER BY step`))).size(12, 8).withColors(modeColors).withValueLinks(byMode).withLink(lookAt),
				panel{
					kind: "piechart", title: "Modes", description: "The purpose of the connections; unknown is any mode that Alpemix's document does not list.", unit: "short", empty: noConnections,
					targets: list{rows(sql(`
SELECT ` + eachMode("countIf(MODE)") + `
FROM connections
WHERE FILTER
HAVING count() > 0`))},
					options: object{
						"pieType": "donut", "displayLabels": list{"percent"}, "sort": "desc", "tooltip": object{"mode": "single", "sort": "none", "hideZeros": true},
						"legend":        object{"showLegend": true, "displayMode": "table", "placement": "right", "values": list{"value", "percent"}, "calcs": list{}},
						"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "", "values": false},
					},
					custom: object{"hideFrom": hideFrom},
				}.size(12, 8).withColors(modeColors).withValueLinks(byMode).withLink(lookAt),
				table("Staff", "Who gives support, most hours first. Click a name to see the connections.", noConnections, rows(sql(`
SELECT staff_name, count() AS connections, sum(duration_seconds) / 3600 AS hours, quantile(0.5)(duration_seconds) AS median, max(started_at) AS latest
FROM connections
WHERE FILTER
GROUP BY staff_name
ORDER BY hours DESC
LIMIT 100`))).size(12, 10).
					column("staff_name", "Staff", "mappings", anonymous, "links", list{explorer("Connections of ${__data.fields.staff_name}", sameAccounts, from("staff", "staff_name"))}).
					column("connections", "Connections", append(bar(plain), "unit", "short")...).
					column("hours", "Hours", append(bar("purple"), "unit", hours, "decimals", 1)...).
					column("median", "Typical", "unit", "s", "decimals", 0).
					column("latest", "Latest", "unit", "dateTimeFromNow").withLink(lookAt),
				table("Top targets", "The devices with the most connections. Click a name to see the connections.", noConnections, rows(sql(`
SELECT target_name, count() AS connections, sum(duration_seconds) / 3600 AS hours, uniqExact(staff_name) AS staff, max(started_at) AS latest
FROM connections
WHERE FILTER
GROUP BY target_name
ORDER BY connections DESC
LIMIT 100`))).size(12, 10).
					column("target_name", "Target", "mappings", anonymous, "links", list{explorer("Connections to ${__data.fields.target_name}", sameAccounts, from("target", "target_name"))}).
					column("connections", "Connections", append(bar(plain), "unit", "short")...).
					column("hours", "Hours", append(bar("purple"), "unit", hours, "decimals", 1)...).
					column("staff", "Staff", "unit", "short").
					column("latest", "Latest", "unit", "dateTimeFromNow").withLink(lookAt),
			}},
		},
	}
}

// eachMode returns what for each mode, as columns. MODE in what is the condition that a connection
// has the mode.
func eachMode(what string) string {
	var all []string
	for _, c := range modeColors {
		all = append(all, strings.ReplaceAll(what, "MODE", "mode = '"+c.name+"'")+" AS "+c.name)
	}
	return strings.Join(all, ", ")
}

// running returns the number of open connections from each time (at) for how long (seconds). more
// adds times at which nothing changes, to split intervals there. A connection is open from its
// first second up to its last, exclusive.
func running(more string) string {
	return `
  SELECT at, sum(change) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running,
    toUnixTimestamp(leadInFrame(at, 1, $__toTime) OVER (ORDER BY at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) - toUnixTimestamp(at) AS seconds
  FROM
  (
    SELECT at, sum(change) AS change
    FROM
    (
      SELECT (arrayJoin([(greatest(started_at, $__fromTime), 1), (ended_at, -1)]) AS event).1 AS at, toInt64(event.2) AS change
      FROM connections
      WHERE OVERLAPPING` + more + `
    )
    WHERE at <= $__toTime
    GROUP BY at
  )
`
}

// weekHeat is a table with a row per weekday and a column per hour, colored by its numbers.
func weekHeat() panel {
	sql := "SELECT\n  ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][toDayOfWeek(local_day)] AS weekday"
	for hour := range 24 {
		sql += ",\n  countIf(LOCAL_HOUR = " + strconv.Itoa(hour) + ") AS \"" + twoDigits(hour) + "\""
	}
	sql += "\nFROM connections\nWHERE FILTER\nGROUP BY toDayOfWeek(local_day)\nORDER BY toDayOfWeek(local_day)"
	return table("Heat map of the week", "Connections by weekday and hour of their start, over the whole time range.", noConnections, rows(expand(sql, chosen("account", "account")))).
		withDefaults(object{"unit": "short", "color": object{"mode": "continuous-BlPu"}, "min": 0}).
		withCustom(object{"align": "center", "filterable": false, "cellOptions": object{"type": "color-background", "mode": "basic"}}).
		column("weekday", "Weekday", "custom.width", 110, "custom.align", "left", "custom.cellOptions", object{"type": "auto"})
}

func twoDigits(hour int) string { return strconv.Itoa(100 + hour)[1:] }

func dayHeat() panel {
	sql := "SELECT\n  local_day AS time"
	for hour := range 24 {
		sql += ",\n  countIf(LOCAL_HOUR = " + strconv.Itoa(hour) + ") AS \"" + twoDigits(hour) + ":00\""
	}
	sql += "\nFROM connections\nWHERE FILTER\nGROUP BY time\nORDER BY time WITH FILL STEP 1"
	return panel{
		kind: "heatmap", title: "Hours of each day", description: "Connections by day and hour of their start.", unit: "short", empty: noConnections,
		targets: list{series(expand(sql, chosen("account", "account")))},
		options: object{
			"calculate": false, "cellGap": 1, "showValue": "never", "filterValues": object{"le": 1e-9}, "legend": object{"show": true},
			"cellValues": object{"unit": "short", "decimals": 0}, "rowsFrame": object{"layout": "auto", "value": "Connections"},
			"color":     object{"mode": "scheme", "scheme": "BuPu", "fill": "dark-orange", "scale": "exponential", "exponent": 0.5, "steps": 64, "reverse": false},
			"yAxis":     object{"axisPlacement": "left", "reverse": true, "unit": "short"},
			"tooltip":   object{"mode": "single", "yHistogram": false, "showColorScale": false},
			"exemplars": object{"color": "rgba(255,0,255,0.7)"},
		},
		custom: object{"hideFrom": hideFrom, "scaleDistribution": object{"type": "linear"}},
	}
}
