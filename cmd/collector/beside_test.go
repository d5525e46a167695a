package main

import (
	"slices"
	"strings"
	"testing"

	"alpemix-collector/simulator"
)

// TestCommandsFindTheDaemonOfTheirStateFolder whatever its ports are and however it was configured.
func TestCommandsFindTheDaemonOfTheirStateFolder(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}})
	daemon := c.start(t, "run")
	c.waitFor(t, daemon, func() bool {
		got := command(t, c.environ, "", "sql", "--format", "TSV", "SELECT count() > 0 FROM connections")
		return c.readWhole(0) && got.stdout == "1\n"
	})

	// Another environment: the ports are those of nobody, the rest is the same.
	elsewhere := slices.DeleteFunc(slices.Clone(c.environ), func(pair string) bool {
		return strings.HasPrefix(pair, "COLLECTOR_HTTP_LISTEN=") || strings.HasPrefix(pair, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=")
	})
	elsewhere = append(elsewhere, "COLLECTOR_HTTP_LISTEN="+freeAddress(t), "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN="+freeAddress(t))
	day := write(t, "day.json", body(record("imported", 1)))
	for args, want := range map[string]string{
		"sql --format TSV SELECT 40+2": "42\n",
		"import " + day:                "1 records, 1 stored",
		"quarantine list":              "",
		"migrate status":               "applied",
		"check":                        "ok    account main: last read by the running daemon at ",
		"healthy":                      "",
	} {
		words := strings.Fields(args)
		if words[0] == "sql" {
			words = append(words[:3:3], "SELECT 40+2")
		}
		if got := command(t, elsewhere, "", words...); got.code != exitOK || !strings.Contains(got.stdout, want) || got.stderr != "" {
			t.Errorf("%s: %+v", args, got)
		}
	}
	if got := c.ask(t, "SELECT count() FROM connections WHERE uid = 'imported'"); got != "1" {
		t.Errorf("%s rows were imported", got)
	}
	if code := daemon.interrupt(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, daemon.stderr)
	}
}
