package main

// annotations mark, on every dashboard, what explains missing numbers.
func annotations() list {
	return list{
		object{
			"builtIn": 1, "datasource": object{"type": "grafana", "uid": "-- Grafana --"}, "enable": true, "hide": true,
			"iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard",
		},
		marks("Lost days", bad, `
SELECT
  toDateTime(day, ${zone:singlequote}) AS time,
  toDateTime(day + 1, ${zone:singlequote}) AS timeEnd,
  'Lost day' AS title,
  concat('Account ', account, ': this day was never completely read, and Alpemix no longer serves it') AS text,
  'gap' AS tags
FROM days
WHERE state = 'gap' AND day >= toDate($__fromTime, ${zone:singlequote}) AND day <= toDate($__toTime, ${zone:singlequote})
ORDER BY time`),
		marks("Outages", warn, `
SELECT
  min(at) AS time, max(at) AS timeEnd, 'Outage' AS title,
  concat(vendor, ' ', account, ': ', toString(count()), ' requests failed one after the other: ', arrayStringConcat(groupUniqArray(outcome), ', ')) AS text,
  'outage' AS tags
FROM
(
  SELECT at, vendor, account, outcome, countIf(outcome = 'ok') OVER (PARTITION BY vendor, account ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS successes
  FROM fetches
  WHERE $__timeFilter(at)
)
WHERE outcome != 'ok'
GROUP BY vendor, account, successes
HAVING timeEnd - time >= 300
ORDER BY time`),
	}
}

func marks(name, color, sql string) object {
	target := rows(sql)
	target["refId"] = "Anno"
	return object{"datasource": clickHouse, "enable": true, "hide": false, "iconColor": color, "name": name, "target": target}
}
