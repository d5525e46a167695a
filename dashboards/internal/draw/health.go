package main

func health() dashboard {
	const (
		noRequests = "No requests in this time range"
		noMetrics  = "Prometheus has no such metric: does it scrape the collector?"
	)
	of := "account=~\"$account\""
	both := "$__timeFilter(at)\n  AND " + chosen("vendor", "vendor") + "\n  AND " + chosen("account", "account")
	days := "day >= toDate($__fromTime, ${zone:singlequote}) AND day <= toDate($__toTime, ${zone:singlequote})\n  AND " + chosen("account", "account")
	vendorCells := []any{"mappings", named(vendorColors), "custom.cellOptions", object{"type": "color-text"}}
	accounts := choice("account", "Account", "Accounts with Alpemix and with the reseller vendors",
		"SELECT DISTINCT account FROM fetches WHERE $__timeFilter(at) AND "+chosen("vendor", "vendor")+" ORDER BY account")
	accounts["allValue"] = ".*" // of Prometheus; ClickHouse's queries have no filter then
	lookAt := explorer("Connections", sameAccounts)
	return dashboard{
		uid: "alpemix-health", title: "Collection health", from: "now-24h", refresh: "1m",
		description: "Whether everything is collected: how fresh the data are, which days are sealed, what the vendors answer, and what waits.",
		variables: list{
			clickHouseVariable, prometheusVariable,
			choice("vendor", "Vendor", "Alpemix and the reseller interfaces", "SELECT DISTINCT vendor FROM fetches WHERE $__timeFilter(at) ORDER BY vendor"),
			accounts, zone,
		},
		sections: []section{
			{"", []panel{
				number("Age of reports", "How long ago the account was read that was read least recently.", "s", noMetrics, "lastNotNull",
					promqlNow("A", "time() - min(max by (account) (alpemix_last_success_timestamp_seconds{report=~\"today|latest\", "+of+"}))", "age")).
					sized(4, 4).with(byThreshold(good, 120, warn, 300, bad)),
				number("Days not sealed", "Days that have ended and are not yet read whole and found in ClickHouse. In the morning that is usual.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "sum(alpemix_unsealed_reports{"+of+"})", "days")).sized(4, 4).with(byThreshold(good, 1, warn, 2, bad)),
				number("Days lost", "Days that were never read whole and that Alpemix tells no more.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "sum(alpemix_gaps_total{"+of+"})", "days")).sized(4, 4).with(byThreshold(good, 1, bad)),
				number("Rows that wait", "Rows that ClickHouse has not acknowledged yet. None is dropped.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "sum(sink_queue_rows)", "rows")).sized(4, 4).with(byThreshold(good, 10000, warn, 100000, bad)),
				number("Waiting since", "For how long the oldest of them has waited.", "s", noMetrics, "lastNotNull",
					promqlNow("A", "max((time() - sink_queue_oldest_timestamp_seconds) * (sink_queue_oldest_timestamp_seconds > bool 0))", "age")).
					sized(4, 4).with(byThreshold(good, 300, warn, 3600, bad)),
				number("In quarantine", "Records that could not be read and wait for a better reading, of whatever time.", "short", "Nothing", "lastNotNull", rows(`
SELECT countIf(resolved_at IS NULL) AS records
FROM quarantine
WHERE `+chosen("vendor", "vendor")+`
  AND `+chosen("account", "account"))).sized(4, 4).with(byThreshold(good, 1, warn)),
			}},
			{"Freshness", []panel{
				table("Last requests", "By vendor, account and request: the last success, and what failed in the time range.", noRequests, rows(`
SELECT vendor, account, job, maxOrNullIf(at, outcome = 'ok') AS success, maxOrNullIf(at, outcome != 'ok') AS failure,
  if(failure IS NULL, '', argMaxIf(outcome, at, outcome != 'ok')) AS reason, countIf(outcome != 'ok') AS failures, count() AS requests,
  quantile(0.95)(seconds) AS slow, sum(bytes) AS size
FROM fetches
WHERE `+both+`
GROUP BY vendor, account, job
ORDER BY vendor, account, job`)).sized(14, 9).
					column("vendor", "Vendor", vendorCells...).column("account", "Account").column("job", "Request").
					column("success", "Last success", "unit", "dateTimeFromNow", "noValue", "never").column("failure", "Last failure", "unit", "dateTimeFromNow", "noValue", "").
					column("reason", "Reason").
					column("failures", "Failed", append([]any{"unit", "short", "custom.cellOptions", object{"type": "color-text"}}, "thresholds", steps("text", 1, warn))...).
					column("requests", "Requests", "unit", "short").column("slow", "Slow (95 %)", "unit", "s").column("size", "Received", "unit", "bytes"),
				over("Age of what is known", "How long ago each account was last read: reports of Alpemix, and whole snapshots of reseller accounts.", "s", noMetrics,
					promql("A", "time() - max by (account) (alpemix_last_success_timestamp_seconds{report=~\"today|latest\", "+of+"})", "alpemix {{account}}"),
					promql("B", "time() - max by (vendor, account) (reseller_last_success_timestamp_seconds{vendor=~\"$vendor\", "+of+"})", "{{vendor}} {{account}}")).
					sized(10, 9).drawn(object{"scaleDistribution": object{"type": "log", "log": 10}}).with(object{"min": 1}),
			}},
			{"Days", []panel{
				panel{
					kind: "status-history", title: "Seals", description: "How far each day of each account is collected, in the account's own zone. A day is sealed when a complete report of it, read after its end, was found in ClickHouse row by row.", unit: "none",
					empty: "No day is known yet",
					targets: list{series(`
SELECT day AS time, account, toUInt8(state) AS state
FROM days
WHERE ` + days + `
ORDER BY time, account`)},
					options: object{
						"rowHeight": 0.9, "colWidth": 0.9, "showValue": "never", "perPage": 20,
						"legend": legend("bottom"), "tooltip": object{"mode": "single", "sort": "none", "hideZeros": false},
					},
					custom: object{"fillOpacity": 80, "lineWidth": 0, "hideFrom": hideFrom},
					defaults: object{"displayName": "${__field.labels.account}", "color": object{"mode": "thresholds"}, "mappings": list{object{"type": "value", "options": object{
						"1": object{"text": "open", "color": plain, "index": 0}, "2": object{"text": "sealed", "color": good, "index": 1}, "3": object{"text": "lost", "color": bad, "index": 2},
					}}}},
				}.sized(24, 7).ofLast("90d"),
				bars("Connections of each day", "Connections known of each day, in the account's own zone.", "short", "No day is known yet", series(`
SELECT day AS time, account, sum(rows) AS connections
FROM days
WHERE `+days+`
GROUP BY time, account
ORDER BY time, account`)).sized(12, 8).ofLast("90d").with(object{"displayName": "${__field.labels.account}"}).leading(lookAt),
				table("Days not sealed", "Days that are open or lost. A lost day can be imported from saved reports.", "All days are sealed", rows(`
SELECT toString(day) AS on_day, account, toString(state) AS state, rows
FROM days
WHERE state != 'sealed' AND `+days+`
ORDER BY day DESC, account`)).sized(12, 8).ofLast("90d").
					column("on_day", "Day").column("account", "Account").
					column("state", "State", "mappings", named([]colorOf{{"open", plain}, {"gap", bad}}), "custom.cellOptions", object{"type": "color-text"}).
					column("rows", "Connections", "unit", "short").leading(lookAt),
			}},
			{"Requests", []panel{
				bars("Requests by outcome", "Requests to the vendors, and how many of them brought no answer that could be used.", "short", noRequests, series(`
SELECT $__timeInterval(at) AS time, countIf(outcome = 'ok') AS ok, countIf(outcome != 'ok') AS failed
FROM fetches
WHERE `+both+`
GROUP BY time
ORDER BY time`)).sized(12, 8).colored(outcomeColors),
				over("Requests left", "Requests that the limits of Alpemix allow at each moment, the least of all accounts. 0 for long means that the limits hold collection up.", "short", noMetrics,
					promql("A", "min by (kind) (alpemix_request_budget_remaining)", "{{kind}}")).sized(12, 8).drawn(object{"lineInterpolation": "stepAfter"}).with(object{"decimals": 0}),
				bars("Why requests failed", "Failed requests by reason.", "short", "No request failed", series(`
SELECT $__timeInterval(at) AS time, concat(vendor, ' ', outcome) AS reason, count() AS failures
FROM fetches
WHERE `+both+`
  AND outcome != 'ok'
GROUP BY time, reason
ORDER BY time, reason`)).sized(8, 8).with(object{"displayName": "${__field.labels.reason}"}),
				over("Duration of requests", "From sending a request to the last byte of the answer; 95 of 100 are faster.", "s", noRequests, series(`
SELECT $__timeInterval(at) AS time, vendor, quantile(0.95)(seconds) AS duration
FROM fetches
WHERE `+both+`
GROUP BY time, vendor
ORDER BY time, vendor`)).sized(8, 8).with(object{"displayName": "${__field.labels.vendor}"}).colored(vendorColors),
				bars("What they brought", "Records that were new, that had changed since they were last read, and that could not be read.", "short", noRequests, series(`
SELECT $__timeInterval(at) AS time, sum(new_rows) AS new, sum(changed_rows) AS changed, sum(quarantined_rows) AS quarantined
FROM fetches
WHERE `+both+`
GROUP BY time
ORDER BY time`)).sized(8, 8).field("new", "color", fixed(good)).field("changed", "color", fixed(plain)).field("quarantined", "color", fixed(bad)),
			}},
			{"Into ClickHouse", []panel{
				over("Queue", "Rows that wait for ClickHouse. A queue that only grows means that ClickHouse does not take them.", "short", noMetrics,
					promql("A", "sum(sink_queue_rows)", "rows")).sized(12, 8).field("rows", "color", fixed(plain)),
				over("Writes", "Batches that ClickHouse has acknowledged, and writes that failed and are tried again, in a minute.", "opm", noMetrics,
					promql("A", "sum(rate(sink_inserts_total[$__rate_interval])) * 60", "acknowledged"),
					promql("B", "sum by (reason) (rate(sink_insert_failures_total[$__rate_interval])) * 60", "failed: {{reason}}")).sized(12, 8).field("acknowledged", "color", fixed(good)),
			}},
			{"Oddities", []panel{
				gauges("Quirks", "Oddities met in the answers of Alpemix in the time range, by name as in docs/quirks.md.", "short", "No oddity was met",
					promqlNow("A", "sort_desc(sum by (quirk) (increase(alpemix_quirks_total[$__range])) > 0)", "{{quirk}}")).
					sized(8, 10).with(object{"color": fixed(plain), "decimals": 0}).
					set(object{"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "", "values": false}}),
				bars("Quarantined by reason", "Records that could not be read, by when and why.", "short", "No record was quarantined", series(`
SELECT $__timeInterval(at) AS time, reason, count() AS records
FROM quarantine
WHERE `+both+`
GROUP BY time, reason
ORDER BY time, reason`)).sized(16, 10).with(object{"displayName": "${__field.labels.reason}"}),
				table("Quarantine", "Records that wait for a better reading, newest first; collector quarantine retry reads them again.", "Nothing is in quarantine", rows(`
SELECT at, vendor, account, reason, detail, raw
FROM quarantine
WHERE resolved_at IS NULL
  AND `+chosen("vendor", "vendor")+`
  AND `+chosen("account", "account")+`
ORDER BY at DESC
LIMIT 200`)).sized(24, 8).
					column("at", "Read", "unit", "dateTimeAsIso").column("vendor", "Vendor", vendorCells...).column("account", "Account").column("reason", "Reason").
					column("detail", "Detail", "custom.inspect", true).column("raw", "Record", "custom.inspect", true),
			}},
			{"Resellers", []panel{
				over("Customers with all used up", "Customers who use all that they are allotted, or more.", "short", noMetrics,
					promql("A", "sum by (vendor, resource) (reseller_allotment_exhausted_customers{vendor=~\"$vendor\", "+of+"})", "{{vendor}} {{resource}}")).sized(12, 8),
				number("Collector", "Which version runs.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "max by (version) (collector_build_info)", "{{version}}")).sized(12, 8).
					set(object{"textMode": "name", "colorMode": "none"}),
			}},
		},
	}
}
