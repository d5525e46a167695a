package reseller

import (
	"time"

	"alpemix-collector/report"
)

// Facts is what can be told at one moment: the page, the status and the gauges show it.
type Facts struct {
	Accounts          []AccountFacts
	CustomerLines     int       // of customers.csv that are in use
	CustomersErr      error     // why the newest version of the file is not, nil if it is
	CustomersWarnings []string  // about lines that are in use
	EventsWaiting     int       // that have not been delivered yet
	OldestEvent       time.Time // of those, when it was raised
}

// AccountFacts is what can be told of one account.
type AccountFacts struct {
	Vendor      string
	Name        string
	LastSuccess time.Time       // of this run, zero before the first; also of a reading without the customers in Missing
	Failure     *report.Failure // the last one, nil after a success
	FailedAt    time.Time       // of Failure
	NextTry     time.Time       // when it is read next at the latest
	Customers   int             // known now
	Allotments  int             // known now, of all customers
	NotOffered  bool            // the vendor's server cannot be asked for snapshots; known is what was set through us
	Missing     int             // customers who are not up to date: they could not be read, or their list is in doubt
	Partly      bool            // Failure is theirs alone, the others are up to date
	Pending     int             // customers of whom the vendor has not carried out all changes yet
	Unread      int             // values that could not be read and count as unknown
}

// Facts gathers them.
func (r *Jobs) Facts() Facts {
	var f Facts
	f.EventsWaiting, f.OldestEvent = r.eventsWaiting()
	f.CustomerLines, f.CustomersWarnings, f.CustomersErr = r.mapping.state()
	for _, j := range r.jobs {
		f.Accounts = append(f.Accounts, j.facts(r.store.Allotments(j.Vendor, j.Name), time.Now().In(r.location)))
	}
	return f
}

func (j *job) facts(known []report.Allotment, now time.Time) AccountFacts {
	customers, allotments := map[string]bool{}, 0
	for _, a := range known {
		customers[a.Customer] = true
		if a.Resource != "" { // else all that is known is that there is such a customer
			allotments++
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	f := AccountFacts{
		Vendor: j.Vendor, Name: j.Name, LastSuccess: j.lastSuccess, Failure: j.failure, FailedAt: j.failedAt, NextTry: j.schedule.Next(now),
		Customers: len(customers), Allotments: allotments, Pending: j.pending, NotOffered: j.notOffered,
		Missing: j.missing, Partly: j.partly, Unread: j.unread,
	}
	if j.due {
		f.NextTry = j.until()
		if now.After(f.NextTry) {
			f.NextTry = now
		}
	}
	return f
}
