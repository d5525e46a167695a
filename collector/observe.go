package collector

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// observer is the one place that counts and logs what happened (docs/metrics.md lists the metrics).
// What can be read from the state is not counted here but in gauges.
type observer struct {
	log    *slog.Logger
	reason func(error) string

	success  *prometheus.GaugeVec
	requests *prometheus.CounterVec
	failures *prometheus.CounterVec
	rows     *prometheus.CounterVec
	quirks   *prometheus.CounterVec
	findings *prometheus.CounterVec
	inserts  prometheus.Counter
	refused  *prometheus.CounterVec
}

// Findings, the label of alpemix_findings_total.
const (
	startsInFuture = "starts_in_future" // a connection starts later than now: the account's zone or a clock is wrong
	dayInDoubt     = "day_in_doubt"     // an answer may not describe its day
	rowsMissing    = "rows_missing"     // ClickHouse has lost rows that it had acknowledged
	otherDatabase  = "other_database"   // ClickHouse is another database than before: new, emptied or replaced
)

func newObserver(c *Collector, reg prometheus.Registerer, log *slog.Logger, reason func(error) string) *observer {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		reg.MustRegister(v)
		return v
	}
	o := &observer{
		log: log, reason: reason,
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "alpemix_last_success_timestamp_seconds",
			Help: "When the report was last read without an error, as Unix time.",
		}, []string{"account", "report"}),
		requests: counter("alpemix_requests_total", "Requests sent to Alpemix.", "account", "report"),
		failures: counter("alpemix_request_failures_total", "Requests to Alpemix for a token or a report that failed, and answers that could not be recorded.", "account", "report", "reason"),
		rows:     counter("alpemix_rows_total", "Records in answers: received = stored + unchanged + quarantined.", "account", "outcome"),
		quirks:   counter("alpemix_quirks_total", "Oddities met in answers, by name as in docs/quirks.md.", "quirk"),
		findings: counter("alpemix_findings_total", "Contradictions between answers, the clock and what is known: starts_in_future, day_in_doubt, rows_missing, other_database.", "account", "finding"),
		refused:  counter("sink_insert_failures_total", "Writes to ClickHouse that failed and are tried again.", "reason"),
		inserts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sink_inserts_total", Help: "Batches that ClickHouse has acknowledged.",
		}),
	}
	reg.MustRegister(o.success, o.inserts, gauges{c})
	return o
}

// startAtZero creates the series of all counters, because rate() misses the first increment of a
// new series.
func (o *observer) startAtZero(accounts []*account, insertReasons, fetchReasons []string) {
	failures := slices.Concat(fetchReasons, parser.ErrorReasons, []string{"internal", "panic", "state", "unreadable"})
	for _, a := range accounts {
		for _, kind := range []report.Kind{report.Token, report.Today, report.Latest, report.Yesterday} {
			o.requests.WithLabelValues(a.Name, string(kind))
			for _, reason := range failures {
				o.failures.WithLabelValues(a.Name, string(kind), reason)
			}
		}
		for _, outcome := range []string{"received", "stored", "unchanged", "quarantined"} {
			o.rows.WithLabelValues(a.Name, outcome)
		}
		for _, finding := range []string{startsInFuture, dayInDoubt, rowsMissing, otherDatabase} {
			o.findings.WithLabelValues(a.Name, finding)
		}
	}
	for _, quirk := range parser.Quirks {
		o.quirks.WithLabelValues(quirk.Name)
	}
	for _, reason := range insertReasons {
		o.refused.WithLabelValues(reason)
	}
}

// twinsNamed is how many uids one log line names.
const twinsNamed = 20

// observe counts and logs one cycle. A cycle that the limits forbade was not a request.
func (o *observer) observe(out *outcome) {
	name, kind := out.account.Name, string(out.window.Kind)
	log := o.log.With("account", name, "report", out.window.String())
	counted := false
	for _, r := range out.fetches() {
		o.requests.WithLabelValues(name, r.Job).Inc()
		if r.Outcome != "ok" {
			o.failures.WithLabelValues(name, r.Job, r.Outcome).Inc()
			counted = counted || out.failure != nil && r.Outcome == out.failure.Reason
		}
	}
	if out.held() {
		log.Debug("waiting for the vendor's limits", "until", out.failure.NotBefore)
		return
	}
	if f := out.failure; f == nil || f.Class != report.Local {
		o.rows.WithLabelValues(name, "received").Add(float64(out.rows))
		o.rows.WithLabelValues(name, "stored").Add(float64(out.new + out.changed))
		o.rows.WithLabelValues(name, "quarantined").Add(float64(out.quarantined))
		o.rows.WithLabelValues(name, "unchanged").Add(float64(out.rows - out.new - out.changed - out.quarantined))
		for quirk, n := range out.tally {
			o.quirks.WithLabelValues(quirk).Add(float64(n))
		}
	}
	if len(out.twins) > 0 {
		log.Warn("the answer lists a uid twice with different content: one of them is stored, the other is in quarantine as "+report.UIDTwice,
			"uids", strings.Join(out.twins[:min(len(out.twins), twinsNamed)], " "), "records", len(out.twins))
	}
	if f := out.failure; f != nil {
		if !counted { // not a request failed, but our state or our code
			o.failures.WithLabelValues(name, string(out.window.Kind), f.Reason).Inc()
		}
		level := slog.LevelWarn
		if f.Class == report.Permanent || f.Class == report.Local || f.Class == report.Blocked {
			level = slog.LevelError
		}
		log.Log(context.Background(), level, "request failed", "reason", f.Reason, "code", f.Code, "err", f)
		return
	}
	o.success.WithLabelValues(name, kind).Set(float64(out.body.FetchedAt.UnixMilli()) / 1e3)
	if out.ahead > 0 {
		o.findings.WithLabelValues(name, startsInFuture).Inc()
		log.Error("connections start in the future: is the account's timezone right, and this machine's clock?", "ahead", out.ahead)
	}
	if out.doubt != "" {
		o.doubt(log, out)
	}
	level := slog.LevelDebug
	if out.fresh > 0 {
		level = slog.LevelInfo
	}
	log.Log(context.Background(), level, "read", "rows", out.rows, "new", out.new, "changed", out.changed, "quarantined", out.quarantined,
		"seconds", out.body.FetchedAt.Sub(out.body.AskedAt).Seconds())
}

