package action

import (
	"database/sql"
	"testing"
	"time"

	"alpemix-collector/report"
)

func TestListings(t *testing.T) {
	list := &Listing{Columns: []string{"name", "n", "since"}, Rows: [][]any{
		{"Şen", 7.0, report.Day(20000)},
		{"\x1b[2Jx\ty\n", Known(sql.Null[float64]{}), time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600))},
		{"", Known(sql.Null[bool]{V: false, Valid: true}), nil},
	}}
	for want, print := range map[string]func() ([]byte, error){
		`NAME             N      SINCE
Şen              7      2024-10-04
\u001b[2Jx\ty\n  -      2026-03-01T08:00:00Z
-                false  -
`: list.Table,
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
`: list.JSON,
	} {
		if text, err := print(); err != nil || string(text) != want {
			t.Errorf("%v\n%s\nwant\n%s", err, text, want)
		}
	}
	for want, l := range map[string]*Listing{
		"[]\n":                   {Columns: []string{"a"}},
		"{\n  \"a\": \"x\"\n}\n": {Columns: []string{"a"}, Rows: [][]any{{"x"}}, One: true},
	} {
		if text, err := l.JSON(); err != nil || string(text) != want {
			t.Errorf("%v %q", err, text)
		}
	}
}
