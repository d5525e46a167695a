package main

import (
	"strings"
)

func customers() dashboard {
	const (
		nothing = "No allotments: no reseller account is configured, or the chosen accounts have none"
	)
	now := chosenAllotments("allotments")
	history := chosenAllotments("allotment_history", "valid_from", "valid_to")
	monthly := "month >= toStartOfMonth(toDate($__fromTime, ${zone:singlequote})) AND month <= toDate($__toTime, ${zone:singlequote})"
	inMonths := func(text string) string {
		return strings.NewReplacer("MONTHS", monthly+"\n  AND "+chosen("customer", "customer")).Replace(text)
	}
	ofCustomer := func(column string) list {
		return list{explorer("Connections of ${__data.fields."+column+"}", from("customer", column))}
	}
	lookAt := explorer("Connections", "${customer:queryparam}")
	vendorCells := []any{"mappings", valueLabels(vendorColors), "custom.cellOptions", object{"type": "color-text"}}
	use := []any{"unit", "percentunit", "decimals", 0, "min", 0, "max", 1.2, "color", object{"mode": "thresholds"}, "thresholds", shares()["thresholds"],
		"custom.cellOptions", object{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}}
	withCustomer := func(p panel) panel {
		return p.column("name", "Customer", "links", ofCustomer("name")).column("vendor", "Vendor", vendorCells...).column("account", "Account").
			column("login", "Name with the vendor").column("resource", "Resource").column("unit", "Unit").
			column("allotted", "Allotted", "unit", "short").column("utilized", "Used", "unit", "short").column("ratio", "Use", use...)
	}
	return dashboard{
		uid: "alpemix-customers", title: "Customers and allotment", from: "now-89d/d", refresh: "15m",
		description: "What customers are allotted at the reseller vendors, how much of it they use, and how much support they get. What a vendor does not report is unknown, not zero.",
		variables: list{
			clickHouseVariable, vendor,
			choice("reseller", "Account", "Accounts at the vendors", "SELECT DISTINCT account FROM allotment_history WHERE "+chosen("vendor", "vendor")+" ORDER BY account"),
			choice("resource", "Resource", "What is allotted", "SELECT DISTINCT resource FROM allotment_history WHERE "+chosen("vendor", "vendor")+" AND resource != '' ORDER BY resource"),
			customer,
			zone,
		},
		sections: []section{
			{"", []panel{
				number("Customers", "Customers with allotments now.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExact(name) AS customers
FROM (`+now+`)
HAVING count() > 0`)).size(4, 4).withLink(lookAt),
				number("Over", "Customers who use more of a resource than they are allotted.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, utilized > allotted) AS customers
FROM (`+now+`)
HAVING count() > 0`)).size(4, 4).withDefaults(byThreshold(good, 1, bad)).withLink(lookAt),
				number("Nearly used up", "Customers who use 80 % to 100 % of an allotment.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, utilized >= 0.8 * allotted AND utilized <= allotted AND allotted > 0) AS customers
FROM (`+now+`)
HAVING count() > 0`)).size(4, 4).withDefaults(byThreshold(good, 1, warn)).withLink(lookAt),
				number("Unused", "Customers with an allotment that they don't use at all, if the vendor reports use.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, utilized = 0 AND allotted > 0) AS customers
FROM (`+now+`)
HAVING count() > 0`)).size(4, 4).withDefaults(byThreshold(good, 1, plain)).withLink(lookAt),
				number("Run out within 30 days", "Customers whose use, if it keeps growing as in the time range, reaches their allotment within 30 days after it.", "short", nothing, "lastNotNull", rows(`
SELECT uniqExactIf(name, exhausted_on <= known_on + 30) AS customers
FROM (`+trend(history)+`)
HAVING count() > 0`)).size(4, 4).withDefaults(byThreshold(good, 1, warn)).withLink(lookAt),
				number("Oldest snapshot", "Time since the last complete snapshot, of the account where it is longest.", "s", nothing, "lastNotNull", rows(`
SELECT max(age) AS age
FROM
(
  SELECT dateDiff('second', max(at), now()) AS age
  FROM (`+now+`)
  GROUP BY vendor, account
)
HAVING count() > 0`)).size(4, 4).withDefaults(byThreshold(good, 7200, warn, 86400, bad)),
			}},
			{"By vendor and resource", []panel{
				gauges("Use of allotments", "Used share of what is allotted, over customers for whom both are known.", "percentunit", nothing, rows(`
SELECT concat(vendor, ' ', resource) AS what, sum(utilized) / sum(allotted) AS share
FROM (`+now+`)
WHERE utilized IS NOT NULL AND allotted > 0
GROUP BY vendor, resource
ORDER BY share DESC`)).size(8, 9).withDefaults(shares()).withDefaults(object{"max": 1}).withLink(lookAt),
				lines("Use over time", "Used share of what was allotted at the end of each day, over customers for whom both are known.", "percentunit", nothing, series(`
SELECT toDate(day) AS time, concat(vendor, ' ', resource) AS what, sum(utilized) / sum(allotted) AS share
FROM (`+daily(history)+`)
WHERE utilized IS NOT NULL AND allotted > 0
GROUP BY time, what
ORDER BY time, what`)).size(16, 9).withDefaults(object{"displayName": "${__field.labels.what}"}).withLink(lookAt),
				table("Vendors", "What is allotted and used now. Sums cover known values only.", nothing, rows(`
SELECT vendor, account, resource, unit, uniqExact(name) AS customers, sum(allotted) AS allotted_sum, sum(utilized) AS utilized_sum,
  sumIf(utilized, allotted > 0) / nullIf(sumIf(allotted, utilized IS NOT NULL), 0) AS ratio,
  countIf(utilized > allotted) AS over, countIf(utilized = 0 AND allotted > 0) AS unused, max(at) AS snapshot
FROM (`+now+`)
GROUP BY vendor, account, resource, unit
ORDER BY vendor, account, resource, unit`)).size(24, 8).
					column("vendor", "Vendor", vendorCells...).column("account", "Account").column("resource", "Resource").column("unit", "Unit").
					column("customers", "Customers", "unit", "short").column("allotted_sum", "Allotted", "unit", "short").column("utilized_sum", "Used", "unit", "short").
					column("ratio", "Use", use...).column("over", "Over", "unit", "short").column("unused", "Unused", "unit", "short").
					column("snapshot", "Read", "unit", "dateTimeFromNow").withLink(lookAt),
			}},
			{"Customers", []panel{
				withCustomer(table("Over and nearly used up", "Customers who use 80 % or more of what they are allotted. Click a customer to see their connections.", "No customer uses 80 % of an allotment", rows(`
SELECT name, vendor, account, login, resource, allotted, utilized, ratio, unit
FROM (`+now+`)
WHERE ratio >= 0.8
ORDER BY ratio DESC, name`))).size(12, 10).withLink(lookAt),
				withCustomer(table("Unused", "Customers who use less than a tenth of an allotment, the largest unused amount first.", "Every customer uses at least a tenth of each allotment", rows(`
SELECT name, vendor, account, login, resource, allotted, utilized, ratio, unit
FROM (`+now+`)
WHERE ratio < 0.1
ORDER BY allotted - utilized DESC, name`))).size(12, 10).withLink(lookAt),
				withCustomer(table("Trend and date of exhaustion", "A straight line through the use at the end of each day in the time range. The date is when the line reaches the current allotment; it is empty if use does not grow, or does not get there within ten years.", nothing, rows(`
SELECT name, vendor, account, login, resource, allotted, utilized, ratio, unit, slope * 30 AS per_month, toString(exhausted_on) AS exhausted
FROM (`+trend(history)+`)
ORDER BY exhausted_on IS NULL, exhausted_on, ratio DESC, name`))).size(24, 10).
					column("per_month", "Growth in 30 days", "unit", "short", "decimals", 1).
					column("exhausted", "Exhausted on", "noValue", "").withLink(lookAt),
				lines("Use by customer", "Used share of what was allotted at the end of each day, for the twelve with the highest share.", "percentunit", nothing, series(`
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
ORDER BY time, what`)).size(24, 9).withDefaults(object{"displayName": "${__field.labels.what}"}).withLink(lookAt),
			}},
			{"Support", []panel{
				gauges("Hours of support by customer", "Durations of connections in the months of the time range, for the customers with the most hours.", hours, "No connections in these months", rows(inMonths(`
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
LIMIT 25`))).size(8, 12).withDefaults(object{"color": fixed("purple"), "decimals": 1}).withLink(lookAt),
				table("Support and allotment", "Each month in the time range: the support that a customer got, and what they were allotted at the end of the month. (unmapped) is what no line of the customers file matches.", "No data in these months", rows(inMonths(`
SELECT formatDateTime(month, '%Y-%m') AS in_month, customer AS name, connections, seconds / 3600 AS hours, resource, allotted, utilized, ratio
FROM usage_vs_allotment
WHERE MONTHS
  AND `+chosen("resource", "resource")+`
ORDER BY month DESC, hours DESC, name, resource
LIMIT 1000`))).size(16, 12).
					column("in_month", "Month").column("name", "Customer", "links", ofCustomer("name")).
					column("connections", "Connections", "unit", "short").column("hours", "Hours", append(bar("purple"), "unit", hours, "decimals", 1)...).
					column("resource", "Resource").column("allotted", "Allotted", "unit", "short").column("utilized", "Used", "unit", "short").
					column("ratio", "Use", use...).withLink(lookAt),
			}},
			{"Changes", []panel{
				withCustomer(table("Changed allotments", "Allotment changes in the time range, newest first.", "No allotment changed in this time range", rows(`
SELECT valid_from, name, vendor, account, login, resource, allotted, utilized, ratio, unit, valid_to
FROM (`+history+`)
WHERE $__timeFilter(valid_from)
ORDER BY valid_from DESC, name, resource
LIMIT 500`))).size(14, 10).
					column("valid_from", "From", "unit", "dateTimeAsIso").column("valid_to", "To", "unit", "dateTimeAsIso", "noValue", "").withLink(lookAt),
				table("Changing calls", "Changes made at the vendors through the collector, newest first.", "Nothing was changed through the collector", rows(`
SELECT at, vendor, account, action, subject, outcome, detail
FROM provisioning_log
WHERE $__timeFilter(at)
  AND `+chosen("vendor", "vendor")+`
  AND `+chosen("account", "reseller")+`
ORDER BY at DESC
LIMIT 500`)).size(10, 10).
					column("at", "When", "unit", "dateTimeAsIso").column("vendor", "Vendor", vendorCells...).column("account", "Account").column("action", "Call").
					column("subject", "Customer").column("outcome", "Outcome", "mappings", valueLabels(outcomeColors), "custom.cellOptions", object{"type": "color-text"}).
					column("detail", "Detail", "custom.inspect", true),
			}},
		},
	}
}