// doubt counts and logs an answer that may not describe its day.
func (o *observer) doubt(log *slog.Logger, out *outcome) {
	o.findings.WithLabelValues(out.account.Name, dayInDoubt).Inc()
	what := "the answer for yesterday does not seal that day; it is asked again"
	switch {
	case out.window.Kind != report.Yesterday:
		what = "the answer for today is in doubt; it is asked again"
	case out.accepted:
		what = "the answer for yesterday is in doubt; the day is sealed with it and marked, because there is hardly time to ask again"
	}
	log.Error(what, "day", out.day, "why", out.doubt)
}

// withdrawn counts and logs a doubt that arose after an answer was believed and before its day was sealed.
func (o *observer) withdrawn(account string, day report.Day, why string) {
	o.findings.WithLabelValues(account, dayInDoubt).Inc()
	o.log.Error("the answer for yesterday is in doubt since more of that day is known", "account", account, "day", day, "why", why)
}

// stopped logs how a run ended.
func (o *observer) stopped(err error) {
	if err != nil {
		o.log.Warn("stopped", "unfinished", err)
		return
	}
	o.log.Info("stopped; nothing waits for ClickHouse")
}

// capacity logs what the limits allow, if that is less than the schedules ask.
func (o *observer) capacity(c Capacity) {
	switch {
	case c.Loses():
		o.log.Error("the vendor's limits are too low for the accounts", "capacity", c.String())
	case c.Stale():
		o.log.Warn("the vendor's limits make today less fresh than the schedule asks", "capacity", c.String())
	}
}

// rezoned logs that an account's time zone has changed.
func (o *observer) rezoned(account, before, after string) {
	o.log.Warn("the account's time zone has changed: yesterday and today are read and stored again with right times; older rows stay as they are until saved reports of their days are imported",
		"account", account, "before", before, "after", after)
}

// cannotStart logs that nothing can be requested yet.
func (o *observer) cannotStart(err error) {
	o.log.Error("collecting cannot start; retrying", "again_in", startAgain, "err", err)
}

// waiting logs what Once waits for.
func (o *observer) waiting(account, what string, until time.Time) {
	o.log.Info("waiting for "+what, "account", account, "until", until.Format(time.TimeOnly))
}

// clock logs that the clock cannot be right.
func (o *observer) clock(now time.Time) {
	o.log.Error("this machine's clock cannot be right; nothing is requested until it is", "clock", now)
}

// days logs days that changed their state.
func (o *observer) days(account string, changes []report.DayStatus, err error) {
	if err != nil {
		o.log.Error("the state of days could not be recorded; retrying", "account", account, "err", err)
		return
	}
	for _, d := range changes {
		switch d.State {
		case report.DaySealed:
			if d.Doubt != "" {
				o.log.Warn("day sealed in doubt: every connection that was read is in ClickHouse, but there may be more", "account", account, "day", d.Day, "rows", d.Rows, "doubt", d.Doubt)
				continue
			}
			o.log.Info("day sealed: every connection was found in ClickHouse", "account", account, "day", d.Day, "rows", d.Rows)
		case report.DayGap:
			o.log.Error("day lost: it was never read completely and Alpemix no longer serves it", "account", account, "day", d.Day, "rows", d.Rows)
		}
	}
}

// missing logs that ClickHouse has lost rows it had acknowledged.
func (o *observer) missing(account string, day report.Day, rows int) {
	o.findings.WithLabelValues(account, rowsMissing).Inc()
	o.log.Error("rows that ClickHouse had acknowledged were not found there; they are asked for and written again",
		"account", account, "day", day, "rows", rows)
}

// written counts an acknowledged batch.
func (o *observer) written(b report.Batch) {
	o.inserts.Inc()
	o.log.Debug("written to ClickHouse", "rows", b.Len(), "connections", len(b.Connections), "rejects", len(b.Rejects), "fetches", len(b.Fetches))
	for _, r := range b.Rejects {
		if r.Reason == report.UIDTwice {
			continue // logged with the answer; one is quarantined again whenever the other changes
		}
		o.log.Warn("record quarantined: see `collector quarantine list`", "account", r.Account, "reason", r.Reason, "detail", r.Detail)
	}
}

// writeFailed counts a failed write. The rows stay queued.
func (o *observer) writeFailed(err error, wait time.Duration) {
	reason := o.reason(err)
	o.refused.WithLabelValues(reason).Inc()
	o.log.Error("writing to ClickHouse failed; the rows stay queued and are written again", "reason", reason, "again_in", wait, "err", err)
}
