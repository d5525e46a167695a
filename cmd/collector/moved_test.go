package main

import (
	"fmt"
	"testing"
)

// TestImportOfAMovedStart: a connection stays one row, whatever start a later file gives it.
func TestImportOfAMovedStart(t *testing.T) {
	environ, _, _ := desk(t)
	body := func(clock string) string {
		return write(t, "report.json", fmt.Sprintf(`{"errornumber":0,"results":[{"uid":"910000000001","dt":"%s 05\\03\\2026","dur:":60,"dir":0},{"uid":"2","dt":"11:00:00 05\\03\\2026","dur:":60,"dir":0}]}`, clock))
	}
	for i, clock := range []string{"10:00:00", "10:00:05", "09:00:00", "10:00:05"} {
		at := fmt.Sprintf("2026-03-0%dT12:00:00+03:00", i+6)
		if got := command(t, environ, "", "import", "--fetched-at", at, body(clock)); got.code != exitOK {
			t.Fatalf("%+v", got)
		}
		got := command(t, environ, "", "sql", "--format", "TSV", "SELECT uid, toString(toTimeZone(started_at, 'Europe/Istanbul')) FROM connections ORDER BY uid DESC")
		if want := "910000000001\t2026-03-05 " + clock + "\n2\t2026-03-05 11:00:00\n"; got.stdout != want {
			t.Errorf("after the start %s: %+v, want %q", clock, got, want)
		}
	}
}
