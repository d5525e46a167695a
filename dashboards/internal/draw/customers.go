package main

import "strings"

func customers() dashboard {
	const (
		nothing = "No allotments: no reseller account is configured, or none of the chosen has any"
	)
	now := theirs("allotments")
	history := theirs("allotment_history", "valid_from", "valid_to")
	monthly := "month >= toStartOfMonth(toDate($__fromTime, ${zone:singlequote})) AND month <= toDate($__toTime, ${zone:singlequote})"
	inMonths := func(text string) string {
		return strings.NewReplacer("MONTHS", monthly+"\n  AND "+chosen("customer", "customer")).Replace(text)
	}
	ofCustomer := func(column string) list {
		return list{explorer("Connections of ${__data.fields."+column+"}", from("customer", column))}
	}
	lookAt := explorer("Connections", "${customer:queryparam}")
	vendorCells := []any{"mappings", named(vendorColors), "custom.cellOptions", object{"type": "color-text"}}
	use := []any{"unit", "percentunit", "decimals", 0, "min", 0, "max", 1.2, "color", object{"mode": "thresholds"}, "thresholds", shares()["thresholds"],
		"custom.cellOptions", object{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}}
	who := func(p panel) panel {
		return p.column("name", "Customer", "links", ofCustomer("name")).column("vendor", "Vendor", vendorCells...).column("account", "Account").
			column("login", "Name with the vendor").column("resource", "Resource").column("unit", "Unit").
			column("allotted", "Allotted", "unit", "short").column("utilized", "Used", "unit", "short").column("ratio", "Use", use...)
	}
	return dashboard{
		uid: "alpemix-customers", title: "Customers and allotment", from: "now-89d/d", refresh: "15m",
		description: "What customers are allotted by the reseller vendors, what they use of it, and how much support they get. What a vendor does not tell is unknown, not zero.",
		variables: list{
			clickHouseVariable, vendor,
			choice("reseller", "Account", "Accounts with the vendors", "SELECT DISTINCT account FROM allotment_history WHERE "+chosen("vendor", "vendor")+" ORDER BY account"),
			choice("resource", "Resource", "What is allotted", "SELECT DISTINCT resource FROM allotment_history WHERE "+chosen("vendor", "vendor")+" AND resource != '' ORDER BY resource"),
			customer,
			zone,
		},
		sections: []section{
			{"", []panel{
				number("Customers", "Who is allotted anything now.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExact(name) AS customers
FROM (`+now+`)
HAVING count() > 0`)).sized(4, 4).leading(lookAt),
				number("Over", "Customers who use more of something than they are allotted.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, utilized > allotted) AS customers
FROM (`+now+`)
HAVING count() > 0`)).sized(4, 4).with(byThreshold(good, 1, bad)).leading(lookAt),
				number("Nearly used up", "Customers who use 80 % or more of something, up to all of it.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, utilized >= 0.8 * allotted AND utilized <= allotted AND allotted > 0) AS customers
FROM (`+now+`)
HAVING count() > 0`)).sized(4, 4).with(byThreshold(good, 1, warn)).leading(lookAt),
				number("Unused", "Customers who are allotted something and use nothing of it, as far as the vendor tells use.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, utilized = 0 AND allotted > 0) AS customers
FROM (`+now+`)
HAVING count() > 0`)).sized(4, 4).with(byThreshold(good, 1, plain)).leading(lookAt),
				number("Run out within 30 days", "Customers whose use, if it grows on as it did in the time range, reaches what they are allotted within 30 days of its end.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, exhausted_on <= told_on + 30) AS customers
FROM (`+trend(history)+`)
HAVING count() > 0`)).sized(4, 4).with(byThreshold(good, 1, warn)).leading(lookAt),
				number("Oldest snapshot", "How long ago the account was read whole that was read least recently.", "s", nothing, "lastNotNull", rows(`
SELECT max(age) AS age
FROM
(
  SELECT dateDiff('second', max(at), now()) AS age
  FROM (`+now+`)
  GROUP BY vendor, account
)
HAVING count() > 0`)).sized(4, 4).with(byThreshold(good, 7200, warn, 86400, bad)),
			}},
			{"By vendor and resource", []panel{
				gauges("Use of what is allotted", "Share of what is allotted that is used, over the customers of whom both are known.", "percentunit", nothing, rows(`
SELECT concat(vendor, ' ', resource) AS what, sum(utilized) / sum(allotted) AS share
FROM (`+now+`)
WHERE utilized IS NOT NULL AND allotted > 0
GROUP BY vendor, resource
ORDER BY share DESC`)).sized(8, 9).with(shares()).with(object{"max": 1}).leading(lookAt),
				over("Use over time", "Share of what was allotted that was used at the end of each day, over the customers of whom both are known.", "percentunit", nothing, series(`
SELECT toDate(day) AS time, concat(vendor, ' ', resource) AS what, sum(utilized) / sum(allotted) AS share
FROM (`+daily(history)+`)
WHERE utilized IS NOT NULL AND allotted > 0
GROUP BY time, what
ORDER BY time, what`)).sized(16, 9).with(object{"displayName": "${__field.labels.what}"}).leading(lookAt),
				table("Vendors", "What is allotted and used now. Sums are of what is known.", nothing, rows(`
SELECT vendor, account, resource, unit, uniqExact(name) AS customers, sum(allotted) AS allotted_sum, sum(utilized) AS utilized_sum,
  sumIf(utilized, allotted > 0) / nullIf(sumIf(allotted, utilized IS NOT NULL), 0) AS ratio,
  countIf(utilized > allotted) AS over, countIf(utilized = 0 AND allotted > 0) AS unused, max(at) AS snapshot
FROM (`+now+`)
GROUP BY vendor, account, resource, unit
ORDER BY vendor, account, resource, unit`)).sized(24, 8).
					column("vendor", "Vendor", vendorCells...).column("account", "Account").column("resource", "Resource").column("unit", "Unit").
					column("customers", "Customers", "unit", "short").column("allotted_sum", "Allotted", "unit", "short").column("utilized_sum", "Used", "unit", "short").
					column("ratio", "Use", use...).column("over", "Over", "unit", "short").column("unused", "Unused", "unit", "short").
					column("snapshot", "Read", "unit", "dateTimeFromNow").leading(lookAt),
			}},
			{"Customers", []panel{
				who(table("Over and nearly used up", "Customers who use 80 % or more of what they are allotted. A click on a customer leads to its connections.", "Nobody uses 80 % of anything", rows(`
SELECT name, vendor, account, login, resource, allotted, utilized, ratio, unit
FROM (`+now+`)
WHERE ratio >= 0.8
ORDER BY ratio DESC, name`))).sized(12, 10).leading(lookAt),
				who(table("Unused", "Customers who use less than a tenth of what they are allotted, most to be had back first.", "Everybody uses a tenth of everything", rows(`
SELECT name, vendor, account, login, resource, allotted, utilized, ratio, unit
FROM (`+now+`)
WHERE ratio < 0.1
ORDER BY allotted - utilized DESC, name`))).sized(12, 10).leading(lookAt),
				who(table("Trend and date of exhaustion", "A straight line through the use at the end of each day of the time range. The date is when it reaches what is allotted now; none if use does not grow, or not within ten years.", nothing, rows(`
SELECT name, vendor, account, login, resource, allotted, utilized, ratio, unit, slope * 30 AS per_month, toString(exhausted_on) AS exhausted
FROM (`+trend(history)+`)
ORDER BY exhausted_on IS NULL, exhausted_on, ratio DESC, name`))).sized(24, 10).
					column("per_month", "Growth in 30 days", "unit", "short", "decimals", 1).
					column("exhausted", "Exhausted on", "noValue", "").leading(lookAt),
				over("Use by customer", "Share of what was allotted that was used at the end of each day, of the twelve that use most.", "percentunit", nothing, series(`
SELECT toDate(day) AS time, concat(name, ', ', resource) AS what, sum(utilized) / sum(allotted) AS share
FROM (`+daily(history)+`)
WHERE utilized IS NOT NULL AND allotted > 0 AND (name, resource) IN
(
  SELECT name, resource
  FROM (`+now+`)
  WHERE ratio IS NOT NULL
  ORDER BY ratio DESC
  LIMIT 12
)
GROUP BY time, what
ORDER BY time, what`)).sized(24, 9).with(object{"displayName": "${__field.labels.what}"}).leading(lookAt),
			}},
			{"Support", []panel{
				gauges("Hours of support by customer", "Durations of the connections of the months that the time range touches, of the customers with most.", hours, "No connections in these months", rows(inMonths(`
SELECT customer, sum(seconds) / 3600 AS hours
FROM
(
  SELECT customer, month, any(seconds) AS seconds
  FROM usage_vs_allotment
  WHERE MONTHS
  GROUP BY customer, month
)
GROUP BY customer
HAVING hours > 0
ORDER BY hours DESC
LIMIT 25`))).sized(8, 12).with(object{"color": fixed("purple"), "decimals": 1}).leading(lookAt),
				table("Support beside allotment", "The months that the time range touches: support that a customer got, and what it was allotted at the end of the month. (unmapped) is what no line of the customers file fits.", "Nothing in these months", rows(inMonths(`
SELECT formatDateTime(month, '%Y-%m') AS in_month, customer AS name, connections, seconds / 3600 AS hours, resource, allotted, utilized, ratio
FROM usage_vs_allotment
WHERE MONTHS
  AND `+chosen("resource", "resource")+`
ORDER BY month DESC, hours DESC, name, resource
LIMIT 1000`))).sized(16, 12).
					column("in_month", "Month").column("name", "Customer", "links", ofCustomer("name")).
					column("connections", "Connections", "unit", "short").column("hours", "Hours", append(bar("purple"), "unit", hours, "decimals", 1)...).
					column("resource", "Resource").column("allotted", "Allotted", "unit", "short").column("utilized", "Used", "unit", "short").
					column("ratio", "Use", use...).leading(lookAt),
			}},
			{"Changes", []panel{
				who(table("Changed allotments", "States of allotments that began in the time range, newest first.", "No allotment changed in this time range", rows(`
SELECT valid_from, name, vendor, account, login, resource, allotted, utilized, ratio, unit, valid_to
FROM (`+history+`)
WHERE $__timeFilter(valid_from)
ORDER BY valid_from DESC, name, resource
LIMIT 500`))).sized(14, 10).
					column("valid_from", "From", "unit", "dateTimeAsIso").column("valid_to", "To", "unit", "dateTimeAsIso", "noValue", "").leading(lookAt),
				table("Changing calls", "What was changed at the vendors through the collector, newest first.", "Nothing was changed through the collector", rows(`
SELECT at, vendor, account, action, subject, outcome, detail
FROM provisioning_log
WHERE $__timeFilter(at)
  AND `+chosen("vendor", "vendor")+`
  AND `+chosen("account", "reseller")+`
ORDER BY at DESC
LIMIT 500`)).sized(10, 10).
					column("at", "When", "unit", "dateTimeAsIso").column("vendor", "Vendor", vendorCells...).column("account", "Account").column("action", "Call").
					column("subject", "Whom").column("outcome", "Outcome", "mappings", named(outcomeColors), "custom.cellOptions", object{"type": "color-text"}).
					column("detail", "Detail", "custom.inspect", true),
			}},
		},
	}
}

// anyone is the rows of a view of allotments, with the customer's name by the customers file: a line of the account comes before
// one of any account, and who is in none has the vendor's name. more are further columns.
func anyone(view string, more ...string) string {
	extra := ""
	for _, column := range more {
		extra += ", a." + column + " AS " + column
	}
	const lines = "SELECT vendor, account, value, min(customer) AS customer FROM customers WHERE field = 'customer' AND account "
	return `
  SELECT coalesce(nullIf(own.customer, ''), nullIf(anywhere.customer, ''), a.customer) AS name, a.vendor AS vendor, a.account AS account, a.customer AS login,
    a.resource AS resource, a.unit AS unit, a.at AS at, a.allotted AS allotted, a.utilized AS utilized, if(a.allotted > 0, a.utilized / a.allotted, NULL) AS ratio` + extra + `
  FROM ` + view + ` AS a
  LEFT JOIN (` + lines + `!= '' GROUP BY vendor, account, value) AS own ON own.vendor = a.vendor AND own.account = a.account AND own.value = a.customer
  LEFT JOIN (` + lines + `= '' GROUP BY vendor, account, value) AS anywhere ON anywhere.vendor = a.vendor AND anywhere.value = a.customer
  WHERE a.resource != ''
`
}

// theirs is anyone, filtered by the variables of the dashboard.
func theirs(view string, more ...string) string {
	return `
  SELECT * FROM (` + anyone(view, more...) + `)
  WHERE ` + strings.Join([]string{chosen("vendor", "vendor"), chosen("account", "reseller"), chosen("resource", "resource"), chosen("name", "customer")}, "\n    AND ") + `
`
}

// daily is what was allotted and used at the end of each day of the time range, and now.
func daily(history string) string {
	return `
  SELECT name, vendor, account, login, resource, unit, day, latest.1 AS allotted, latest.2 AS utilized
  FROM
  (
    SELECT name, vendor, account, login, resource, unit, day, argMax(tuple(allotted, utilized), valid_from) AS latest
    FROM
    (
      SELECT name, vendor, account, login, resource, unit, allotted, utilized, valid_from,
        least($__toTime, now()) AS until,
        arrayJoin(range(
          toUInt32(toDate(greatest(valid_from, $__fromTime), ${zone:singlequote})),
          toUInt32(toDate(least(ifNull(valid_to - 1, until), until), ${zone:singlequote})) + 1)) AS day
      FROM (` + history + `)
      WHERE valid_from <= $__toTime AND (valid_to IS NULL OR valid_to > $__fromTime)
    )
    GROUP BY name, vendor, account, login, resource, unit, day
  )
`
}

// trend is what is allotted and used at the end of the time range, with a straight line through the use: slope is the growth of a
// day. Days are numbers of days here. Who is gone by then has no trend.
func trend(history string) string {
	return `
  SELECT name, vendor, account, login, resource, unit, latest.1 AS allotted, latest.2 AS utilized, if(allotted > 0, utilized / allotted, NULL) AS ratio,
    if(isFinite(line), line, NULL) AS slope, ceil((allotted - utilized) / slope) AS days_left,
    if(slope > 0 AND utilized < allotted AND days_left < 3650, toDate(last_day + toUInt32(days_left)), NULL) AS exhausted_on, toDate(last_day) AS told_on
  FROM
  (
    SELECT name, vendor, account, login, resource, unit, max(day) AS last_day, argMax(tuple(allotted, utilized), day) AS latest,
      simpleLinearRegression(toFloat64(day), assumeNotNull(utilized)).1 AS line
    FROM (` + daily(history) + `)
    WHERE utilized IS NOT NULL
    GROUP BY name, vendor, account, login, resource, unit
    HAVING last_day = toUInt32(toDate(least($__toTime, now()), ${zone:singlequote}))
  )
`
}
