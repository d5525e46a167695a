package reseller

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
)

// observer is the one place that counts and logs what happened (CONTRACT section 6). What can be read from the state at any time
// is not counted here but gathered, see gauges. No label names a customer.
type observer struct {
	log *slog.Logger

	success  *prometheus.GaugeVec
	requests *prometheus.CounterVec
	failures *prometheus.CounterVec
	events   *prometheus.CounterVec

	deliveries prometheus.Counter
	refusals   *prometheus.CounterVec
	drops      prometheus.Counter
	mapping    prometheus.Gauge
}

func newObserver(r *Jobs, reg prometheus.Registerer, log *slog.Logger) *observer {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	o := &observer{
		log: log,
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "reseller_last_success_timestamp_seconds", Help: "When the account was last read, as Unix time; reseller_missing_customers has those who are not up to date.",
		}, []string{"vendor", "account"}),
		requests: counters("reseller_requests_total", "Requests sent to reseller vendors for snapshots.", "vendor", "account"),
		failures: counters("reseller_request_failures_total", "Requests to reseller vendors that failed, and snapshots that could not be recorded.", "vendor", "account", "reason"),
		events: counters("reseller_threshold_events_total", "Customers whose use of an allotment has reached so many percent, once a month each.",
			"vendor", "account", "resource", "percent"),
		deliveries: counter("reseller_webhook_deliveries_total", "Events that the webhook has accepted."),
		refusals:   counters("reseller_webhook_failures_total", "Attempts to deliver an event that failed and are repeated.", "reason"),
		drops:      counter("reseller_webhook_dropped_total", "Events that were given up: the webhook has not accepted them for a day."),
		mapping: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "reseller_customers_file_valid", Help: "1 if the customers file is in use as it is, or there is none; 0 if an older version of it is.",
		}),
	}
	reg.MustRegister(o.success, o.requests, o.failures, o.events, o.mapping, gauges{r})
	if r.courier != nil {
		reg.MustRegister(o.deliveries, o.refusals, o.drops)
	}
	for _, j := range r.jobs { // counters start at 0, or the first increment is invisible to rate()
		o.requests.WithLabelValues(j.Vendor, j.Name)
	}
	return o
}

// observe counts and logs one read.
func (o *observer) observe(out *outcome) {
	j, s := out.job, out.snapshot
	log := o.log.With("vendor", j.Vendor, "account", j.Name)
	told := false
	for _, r := range s.Requests {
		o.requests.WithLabelValues(j.Vendor, j.Name).Inc()
		if r.Outcome != "ok" && r.Outcome != report.NotOffered {
			o.failures.WithLabelValues(j.Vendor, j.Name, r.Outcome).Inc()
			told = told || out.failure != nil && r.Outcome == out.failure.Reason
		}
	}
	if out.notOffered() {
		log.Debug("the vendor's server has no snapshots; what is set through us is known", "err", out.failure)
		return
	}
	if out.stored {
		o.success.WithLabelValues(j.Vendor, j.Name).Set(unix(s.At))
	}
	if len(s.Odd) > 0 && out.news {
		log.Warn("values could not be read and count as unknown; the column raw has them", "values", len(s.Odd), "first", some(s.Odd))
	}
	if f := out.failure; f != nil {
		if !told { // what failed is no request: our state, or a defect
			o.failures.WithLabelValues(j.Vendor, j.Name, f.Reason).Inc()
		}
		said := "snapshot failed; what is known stays as it is"
		if out.stored || out.single {
			said = "customers are not up to date; their last known values stay in use"
			log = log.With("missing", len(s.Missing), "customers", some(s.Missing))
		}
		if out.single {
			o.customersFailed(log, said, s.Failed)
			return
		}
		log.Log(context.Background(), levelOf(f), said, "reason", f.Reason, "code", f.Code, "err", f)
		return
	}
	if len(s.Pending) > 0 {
		log.Warn("the vendor has not carried out all changes of these customers yet; until then it refuses others", "customers", s.Pending)
	}
	level := slog.LevelDebug
	if out.changes > 0 {
		level = slog.LevelInfo
	}
	log.Log(context.Background(), level, "snapshot", "allotments", len(s.Allotments), "changes", out.changes, "seconds", time.Since(out.began).Seconds())
}

