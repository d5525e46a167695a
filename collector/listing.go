package collector

import (
	"fmt"
	"time"

	"alpemix-collector/report"
)

// listing is what a complete answer lists, compared with what is known.
type listing struct {
	day     report.Day // the requested day
	shares  map[report.Day]report.DayShare
	records int // number of listed connections
	// beside is the other day that the same report lists a part of, if the vendor's days don't
	// change at midnight; otherwise it is day. elsewhere counts the known connections of day that
	// such a vendor lists in the report before or after.
	beside    report.Day
	elsewhere int
	watched   bool // a complete answer described the day while it ran, up to what this one lists of it
	first     bool // the account's first day
}

// listing compares the answer with what is known of its day and of all others.
func (r *reading) listing() (listing, error) {
	different, err := r.different()
	if err != nil {
		return listing{}, err
	}
	shares, err := r.c.store.Shares(r.source.Account, different)
	if err != nil {
		return listing{}, err
	}
	return listing{day: r.out.day, beside: r.out.day, shares: shares, records: len(different)}, nil
}

// countEarlier counts the known connections of l's day that started before a time.
func (c *Collector) countEarlier(a *account, l *listing, start time.Time) error {
	known, err := c.store.Remembered(a.Name, l.day)
	for _, k := range known {
		if k.LocalDay == l.day && k.StartedAt.Before(start) {
			l.elsewhere++
		}
	}
	return err
}

// first reports whether an account has no days before day.
func (c *Collector) first(a *account, day report.Day) bool {
	days := c.store.Days(a.Name)
	return len(days) == 0 || days[0].Day >= day
}

// doubtful decides by its rows whether an answer describes a day. When Alpemix's day changes is not
// documented, so an answer may describe another day than was asked for, or parts of two. Rows may
// vanish from it, and a vendor with a problem may list few or none, or unreadable ones.
func doubtful(l listing) doubt {
	asked, read, others, most := l.shares[l.day], 0, 0, l.day
	for other, share := range l.shares {
		read += share.Listed
		if other == l.day || other == l.beside && asked.Listed > 0 {
			continue
		}
		others += share.Listed
		if most == l.day || share.Listed > l.shares[most].Listed || share.Listed == l.shares[most].Listed && other > most {
			most = other
		}
	}
	known := asked.Known
	if asked.Listed > 0 {
		known -= l.elsewhere
	}
	switch {
	case others > asked.Listed:
		return doubt{fmt.Sprintf("it lists %d connections of that day and %d of other days, most of %s:"+
			" is the vendor's clock behind, or the account's timezone wrong?", asked.Listed, others, most), true}
	case fewer(asked.Listed, known):
		return doubt{why: lists(asked.Listed, known)}
	case 2*read < l.records:
		return doubt{why: fmt.Sprintf("of its %d records only %d could be read: see the quarantine", l.records, read)}
	case l.watched:
	case l.shares[l.beside].Listed > asked.Listed:
		return doubt{why: fmt.Sprintf("it lists %d connections of that day and %d of the next, and no answer described that day up to then,"+
			" so earlier ones may be missing", asked.Listed, l.shares[l.beside].Listed)}
	case l.records == 0 && !l.first:
		return doubt{why: "it is empty, and no answer described that day while it ran, so nothing confirms that"}
	}
	return doubt{}
}
