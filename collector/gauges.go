package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
)

// gauges are read from the state when Prometheus scrapes, so they can neither lag nor be forgotten.
type gauges struct{ *Collector }

var (
	unsealedDesc = desc("alpemix_unsealed_reports", "Reports of days that have ended and are neither sealed nor a gap: not read completely, or not found in ClickHouse yet.", "account")
	gapsDesc     = desc("alpemix_gaps_total", "Days that are gaps: never read completely while Alpemix served them, or no longer in ClickHouse.", "account")
	lostDesc     = desc("alpemix_last_gap_timestamp_seconds", "When Alpemix stopped serving the newest day that is a gap, as Unix time; 0 without one.", "account")
	dayEndDesc   = desc("alpemix_day_end_timestamp_seconds", "When today ends in the account's time zone, as Unix time; until then Alpemix serves yesterday.", "account")
	failingDesc  = desc("alpemix_failing", "1 while a request of the account has failed and none of its kind has succeeded since, with the newest reason.", "account", "reason")
	rowsDesc     = desc("alpemix_connections_today", "Connections that started today, in the account's time zone.", "account")
	secondsDesc  = desc("alpemix_connection_seconds_today", "Summed duration of the connections that started today, in the account's time zone.", "account")
	tokenDesc    = desc("alpemix_token_expiry_timestamp_seconds", "When the access token ends, as Unix time; 0 without one.", "account")
	budgetDesc   = desc("alpemix_request_budget_remaining", "Requests that the vendor's limits allow now, the least of all accounts.", "kind")
	queueDesc    = desc("sink_queue_rows", "Rows that wait for ClickHouse.")
	oldestDesc   = desc("sink_queue_oldest_timestamp_seconds", "Since when the oldest row waits for ClickHouse, as Unix time; 0 when none waits.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (g gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		unsealedDesc, gapsDesc, lostDesc, dayEndDesc, failingDesc, rowsDesc, secondsDesc, tokenDesc, budgetDesc, queueDesc, oldestDesc,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	f := g.Facts()
	for _, a := range f.Accounts {
		gauge(unsealedDesc, float64(len(a.Unsealed)), a.Name)
		ch <- prometheus.MustNewConstMetric(gapsDesc, prometheus.CounterValue, float64(a.Gaps), a.Name)
		gauge(lostDesc, unix(a.LostAt), a.Name)
		gauge(dayEndDesc, unix(a.DayEnd), a.Name)
		if a.Failure != nil {
			gauge(failingDesc, 1, a.Name, a.Failure.Reason)
		}
		gauge(rowsDesc, float64(a.Today.Rows), a.Name)
		gauge(secondsDesc, float64(a.Today.Seconds), a.Name)
		gauge(tokenDesc, unix(a.TokenExpiry), a.Name)
	}
	if len(f.Accounts) > 0 {
		gauge(budgetDesc, float64(f.Budget[report.Today]), "report")
		gauge(budgetDesc, float64(f.Budget[report.Token]), "token")
	}
	gauge(queueDesc, float64(f.QueueRows))
	gauge(oldestDesc, unix(f.QueueOldest))
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1e3
}
