package reseller

import (
	"time"

	"alpemix-collector/report"
)

// A list that is empty although customers are known, or that lacks more than half of them and at least
// three, is not believed at once: a vendor in trouble answers with an empty list as if all was well.
// The customers stay as they are until several lists in a row, over some hours, have lacked so many.
const (
	doubtLeast    = 3 // customers
	doubtReadings = 4
	doubtFor      = 6 * time.Hour
	doubtFirst    = 5 * time.Minute // the list is asked for again after this pause, which doubles
	doubtMost     = time.Hour
)

// inDoubt is the reason of a list that is not believed yet.
const inDoubt = "list_in_doubt"

// weigh decides whether the customers whom out's snapshot lacks are gone. While that is in doubt they
// are kept, and count as missing.
func (j *job) weigh(out *outcome) error {
	s, store := &out.snapshot, j.all.store
	known, lacking := j.lacking(s)
	doubt := store.Doubt(j.Vendor, j.Name)
	empty := len(s.Allotments) == 0 && len(lacking) == known
	standing := j.round != nil && !doubt.Since.IsZero() && len(lacking) > 0
	if !doubtful(known, len(lacking), empty) && !standing {
		if j.round != nil && len(s.Kept) > 0 {
			return nil // those in doubt may not have been asked this time
		}
		return store.SetDoubt(j.Vendor, j.Name, report.Doubt{})
	}
	if doubt.Since.IsZero() || s.At.Before(doubt.Since) {
		doubt = report.Doubt{Since: s.At}
	}
	doubt.Readings++
	accepted := doubt.Readings >= doubtReadings && s.At.Sub(doubt.Since) >= doubtFor
	if accepted {
		j.all.observer.believed(j, lacking, known, doubt)
		return store.SetDoubt(j.Vendor, j.Name, report.Doubt{})
	}
	out.doubtful = true
	s.Kept = append(s.Kept, lacking...)
	fail := j.fail(report.Transient, inDoubt,
		"the vendor's list lacks %d of %d known customers; they stay as they are until it has lacked them for %v",
		len(lacking), known, doubtFor)
	s.Missing = append(s.Missing, lacking...)
	for _, name := range lacking {
		if j.round != nil {
			s.Failed[name] = fail
		}
	}
	if out.failure == nil {
		out.failure, out.single = fail, j.round != nil
	}
	return store.SetDoubt(j.Vendor, j.Name, doubt)
}

// doubtful reports whether a list that lacks so many of the known customers is not believed at once.
func doubtful(known, lacking int, empty bool) bool {
	return lacking > 0 && (empty || lacking >= doubtLeast && 2*lacking > known)
}

// lacking are the known customers who were asked for and of whom s has nothing, beside the number of
// known ones. A customer who is no longer configured is not asked for.
func (j *job) lacking(s *report.Snapshot) (known int, names []string) {
	has := map[string]bool{}
	for _, a := range s.Allotments {
		has[a.Customer] = true
	}
	asked := map[string]bool{}
	for _, name := range s.Read {
		asked[name] = true
	}
	seen := map[string]bool{}
	for _, a := range j.all.store.Allotments(j.Vendor, j.Name) {
		if seen[a.Customer] {
			continue
		}
		seen[a.Customer] = true
		if !has[a.Customer] && (j.round == nil || asked[a.Customer]) {
			names = append(names, a.Customer)
		}
	}
	return len(seen), names
}
