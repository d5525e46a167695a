package reseller

import (
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// reached tells whether so many percent of an allotment are used. It is false where one of the two is unknown, and for nothing of
// nothing.
func reached(a report.Allotment, percent int) bool {
	return a.Allotted.Valid && a.Utilized.Valid && a.Utilized.V > 0 && a.Utilized.V*100 >= a.Allotted.V*float64(percent)
}

// raise tells the events of an account that was read at a moment.
func (r *Jobs) raise(j *job, at time.Time) error {
	raised := false
	for _, a := range r.store.Allotments(j.Vendor, j.Name) {
		for _, percent := range r.thresholds {
			if !reached(a, percent) {
				continue
			}
			e := report.Event{
				At: at, Month: monthOf(at.In(r.location)), Vendor: j.Vendor, Account: j.Name, Customer: a.Customer,
				MappedTo: r.mapping.customerOf(j.Vendor, j.Name, a.Customer), Resource: a.Resource, Percent: percent,
				Allotted: a.Allotted.V, Utilized: a.Utilized.V, Unit: a.Unit,
			}
			first, err := r.store.Raise(e, r.courier != nil)
			if err != nil {
				return err
			}
			if first {
				r.observer.raised(e)
				raised = true
			}
		}
	}
	if raised && r.courier != nil {
		pacing.Nudge(r.courier.wake)
	}
	return nil
}

// monthOf is the first day of t's month.
func monthOf(t time.Time) report.Day {
	return report.DayOf(t) - report.Day(t.Day()-1)
}
