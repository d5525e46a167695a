package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestImportIntoDaysThatAreOver: the view days counts what an import adds to a sealed day or a gap, at
// once and after the next start, and an import that changes a record of yesterday is no loss.
func TestImportIntoDaysThatAreOver(t *testing.T) {
	zone := noon(t)
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 3, PerWorkday: 20}, Accounts: []simulator.Account{{Name: "main", Zone: zone}},
		Limits: simulator.Limits{Reports: 1000, Tokens: 1000},
	}, "COLLECTOR_ALPEMIX_LIMITS_REPORTS=1000", "COLLECTOR_ALPEMIX_LIMITS_TOKENS=1000")
	ok := func(args ...string) outcome {
		t.Helper()
		got := command(t, c.environ, "", args...)
		if got.code != exitOK {
			t.Fatalf("%+v", got)
		}
		return got
	}
	yesterday := report.DayOf(time.Now().In(zone)) - 1
	old, gap := yesterday-9, yesterday-8
	ok("run", "--once")
	ok("sql", "--write", "INSERT INTO day_rows (account, day, state, rows, sealed_at, version) VALUES ('main', '"+old.String()+"', 'sealed', 0, now(), 1), ('main', '"+gap.String()+"', 'gap', 0, NULL, 1)")
	right := func(when string) {
		t.Helper()
		wrong := c.ask(t, `SELECT day, state, rows FROM days AS d LEFT JOIN
			(SELECT local_day, count() AS stored FROM connections GROUP BY local_day) AS c ON c.local_day = d.day WHERE d.rows != c.stored`)
		states := c.ask(t, "SELECT arrayStringConcat(groupArray(state), ' ') FROM (SELECT state FROM days WHERE day IN ('"+
			old.String()+"', '"+gap.String()+"', '"+yesterday.String()+"') ORDER BY day)")
		if wrong != "" || states != "sealed gap sealed" {
			t.Errorf("%s: %q have other rows than are stored, the states are %q", when, wrong, states)
		}
	}
	line := func(uid string, day report.Day) string {
		return `{"uid":"` + uid + `","dt":"10:00:00 ` + day.UTC().Format(`02\\01\\2006`) + `","dur:":60,"dir":0}`
	}
	served := c.vendor.Report("main", yesterday, time.Now())
	changed := bytes.Replace(served, []byte(`"exp":"`), []byte(`"exp":"changed `), 1)
	if bytes.Equal(served, changed) {
		t.Fatalf("nothing to change in %s", served)
	}
	for _, body := range []string{
		`{"errornumber":0,"results":[` + line("910000000001", old) + "," + line("910000000002", gap) + "," + line("910000000003", yesterday) + `]}`,
		`{"errornumber":0,"results":[` + line("910000000004", old) + `]}`,
		string(changed),
	} {
		ok("import", write(t, "report.json", body))
		right("after the import")
		got := ok("run", "--once")
		right("after the next start")
		for _, loss := range []string{"not found", "not of the same age", "asked for"} {
			if strings.Contains(got.stderr, loss) {
				t.Errorf("the log says %s", got.stderr)
			}
		}
	}
	if left := c.ask(t, "SELECT countIf(explanation LIKE 'changed %') FROM connections"); left != "0" {
		t.Errorf("%s records are as a file said, and Alpemix says otherwise", left)
	}
}
