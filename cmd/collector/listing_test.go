package main

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

func TestListings(t *testing.T) {
	list := &listing{columns: []string{"name", "n", "since"}, rows: [][]any{
		{"Şen", 7.0, report.Day(20000)},
		{"\x1b[2Jx\ty\n", known(sql.Null[float64]{}), time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600))},
		{"", known(sql.Null[bool]{V: false, Valid: true}), nil},
	}}
	table, object := formatTable, formatJSON
	for want, f := range map[string]*format{
		`NAME             N      SINCE
Şen              7      2024-10-04
\u001b[2Jx\ty\n  -      2026-03-01T08:00:00Z
-                false  -
`: &table,
		`[
  {
    "name": "Şen",
    "n": 7,
    "since": "2024-10-04"
  },
  {
    "name": "\u001b[2Jx\ty\n",
    "n": null,
    "since": "2026-03-01T09:00:00+01:00"
  },
  {
    "name": "",
    "n": false,
    "since": null
  }
]
`: &object,
	} {
		var out strings.Builder
		if err := list.print(&out, f); err != nil || out.String() != want {
			t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
		}
	}
	for want, l := range map[string]*listing{
		"[]\n":                   {columns: []string{"a"}},
		"{\n  \"a\": \"x\"\n}\n": {columns: []string{"a"}, rows: [][]any{{"x"}}, one: true},
	} {
		var out strings.Builder
		if err := l.print(&out, &object); err != nil || out.String() != want {
			t.Errorf("%v %q", err, out.String())
		}
	}
}
