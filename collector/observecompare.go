package collector

import (
	"context"
	"log/slog"

	"alpemix-collector/report"
)

// replaced logs that ClickHouse is another database than before.
func (o *observer) replaced(accounts []*account) {
	for _, a := range accounts {
		o.findings.WithLabelValues(a.Name, otherDatabase).Inc()
	}
	o.log.Error("ClickHouse is another database than before: it is new, was emptied or was replaced; what the collector knows is " +
		"written again, and what Alpemix still serves is requested again. The log of requests, the log of changing calls, the history " +
		"of allotments and settled quarantine come back only with a backup of ClickHouse")
}

// learned logs states of days that ClickHouse had and the state file did not.
func (o *observer) learned(account string, days []report.DayStatus) {
	o.log.Warn("ClickHouse knows more of these days than the state file, which is an older copy or a new one; the collector adopts their states",
		"account", account, "days", len(days), "from", days[0].Day, "to", days[len(days)-1].Day)
}

// compared logs the result of comparing the state file with ClickHouse.
func (o *observer) compared(found *comparison) {
	for _, lost := range found.lost {
		o.log.Error("connections of sealed days are no longer in ClickHouse, and Alpemix no longer serves them: the days are gaps now; "+
			"restore a backup of ClickHouse, or import saved reports of these days",
			"account", lost.account, "days", len(lost.days), "from", lost.days[0].Day, "to", lost.days[len(lost.days)-1].Day)
	}
	if !found.any() {
		return
	}
	if found.missing+found.days+len(found.lost)+found.customers+found.allotments == 0 {
		o.log.Info("ClickHouse holds connections that the state file did not know, such as those of an import", "connections", found.taken)
		return
	}
	level := slog.LevelWarn
	if found.replaced {
		level = slog.LevelError
	}
	o.log.Log(context.Background(), level, "ClickHouse and the state file were not of the same age; what was missing is written again",
		"day_states", found.days, "customers", found.customers, "allotments", found.allotments,
		"connections_asked_again", found.missing, "connections_taken_over", found.taken)
}

// moved logs that the rows of a renamed account were moved to its new name.
func (o *observer) moved(m report.Move) {
	o.log.Warn(m.Reason()+": its rows in ClickHouse have moved to the new name; "+
		"change lines of customers.csv and dashboards that name the account", "vendor", m.Vendor, "before", m.From, "now", m.To)
}
