package main

import "strings"

// explorer is a link to the connections behind a panel: the time range, the data source and the account go with it, and filters
// of the explorer. Each filter is var-NAME=VALUE, where VALUE comes from a variable, a row or a series and is percent-encoded, or
// ${NAME:queryparam} for a variable that both dashboards have.
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

// from is a filter of the explorer by a column of the row that was clicked.
func from(filter, column string) string {
	return "var-" + filter + "=${__data.fields." + column + ":percentencode}"
}
