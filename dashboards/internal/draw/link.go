package main

import "strings"

// explorer returns a link to the connections behind a panel, with the time range, the data source
// and filters. Each filter is var-NAME=VALUE, where VALUE is a percent-encoded value of a variable,
// row or series, or it is ${NAME:queryparam} for a variable of both dashboards.
func explorer(title string, filters ...string) object {
	return object{
		"title": title, "targetBlank": false,
		"url": "/d/alpemix-connections?" + strings.Join(append([]string{"${__url_time_range}", "${datasource:queryparam}"}, filters...), "&"),
	}
}

const (
	sameAccounts = "${account:queryparam}"
	sameStaff    = "${staff:queryparam}"
)

// from returns a filter of the explorer by a column of the clicked row.
func from(filter, column string) string {
	return "var-" + filter + "=${__data.fields." + column + ":percentencode}"
}