// allAllotments returns the rows of a view of allotments, with the customer's name from the
// customers file. A line for the account wins over one for any account; without a line, the
// vendor's name counts. more are further columns.
func allAllotments(view string, more ...string) string {
	extra := ""
	for _, column := range more {
		extra += ", a." + column + " AS " + column
	}
	login := trimmed("a.customer")
	const lines = "SELECT vendor, account, value, min(customer) AS customer FROM customers WHERE field = 'customer' AND account "
	return `
  SELECT coalesce(nullIf(own.customer, ''), nullIf(anywhere.customer, ''), a.customer) AS name, a.vendor AS vendor, a.account AS account, a.customer AS login,
    a.resource AS resource, a.unit AS unit, a.at AS at, a.allotted AS allotted, a.utilized AS utilized, if(a.allotted > 0, a.utilized / a.allotted, NULL) AS ratio` + extra + `
  FROM ` + view + ` AS a
  LEFT JOIN (` + lines + `!= '' GROUP BY vendor, account, value) AS own ON own.vendor = a.vendor AND own.account = a.account AND own.value = ` + login + `
  LEFT JOIN (` + lines + `= '' GROUP BY vendor, account, value) AS anywhere ON anywhere.vendor = a.vendor AND anywhere.value = ` + login + `
  WHERE a.resource != ''
`
}

// chosenAllotments is allAllotments, filtered by the dashboard's variables.
func chosenAllotments(view string, more ...string) string {
	return `
  SELECT * FROM (` + allAllotments(view, more...) + `)
  WHERE ` + strings.Join([]string{chosen("vendor", "vendor"), chosen("account", "reseller"), chosen("resource", "resource"), chosen("name", "customer")}, "\n    AND ") + `
`
}

// daily returns what was allotted and used at the end of each day in the time range, and now.
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

// trend returns what is allotted and used at the end of the time range, and the slope of a straight
// line through the use, in growth per day. Days are numbers. Customers that are gone by then have
// no trend.
func trend(history string) string {
	return `
  SELECT name, vendor, account, login, resource, unit, latest.1 AS allotted, latest.2 AS utilized, if(allotted > 0, utilized / allotted, NULL) AS ratio,
    if(isFinite(line), line, NULL) AS slope, ceil((allotted - utilized) / slope) AS days_left,
    if(slope > 0 AND utilized < allotted AND days_left < 3650, toDate(last_day + toUInt32(days_left)), NULL) AS exhausted_on, toDate(last_day) AS known_on
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
