package main

func health() dashboard {
	const (
		noRequests = "No requests in this time range"
		noMetrics  = "Prometheus has no such metric: does it scrape the collector?"
	)
	ofAccount := "account=~\"$account\""
	both := "$__timeFilter(at)\n  AND " + chosen("vendor", "vendor") + "\n  AND " + chosen("account", "account")
	days := "day >= toDate($__fromTime, ${zone:singlequote}) AND day <= toDate($__toTime, ${zone:singlequote})\n  AND " + chosen("account", "account")
	vendorCells := []any{"mappings", valueLabels(vendorColors), "custom.cellOptions", object{"type": "color-text"}}
	accounts := choice("account", "Account", "Accounts at Alpemix and at the reseller vendors",
		"SELECT DISTINCT account FROM fetches WHERE $__timeFilter(at) AND "+chosen("vendor", "vendor")+" ORDER BY account")
	accounts["allValue"] = ".*" // for Prometheus; ClickHouse's queries have no filter then
	lookAt := explorer("Connections", sameAccounts)
	return dashboard{
		uid: "alpemix-health", title: "Collection health", from: "now-24h", refresh: "1m",
		description: "Is everything collected? How fresh the data is, which days are sealed, what the vendors answer, and what is waiting.",
		variables: list{
			clickHouseVariable, prometheusVariable,
			choice("vendor", "Vendor", "Alpemix and the reseller APIs", "SELECT DISTINCT vendor FROM fetches WHERE $__timeFilter(at) ORDER BY vendor"),
			accounts, zone,
		},
		sections: []section{
			{"", []panel{
				number("Age of reports", "Time since the last report, of the account where it is longest.", "s", noMetrics, "lastNotNull",
					promqlNow("A", "time() - min(max by (account) (alpemix_last_success_timestamp_seconds{report=~\"today|latest\", "+ofAccount+"}))", "age")).
					size(4, 4).withDefaults(byThreshold(good, 120, warn, 300, bad)),
				number("Days not sealed", "Past days without a complete report that was found in ClickHouse. Normal in the morning.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "sum(alpemix_unsealed_reports{"+ofAccount+"})", "days")).size(4, 4).withDefaults(byThreshold(good, 1, warn, 2, bad)),
				number("Days lost", "Days without a complete report that Alpemix no longer serves.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "sum(alpemix_gaps_total{"+ofAccount+"})", "days")).size(4, 4).withDefaults(byThreshold(good, 1, bad)),
				number("Waiting rows", "Rows that ClickHouse has not acknowledged yet. None are dropped.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "sum(sink_queue_rows)", "rows")).size(4, 4).withDefaults(byThreshold(good, 10000, warn, 100000, bad)),
				number("Waiting since", "Age of the oldest waiting row.", "s", noMetrics, "lastNotNull",
					promqlNow("A", "max((time() - sink_queue_oldest_timestamp_seconds) * (sink_queue_oldest_timestamp_seconds > bool 0))", "age")).
					size(4, 4).withDefaults(byThreshold(good, 300, warn, 3600, bad)),
				number("In quarantine", "Records that could not be parsed and are not resolved, from any time.", "short", "Nothing", "lastNotNull", rows(`
SELECT countIf(resolved_at IS NULL) AS records
FROM quarantine
WHERE `+chosen("vendor", "vendor")+`
  AND `+chosen("account", "account"))).size(4, 4).withDefaults(byThreshold(good, 1, warn)),
			}},
			{"Freshness", []panel{
				table("Last requests", "The last success and the failures in the time range, by vendor, account and request.", noRequests, rows(`
SELECT vendor, account, job, maxOrNullIf(at, outcome = 'ok') AS success, maxOrNullIf(at, outcome != 'ok') AS failure,
  if(failure IS NULL, '', argMaxIf(outcome, at, outcome != 'ok')) AS reason, countIf(outcome != 'ok') AS failures, count() AS requests,
  quantile(0.95)(seconds) AS slow, sum(bytes) AS size
FROM fetches
WHERE `+both+`
GROUP BY vendor, account, job
ORDER BY vendor, account, job`)).size(14, 9).
					column("vendor", "Vendor", vendorCells...).column("account", "Account").column("job", "Request").
					column("success", "Last success", "unit", "dateTimeFromNow", "noValue", "never").column("failure", "Last failure", "unit", "dateTimeFromNow", "noValue", "").
					column("reason", "Reason").
					column("failures", "Failed", append([]any{"unit", "short", "custom.cellOptions", object{"type": "color-text"}}, "thresholds", steps("text", 1, warn))...).
					column("requests", "Requests", "unit", "short").column("slow", "Slow (95 %)", "unit", "s").column("size", "Received", "unit", "bytes"),
				lines("Age of data", "Time since each account was last read: reports of Alpemix, and complete snapshots of reseller accounts.", "s", noMetrics,
					promql("A", "time() - max by (account) (alpemix_last_success_timestamp_seconds{report=~\"today|latest\", "+ofAccount+"})", "alpemix {{account}}"),
					promql("B", "time() - max by (vendor, account) (reseller_last_success_timestamp_seconds{vendor=~\"$vendor\", "+ofAccount+"})", "{{vendor}} {{account}}")).
					size(10, 9).withCustom(object{"scaleDistribution": object{"type": "log", "log": 10}}).withDefaults(object{"min": 1}),
			}},
			{"Days", []panel{
				panel{
					kind: "status-history", title: "Seals", description: "The state of each day of each account, in the account's own zone. A day is sealed when a complete report, read after the day's end, was found in ClickHouse row by row.", unit: "none",
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
				}.size(24, 7).withRange("90d"),
				bars("Connections by day", "Known connections by day, in the account's own zone.", "short", "No day is known yet", series(`
SELECT day AS time, account, sum(rows) AS connections
FROM days
WHERE `+days+`
GROUP BY time, account
ORDER BY time, account`)).size(12, 8).withRange("90d").withDefaults(object{"displayName": "${__field.labels.account}"}).withLink(lookAt),
				table("Days not sealed", "Days that are open or lost. You can import a lost day from saved reports.", "All days are sealed", rows(`
SELECT toString(day) AS on_day, account, toString(state) AS state, rows
FROM days
WHERE state != 'sealed' AND `+days+`
ORDER BY day DESC, account`)).size(12, 8).withRange("90d").
					column("on_day", "Day").column("account", "Account").
					column("state", "State", "mappings", valueLabels([]colorOf{{"open", plain}, {"gap", bad}}), "custom.cellOptions", object{"type": "color-text"}).
					column("rows", "Connections", "unit", "short").withLink(lookAt),
			}},
			{"Requests", []panel{
				bars("Requests by outcome", "Requests to the vendors by outcome: with a usable answer, or failed.", "short", noRequests, series(`
SELECT $__timeInterval(at) AS time, countIf(outcome = 'ok') AS ok, countIf(outcome != 'ok') AS failed
FROM fetches
WHERE `+both+`
GROUP BY time
ORDER BY time`)).size(12, 8).withColors(outcomeColors),
				lines("Requests left", "Requests that Alpemix's limits allow, for the account with the fewest. If this stays at 0, the limits delay collection.", "short", noMetrics,
					promql("A", "min by (kind) (alpemix_request_budget_remaining)", "{{kind}}")).size(12, 8).withCustom(object{"lineInterpolation": "stepAfter"}).withDefaults(object{"decimals": 0}),
				bars("Why requests failed", "Failed requests by reason.", "short", "No request failed", series(`
SELECT $__timeInterval(at) AS time, concat(vendor, ' ', outcome) AS reason, count() AS failures
FROM fetches
WHERE `+both+`
  AND outcome != 'ok'
GROUP BY time, reason
ORDER BY time, reason`)).size(8, 8).withDefaults(object{"displayName": "${__field.labels.reason}"}),
				lines("Duration of requests", "From sending a request to the last byte of the answer; 95 % are faster.", "s", noRequests, series(`
SELECT $__timeInterval(at) AS time, vendor, quantile(0.95)(seconds) AS duration
FROM fetches
WHERE `+both+`
GROUP BY time, vendor
ORDER BY time, vendor`)).size(8, 8).withDefaults(object{"displayName": "${__field.labels.vendor}"}).withColors(vendorColors),
				bars("Records received", "Records that were new, that had changed, and that could not be parsed.", "short", noRequests, series(`
SELECT $__timeInterval(at) AS time, sum(new_rows) AS new, sum(changed_rows) AS changed, sum(quarantined_rows) AS quarantined
FROM fetches
WHERE `+both+`
GROUP BY time
ORDER BY time`)).size(8, 8).field("new", "color", fixed(good)).field("changed", "color", fixed(plain)).field("quarantined", "color", fixed(bad)),
			}},
			{"Into ClickHouse", []panel{
				lines("Queue", "Rows waiting for ClickHouse. If the queue only grows, ClickHouse does not accept them.", "short", noMetrics,
					promql("A", "sum(sink_queue_rows)", "rows")).size(12, 8).field("rows", "color", fixed(plain)),
				lines("Writes", "Batches per minute that ClickHouse acknowledged, and writes that failed and are retried.", "opm", noMetrics,
					promql("A", "sum(rate(sink_inserts_total[$__rate_interval])) * 60", "acknowledged"),
					promql("B", "sum by (reason) (rate(sink_insert_failures_total[$__rate_interval])) * 60", "failed: {{reason}}")).size(12, 8).field("acknowledged", "color", fixed(good)),
			}},
			{"Oddities", []panel{
				gauges("Quirks", "Oddities in Alpemix's answers in the time range, by their name in docs/quirks.md.", "short", "No oddities",
					promqlNow("A", "sort_desc(sum by (quirk) (increase(alpemix_quirks_total[$__range])) > 0)", "{{quirk}}")).
					size(8, 10).withDefaults(object{"color": fixed(plain), "decimals": 0}).
					withOptions(object{"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "", "values": false}}),
				bars("Quarantined by reason", "Records that could not be parsed, by time and reason.", "short", "No record was quarantined", series(`
SELECT $__timeInterval(at) AS time, reason, count() AS records
FROM quarantine
WHERE `+both+`
GROUP BY time, reason
ORDER BY time, reason`)).size(16, 10).withDefaults(object{"displayName": "${__field.labels.reason}"}),
				table("Quarantine", "Unresolved records, newest first. After an upgrade, run collector quarantine retry to parse them again.", "Nothing is in quarantine", rows(`
SELECT at, vendor, account, reason, detail, raw
FROM quarantine
WHERE resolved_at IS NULL
  AND `+chosen("vendor", "vendor")+`
  AND `+chosen("account", "account")+`
ORDER BY at DESC
LIMIT 200`)).size(24, 8).
					column("at", "Read", "unit", "dateTimeAsIso").column("vendor", "Vendor", vendorCells...).column("account", "Account").column("reason", "Reason").
					column("detail", "Detail", "custom.inspect", true).column("raw", "Record", "custom.inspect", true),
			}},
			{"Resellers", []panel{
				lines("Exhausted allotments", "Customers who use all they are allotted, or more.", "short", noMetrics,
					promql("A", "sum by (vendor, resource) (reseller_allotment_exhausted_customers{vendor=~\"$vendor\", "+ofAccount+"})", "{{vendor}} {{resource}}")).size(12, 8),
				number("Collector", "The running version.", "short", noMetrics, "lastNotNull",
					promqlNow("A", "max by (version) (collector_build_info)", "{{version}}")).size(12, 8).
					withOptions(object{"textMode": "name", "colorMode": "none"}),
			}},
		},
	}
}