// customersFailed logs each kind of failure with the first customer who met it, so that one does not hide the others.
func (o *observer) customersFailed(log *slog.Logger, said string, failed map[string]*report.Failure) {
	type kind struct {
		reason string
		code   int
	}
	var first []*report.Failure
	met := map[kind][]string{} // by whom
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		f := failed[name]
		k := kind{f.Reason, f.Code}
		if met[k] == nil {
			first = append(first, f)
		}
		met[k] = append(met[k], name)
	}
	for _, f := range first[:min(len(first), kindsLogged)] {
		by := met[kind{f.Reason, f.Code}]
		log.Log(context.Background(), levelOf(f), said, "reason", f.Reason, "code", f.Code, "failed", len(by), "with_it", some(by), "err", f)
	}
	if more := len(first) - kindsLogged; more > 0 {
		log.Warn("customers failed in more ways than are logged", "more", more)
	}
}

// kindsLogged bounds what one reading logs.
const kindsLogged = 8

// some are the first of many names.
func some(names []string) []string {
	const most = 10
	return names[:min(len(names), most)]
}

// believed logs that customers are gone whom several lists in a row have lacked.
func (o *observer) believed(j *job, gone []string, known int, d report.Doubt) {
	o.log.Warn("customers have been missing from the vendor's list for hours; the list is accepted now, and their allotments end",
		"vendor", j.Vendor, "account", j.Name, "gone", len(gone), "known", known, "customers", some(gone), "since", d.Since.Format(time.RFC3339), "readings", d.Readings)
}

// levelOf tells failures that need a person from those that may pass.
func levelOf(f *report.Failure) slog.Level {
	if f.Class == report.Permanent || f.Class == report.Local || f.Class == report.Blocked {
		return slog.LevelError
	}
	return slog.LevelWarn
}

// removed logs accounts that the configuration names no more.
func (o *observer) removed(vendor string, accounts []string) {
	for _, account := range accounts {
		o.log.Warn("this account is no longer configured: what was allotted in it is ended", "vendor", vendor, "account", account)
	}
}

// notRemoved logs that accounts which the configuration names no more could not be ended.
func (o *observer) notRemoved(err error) {
	o.log.Error("accounts that are no longer configured could not be ended; it is tried again at the next start", "err", err)
}

// clock logs that the clock cannot be right.
func (o *observer) clock(now time.Time) {
	o.log.Error("this machine's clock cannot be right; nothing is asked until it is", "clock", now)
}

// raised counts an event.
func (o *observer) raised(e report.Event) {
	o.events.WithLabelValues(e.Vendor, e.Account, e.Resource, strconv.Itoa(e.Percent)).Inc()
	log := o.log.With("vendor", e.Vendor, "account", e.Account, "customer", e.Customer)
	if e.MappedTo != "" {
		log = log.With("mapped_to", e.MappedTo)
	}
	log.Warn("a customer has reached a threshold of an allotment", "resource", e.Resource, "percent", e.Percent,
		"allotted", e.Allotted, "utilized", e.Utilized, "unit", e.Unit, "event", e.ID())
}

// delivered counts an event that the webhook has accepted.
func (o *observer) delivered(e report.Event) {
	o.deliveries.Inc()
	o.log.Info("event delivered", "event", e.ID())
}

// deliveryFailed counts a failed attempt. The event waits.
func (o *observer) deliveryFailed(e report.Event, again time.Time, f *report.Failure) {
	o.refusals.WithLabelValues(f.Reason).Inc()
	o.log.Log(context.Background(), levelOf(f), "an event could not be delivered; it is tried again for a day", "event", e.ID(),
		"reason", f.Reason, "again_at", again.UTC().Format(time.RFC3339), "err", f)
}

// dropped counts an event that is given up.
func (o *observer) dropped(e report.Event) {
	o.drops.Inc()
	o.log.Error("an event could not be delivered for a day and is given up; it stays in this log", "event", e.ID(), "vendor", e.Vendor,
		"account", e.Account, "customer", e.Customer, "resource", e.Resource, "percent", e.Percent)
}

// stuck logs that the state file cannot be used for deliveries.
func (o *observer) stuck(err error) {
	o.log.Error("deliveries wait for the state file", "again_in", recordAgain, "err", err)
}

// mapped logs a version of customers.csv that is now in use.
func (o *observer) mapped(file string, there bool, lines, changes int, warnings []string) {
	o.mapping.Set(1)
	if len(warnings) > 0 {
		o.log.Warn("the customers file is in use and has lines that look like mistakes", "file", file, "warnings", len(warnings), "first", some(warnings))
	}
	if there {
		o.log.Info("customers file read", "file", file, "lines", lines, "changes", changes)
		return
	}
	o.log.Info("no customers file: nothing is mapped to customers", "file", file)
}

// mappingRefused logs that the newest version of customers.csv is not in use.
func (o *observer) mappingRefused(file string, lines int, err error) {
	o.mapping.Set(0)
	o.log.Error("the customers file cannot be used; its last good content stays in use", "file", file, "lines_in_use", lines, "err", err)
}
