package main

func staff() dashboard {
	filters := []string{chosen("account", "account"), chosen(staffName, "staff")}
	sql := func(text string) string { return expand(text, filters...) }
	lookAt := explorer("Connections", sameAccounts, sameStaff)
	ofStaff := explorer("Connections of ${__field.labels.staff}", sameAccounts, "var-staff=${__field.labels.staff:percentencode}")
	nameLink := list{explorer("Connections of ${__data.fields.staff_name}", sameAccounts, from("staff", "staff_name"))}
	name := []any{"mappings", anonymous, "links", nameLink}
	perDay := func(what string) string {
		return sql(`
SELECT local_day AS time, ` + staffName + ` AS staff, ` + what + `
FROM connections
WHERE FILTER
  AND (account, staff_name) IN
  (
    SELECT account, staff_name
    FROM connections
    WHERE FILTER
    GROUP BY account, staff_name
    ORDER BY sum(duration_seconds) DESC
    LIMIT 12
  )
GROUP BY time, staff
ORDER BY time, staff`)
	}
	bySeries := object{"displayName": "${__field.labels.staff}"}
	return dashboard{
		uid: "alpemix-staff", title: "Staff", from: "now-29d/d", refresh: "5m",
		description: "What each support staff member does: load, hours, work outside office hours, connections at the same time, customers served.",
		variables:   list{clickHouseVariable, account, people, officeFrom, officeTo, workdays, zone},
		sections: []section{
			{"", []panel{
				number("Connections", "Connections that the chosen staff started in the time range.", "short", noConnections, "sum", series(sql(`
SELECT local_day AS time, count() AS connections
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(4, 4).withLink(lookAt),
				number("Hours", "Sum of their durations; simultaneous connections each count.", hours, noConnections, "sum", series(sql(`
SELECT local_day AS time, sum(duration_seconds) / 3600 AS hours
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(4, 4).withDefaults(object{"decimals": 0}).withLink(lookAt),
				number("Outside office hours", "Share of connections that started on a day that is not a workday, or before the office opens or after it closes.", "percentunit", noConnections, "lastNotNull", rows(sql(`
SELECT countIf(AFTER_HOURS) / count() AS share
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(4, 4).withDefaults(byThreshold(good, 0.1, warn, 0.25, bad)).withDefaults(object{"decimals": 1}).withLink(lookAt),
				number("At the same time", "Share of the hours in which the same person had another connection open already.", "percentunit", noConnections, "lastNotNull", rows(sql(`
SELECT sum(parallel) / greatest(sum(duration_seconds), 1) AS share
FROM (`+parallel+`)
HAVING count() > 0`))).size(4, 4).withDefaults(byThreshold(good, 0.1, warn, 0.25, bad)).withDefaults(object{"decimals": 1}).withLink(lookAt),
				number("Customers served", "Targets that got support, distinguished by name.", "short", noConnections, "lastNotNull", rows(sql(`
SELECT uniqExact(account, target_name) AS customers
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(4, 4).withLink(lookAt),
				number("Staff", "Number of chosen staff with connections.", "short", noConnections, "lastNotNull", rows(sql(`
SELECT uniqExact(account, staff_name) AS staff
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(4, 4).withLink(lookAt),
			}},
			{"Load", []panel{
				bars("Connections by day", "Connections by the day on which they started, in the account's own zone, for the twelve with the most hours.", "short", noConnections,
					series(perDay("count() AS connections"))).size(12, 9).withDefaults(bySeries).withValueLinks(ofStaff).withLink(lookAt),
				bars("Hours by day", "Durations by the day on which connections started, in the account's own zone, for the twelve with the most hours.", hours, noConnections,
					series(perDay("sum(duration_seconds) / 3600 AS hours"))).size(12, 9).withDefaults(bySeries).withDefaults(object{"decimals": 1}).withValueLinks(ofStaff).withLink(lookAt),
				table("Staff members", "Busy hours count time once, however many connections are open. Days are days with connections. Click a name to see the connections.", noConnections, rows(sql(`
SELECT
  staff_name, count() AS connections, sum(duration_seconds) / 3600 AS hours, sum(duration_seconds - parallel) / 3600 AS busy,
  sum(parallel) / greatest(sum(duration_seconds), 1) AS parallel_share, countIf(AFTER_HOURS) / count() AS after_share,
  uniqExact(target_name) AS customers, quantile(0.5)(duration_seconds) AS median, uniqExact(local_day) AS days, max(started_at) AS latest
FROM (`+parallel+`)
GROUP BY staff_name
ORDER BY hours DESC`))).size(24, 11).
					column("staff_name", "Staff", name...).
					column("connections", "Connections", append(bar(plain), "unit", "short")...).
					column("hours", "Hours", append(bar("purple"), "unit", hours, "decimals", 1)...).
					column("busy", "Busy hours", "unit", hours, "decimals", 1).
					column("parallel_share", "At the same time", "unit", "percentunit", "decimals", 1).
					column("after_share", "Outside office hours", "unit", "percentunit", "decimals", 1).
					column("customers", "Customers", "unit", "short").
					column("median", "Typical", "unit", "s", "decimals", 0).
					column("days", "Days", "unit", "short").
					column("latest", "Latest", "unit", "dateTimeFromNow").withLink(lookAt),
			}},
			{"Outside office hours", []panel{
				bars("By day", "Connections by the day on which they started, in and outside office hours.", "short", noConnections, series(sql(`
SELECT local_day AS time, countIf(NOT (AFTER_HOURS)) AS "in office hours", countIf(AFTER_HOURS) AS "outside office hours"
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(12, 8).withColors(officeColors).withLink(lookAt),
				categories("By hour of the day", "Connections by the hour in which they started, in and outside office hours.", "short", noConnections, "hour", rows(sql(`
SELECT concat(leftPad(toString(LOCAL_HOUR), 2, '0'), ':00') AS hour, countIf(NOT (AFTER_HOURS)) AS "in office hours", countIf(AFTER_HOURS) AS "outside office hours"
FROM connections
WHERE FILTER
GROUP BY hour
ORDER BY hour`))).size(12, 8).withOptions(object{"showValue": "never"}).withColors(officeColors).withLink(lookAt),
				table("Who works outside office hours", "Most such hours first.", "Nobody worked outside office hours", rows(sql(`
SELECT staff_name, countIf(AFTER_HOURS) AS connections, sumIf(duration_seconds, AFTER_HOURS) / 3600 AS hours, uniqExactIf(local_day, AFTER_HOURS) AS days, countIf(toDayOfWeek(local_day) > 5) AS weekend
FROM connections
WHERE FILTER
GROUP BY staff_name
HAVING connections > 0
ORDER BY hours DESC`))).size(24, 8).
					column("staff_name", "Staff", name...).
					column("connections", "Connections", append(bar(warn), "unit", "short")...).
					column("hours", "Hours", append(bar(warn), "unit", hours, "decimals", 1)...).
					column("days", "On days", "unit", "short").
					column("weekend", "On a weekend", "unit", "short").withLink(lookAt),
			}},
			{"At the same time", []panel{
				gauges("Hours at the same time", "Hours in which a person had another connection open already, most first.", hours, "Nobody had two connections at once", rows(sql(`
SELECT `+staffName+` AS staff, sum(parallel) / 3600 AS hours
FROM (`+parallel+`)
GROUP BY staff
HAVING hours > 0
ORDER BY hours DESC
LIMIT 20`))).size(10, 10).withDefaults(object{"color": fixed(warn), "decimals": 1}).withLink(lookAt),
				table("Started while another was open", "The newest connections that a person started with another one still open, and how long both were open. Click a name to see the connections of that time.", "Nobody had two connections at once", rows(sql(`
SELECT started_at, staff_name, target_name, duration_seconds, parallel,
  toUnixTimestamp(started_at) * 1000 - 86400000 AS link_from, toUnixTimestamp(ended_at) * 1000 AS link_to
FROM (`+parallel+`)
WHERE parallel > 0
ORDER BY started_at DESC
LIMIT 200`))).size(14, 10).
					column("started_at", "Started", "unit", "dateTimeAsIso").
					column("staff_name", "Staff", "mappings", anonymous, "links", list{object{
						"title": "Connections of ${__data.fields.staff_name} up to then", "targetBlank": false,
						"url": "/d/alpemix-connections?from=${__data.fields.link_from.numeric}&to=${__data.fields.link_to.numeric}&${datasource:queryparam}&" + sameAccounts + "&" + from("staff", "staff_name"),
					}}).
					column("target_name", "Target", "mappings", anonymous).
					column("duration_seconds", "Duration", "unit", "s").
					column("parallel", "At the same time", "unit", "s").
					field("link_from", hidden...).field("link_to", hidden...).withLink(lookAt),
			}},
			{"Customers served", []panel{
				table("Who helps whom", "The pairs of staff and target with the most connections.", noConnections, rows(sql(`
SELECT staff_name, target_name, count() AS connections, sum(duration_seconds) / 3600 AS hours, max(started_at) AS latest
FROM connections
WHERE FILTER
GROUP BY staff_name, target_name
ORDER BY connections DESC, hours DESC
LIMIT 200`))).size(24, 10).
					column("staff_name", "Staff", name...).
					column("target_name", "Target", "mappings", anonymous, "links", list{explorer("Connections of both", sameAccounts, from("staff", "staff_name"), from("target", "target_name"))}).
					column("connections", "Connections", append(bar(plain), "unit", "short")...).
					column("hours", "Hours", append(bar("purple"), "unit", hours, "decimals", 1)...).
					column("latest", "Latest", "unit", "dateTimeFromNow").withLink(lookAt),
			}},
		},
	}
}

// parallel returns the connections with the number of seconds in which the same person had an
// earlier one open too.
const parallel = `
  SELECT staff_name, target_name, started_at, ended_at, local_day, duration_seconds, greatest(dateDiff('second', started_at, least(ended_at, busy_until)), 0) AS parallel
  FROM
  (
    SELECT staff_name, target_name, started_at, ended_at, local_day, duration_seconds,
      max(ended_at) OVER (PARTITION BY account, staff_name ORDER BY started_at, uid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
    FROM connections
    WHERE FILTER
  )
`
