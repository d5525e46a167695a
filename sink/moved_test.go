package sink

import (
	"strconv"
	"testing"
	"time"

	"alpemix-collector/report"
)

func TestWithdrawMovedLeavesTheNewestContentOfEachUID(t *testing.T) {
	d := open(t)
	w := d.Writer()
	write := func(uid string, start time.Time, version uint64, account string) {
		t.Helper()
		c := connection(1)
		c.Account, c.UID, c.StartedAt, c.Version = account, uid, start, version
		if err := w.Write(t.Context(), report.Batch{Connections: []report.Connection{c}}); err != nil {
			t.Fatal(err)
		}
	}
	year := at.AddDate(1, 0, 0)
	write("moved", at, 10, "main")
	write("moved", year, 20, "main") // another partition
	write("moved", at.Add(time.Hour), 15, "main")
	write("stays", at, 10, "main")
	write("moved", at, 10, "other")
	write("moved", year, 20, "other")
	const shown = "SELECT account, uid, toUnixTimestamp(started_at) FROM connections ORDER BY account, uid, started_at"
	for range 2 {
		if err := w.WithdrawMoved(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
		write("moved", at, 10, "main") // the old file is imported again
		want := "main\tmoved\t" + unixText(year) + "\nmain\tstays\t" + unixText(at) + "\nother\tmoved\t" + unixText(at) + "\nother\tmoved\t" + unixText(year)
		if got := ask(t, d, shown); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
