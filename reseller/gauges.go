package reseller

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/report"
)

// gauges are read from the state when Prometheus asks, so that they can neither lag nor be forgotten.
type gauges struct{ *Jobs }

var (
	allottedDesc = desc("reseller_allotted", "What customers are allotted, summed as far as it is known; sizes in MB, those of resources named _gb in GB.",
		"vendor", "account", "resource")
	utilizedDesc = desc("reseller_utilized", "What customers use, summed as far as it is known; in the unit of reseller_allotted.", "vendor", "account", "resource")
	exhausted    = desc("reseller_allotment_exhausted_customers", "Customers who use all that they are allotted, or more.", "vendor", "account", "resource")
	reachedDesc  = desc("reseller_allotment_reached_customers", "Customers who use at least so many percent of what they are allotted.",
		"vendor", "account", "resource", "percent")
	failingDesc = desc("reseller_failing", "1 while the account cannot be read at all, with the reason; no series after a success, even if only some of its customers were read.",
		"vendor", "account", "reason")
	pendingDesc = desc("reseller_pending_customers", "Customers of whom the vendor had not carried out all changes when the account was last read.", "vendor", "account")
	missingDesc = desc("reseller_missing_customers", "Customers who are not up to date while others are: they could not be read, or the account's list suddenly lacks them.", "vendor", "account")
	unreadDesc  = desc("reseller_unread_values", "Values that could not be read when the account was last read: they count as unknown, and the log names them.", "vendor", "account")
	linesDesc   = desc("reseller_customers_file_lines", "Lines of the customers file that are in use.")
	warnedDesc  = desc("reseller_customers_file_warnings", "Warnings about lines of the customers file that are in use: unknown accounts, nearly equal names, invisible characters.")
	waitingDesc = desc("reseller_webhook_queue_events", "Events that wait for their delivery to the webhook.")
	oldestDesc  = desc("reseller_webhook_oldest_event_timestamp_seconds", "Since when the oldest event waits for its delivery, as Unix time; no series if none waits.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (g gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{allottedDesc, utilizedDesc, exhausted, reachedDesc, failingDesc, pendingDesc, missingDesc, unreadDesc, linesDesc, warnedDesc, waitingDesc, oldestDesc} {
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
		known := totals(g.store.Allotments(a.Vendor, a.Name), g.thresholds)
		for _, resource := range slices.Sorted(maps.Keys(known)) {
			t := known[resource]
			if t.allottedKnown { // unknown is no 0
				gauge(allottedDesc, t.allotted, a.Vendor, a.Name, resource)
			}
			if t.utilizedKnown {
				gauge(utilizedDesc, t.utilized, a.Vendor, a.Name, resource)
			}
			if t.comparable {
				gauge(exhausted, float64(t.exhausted), a.Vendor, a.Name, resource)
				for _, percent := range g.thresholds {
					gauge(reachedDesc, float64(t.reached[percent]), a.Vendor, a.Name, resource, strconv.Itoa(percent))
				}
			}
		}
		if a.Failure != nil && !a.Partly {
			gauge(failingDesc, 1, a.Vendor, a.Name, a.Failure.Reason)
		}
		gauge(pendingDesc, float64(a.Pending), a.Vendor, a.Name)
		gauge(missingDesc, float64(a.Missing), a.Vendor, a.Name)
		gauge(unreadDesc, float64(a.Unread), a.Vendor, a.Name)
	}
	gauge(linesDesc, float64(f.CustomerLines))
	gauge(warnedDesc, float64(len(f.CustomersWarnings)))
	if g.courier != nil {
		gauge(waitingDesc, float64(f.EventsWaiting))
		if f.EventsWaiting > 0 {
			gauge(oldestDesc, unix(f.OldestEvent))
		}
	}
}

// total is what an account's customers have of one resource together.
type total struct {
	allotted, utilized           float64
	allottedKnown, utilizedKnown bool
	comparable                   bool // of some customer both are known
	exhausted                    int
	reached                      map[int]int // customers by percent
}

// totals sums allotments by resource.
func totals(all []report.Allotment, thresholds []int) map[string]total {
	sums := map[string]total{}
	for _, a := range all {
		if !a.Allotted.Valid && !a.Utilized.Valid {
			continue
		}
		t, factor := sums[a.Resource], inCommonUnit(a)
		t.allotted += a.Allotted.V * factor
		t.utilized += a.Utilized.V * factor
		t.allottedKnown = t.allottedKnown || a.Allotted.Valid
		t.utilizedKnown = t.utilizedKnown || a.Utilized.Valid
		t.comparable = t.comparable || a.Allotted.Valid && a.Utilized.Valid
		if reached(a, 100) {
			t.exhausted++
		}
		if t.reached == nil {
			t.reached = map[int]int{}
		}
		for _, percent := range thresholds {
			if reached(a, percent) {
				t.reached[percent]++
			}
		}
		sums[a.Resource] = t
	}
	return sums
}

// sizes are the units of sizes in MB.
var sizes = map[string]float64{"KB": 1.0 / 1024, "MB": 1, "GB": 1024, "TB": 1024 * 1024}

// inCommonUnit is what an amount of a is multiplied by to be summed with those of other customers.
func inCommonUnit(a report.Allotment) float64 {
	size, isSize := sizes[a.Unit]
	switch {
	case !isSize:
		return 1
	case strings.HasSuffix(a.Resource, "_gb"):
		return size / sizes["GB"]
	}
	return size
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }
