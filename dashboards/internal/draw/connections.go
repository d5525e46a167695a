package main

import (
	"strings"
)

func connections() dashboard {
	filters := []string{
		chosen("account", "account"), chosen(staffName, "staff"), chosen("mode", "mode"), ofCustomers(),
		contains("target", targetName, "target_alpemix_id", "target_device"),
		contains("support_number", "support_number"),
		contains("ip", "staff_ip", "staff_local_ip", "target_ip", "target_local_ip"),
		contains("text", "explanation", "support_number", "staff_name", "staff_device", "staff_alpemix_id", "target_name", "target_device", "target_alpemix_id"),
	}
	sql := func(text string) string { return expand(text, filters...) }
	const nothing = "No connection in this time range matches the filters"
	narrower := func(title string, filters ...string) object {
		return explorer(title, append([]string{sameAccounts}, filters...)...)
	}
	return dashboard{
		uid: "alpemix-connections", title: "Connection explorer", from: "now-7d/d", refresh: "",
		description: "Single connections, by account, staff, mode, customer, target, support number, address and text. Typed text matches anywhere in the field, upper or lower case.",
		variables: list{
			clickHouseVariable, account, people, mode,
			customer,
			text("target", "Target", "Part of the name, the Alpemix id or the device number of the target"),
			text("support_number", "Support number", "Part of the support number"),
			text("ip", "IP", "Part of any of the four addresses: of staff and target, on the Internet and local"),
			text("text", "Text", "Part of the explanation, the support number, or a name, Alpemix id or device number of either side"),
			zone,
		},
		sections: []section{
			{"", []panel{
				number("Connections", "Connections that match the filters.", "short", nothing, "lastNotNull", rows(sql(`
SELECT count() AS connections
FROM connections
WHERE FILTER
HAVING connections > 0`))).size(6, 4),
				number("Hours", "Sum of their durations.", hours, nothing, "lastNotNull", rows(sql(`
SELECT sum(duration_seconds) / 3600 AS hours
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(6, 4).withDefaults(object{"decimals": 1}),
				number("Staff", "Support staff with such connections.", "short", nothing, "lastNotNull", rows(sql(`
SELECT uniqExact(account, staff_name) AS staff
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(6, 4),
				number("Targets", "Devices that were connected to, distinguished by Alpemix id or, without one, by name.", "short", nothing, "lastNotNull", rows(sql(`
SELECT uniqExact(account, if(target_alpemix_id = '', target_name, target_alpemix_id)) AS targets
FROM connections
WHERE FILTER
HAVING count() > 0`))).size(6, 4),
				bars("Over time", "When they started.", "short", nothing, series(sql(`
SELECT $__timeInterval(started_at) AS time, `+eachMode("countIf(MODE)")+`
FROM connections
WHERE FILTER
GROUP BY time
ORDER BY time`))).size(24, 6).withColors(modeColors),
				table("Connections", "The newest 1000 that match the filters. Click a name, a support number or an address to filter by it.", nothing, rows(sql(`
SELECT started_at, account, staff_name, toString(mode) AS mode, duration_seconds, target_name, target_alpemix_id, support_number, explanation,
  target_ip, target_local_ip, staff_ip, staff_local_ip, target_device, staff_device, staff_alpemix_id, toString(local_day) AS day, uid
FROM connections
WHERE FILTER
ORDER BY started_at DESC, uid
LIMIT 1000`))).size(24, 20).
					column("started_at", "Started", "unit", "dateTimeAsIso", "custom.width", 165).
					column("account", "Account", "custom.width", 100).
					column("staff_name", "Staff", "mappings", anonymous, "links", list{narrower("All of ${__data.fields.staff_name}", from("staff", "staff_name"))}).
					column("mode", "Mode", "mappings", valueLabels(modeColors), "custom.cellOptions", object{"type": "color-text"}, "custom.width", 110).
					column("duration_seconds", "Duration", "unit", "s", "custom.width", 100).
					column("target_name", "Target", "mappings", anonymous, "links", list{narrower("All to ${__data.fields.target_name}", from("target", "target_name"))}).
					column("target_alpemix_id", "Target id", "links", list{narrower("All to ${__data.fields.target_alpemix_id}", from("target", "target_alpemix_id"))}).
					column("support_number", "Support number", "links", list{narrower("All of ${__data.fields.support_number}", from("support_number", "support_number"))}).
					column("explanation", "Explanation", "custom.inspect", true, "custom.minWidth", 200).
					column("target_ip", "Target IP", "links", list{narrower("All with ${__data.fields.target_ip}", from("ip", "target_ip"))}).
					column("target_local_ip", "Target local IP").
					column("staff_ip", "Staff IP", "links", list{narrower("All with ${__data.fields.staff_ip}", from("ip", "staff_ip"))}).
					column("staff_local_ip", "Staff local IP").
					column("target_device", "Target device").
					column("staff_device", "Staff device").
					column("staff_alpemix_id", "Staff id").
					column("day", "Day of the account").
					column("uid", "uid"),
			}},
		},
	}
}

// ofCustomers is the condition that a line of the chosen customers matches or, for (unmapped), that
// no line matches. A line with an account matches only there.
func ofCustomers() string {
	inFile := fits("customer IN (${customer:singlequote})")
	return "$__conditionalAll((" + inFile + "\n    OR '(unmapped)' IN (${customer:singlequote}) AND NOT (" + fits("1") + ")), $customer)"
}

// fits is the condition that a line of the customers file matches, among lines that meet the
// condition whose.
func fits(whose string) string {
	var lines []string
	for _, field := range []string{"target_alpemix_id", "target_device", "support_number", "target_name", "staff_name"} {
		values := "(SELECT account, value FROM customers WHERE vendor = 'alpemix' AND field = '" + field + "' AND value != '' AND " + whose + ")"
		name := trimmed(field) // the lines have none of the white space around names
		lines = append(lines, "(account, "+name+") IN "+values, "('', "+name+") IN "+values)
	}
	return strings.Join(lines, "\n    OR ")
}
