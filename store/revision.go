package store

import (
	"database/sql"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// revision is a new state of an account's allotments on its way to disk.
type revision struct {
	key    resellerKey
	at     time.Time                         // when it was read or set
	from   time.Time                         // when it becomes valid, in whole seconds
	known  map[string]report.AllotmentPeriod // what was valid until now
	latest map[string]report.Allotment       // what is valid from now on
	next   reseller

	changed []string // keys in order, because bbolt is much slower with keys in random order
}

// clean completes an allotment and removes what cannot be stored: numbers that are not finite and
// dates that ClickHouse cannot hold become unknown. Raw keeps them.
func (r *revision) clean(a report.Allotment) report.Allotment {
	a.Vendor, a.Account = r.key.vendor, r.key.account
	for _, text := range []*string{&a.Customer, &a.Resource, &a.Unit, &a.Raw} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
	}
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	a.Allotted, a.Utilized = keepIf(a.Allotted, finite), keepIf(a.Utilized, finite)
	a.Active = keepIf(a.Active, func(bool) bool { return true })
	a.CreatedOn = keepIf(a.CreatedOn, func(d report.Day) bool { return d >= 0 && d <= math.MaxUint16 })
	return a
}

// keepIf returns v if it is known and good, else unknown.
func keepIf[T any](v sql.Null[T], good func(T) bool) sql.Null[T] {
	if v.Valid && good(v.V) {
		return v
	}
	return sql.Null[T]{}
}

// keepLimits adds the limits that were set through us to the answer of a vendor that does not list
// limits, for customers that still exist.
func (r *revision) keepLimits(customers map[string]report.Allotment) {
	for key, p := range r.known {
		customer, here := customers[p.Customer]
		if !here || !p.Allotted.Valid {
			continue
		}
		a, listed := r.latest[key]
		switch {
		case !listed:
			a = p.Allotment
			if customer.Active.Valid {
				a.Active = customer.Active
			}
			if customer.CreatedOn.Valid {
				a.CreatedOn = customer.CreatedOn
			}
		case !a.Allotted.Valid:
			a.Allotted, a.Unit = p.Allotted, p.Unit
		}
		r.latest[key] = a
	}
}

// compare finds what differs from what is known, and returns the number of differences.
func (r *revision) compare() int {
	for key, p := range r.known {
		if a, listed := r.latest[key]; !listed || !sameState(a, p.Allotment) {
			r.changed = append(r.changed, key)
		}
	}
	for key := range r.latest {
		if _, known := r.known[key]; !known {
			r.changed = append(r.changed, key)
		}
	}
	slices.Sort(r.changed)
	return len(r.changed)
}

// sameState reports whether two states are equal, however the vendor wrote them.
func sameState(a, b report.Allotment) bool {
	a.Raw = b.Raw
	return a == b
}

// store writes what is valid now and queues the periods that start and end.
func (r *revision) store(o *outbox) error {
	account, err := o.tx.Bucket(resellersBucket).CreateBucketIfNotExists(r.key.bytes())
	if err != nil {
		return err
	}
	valid, err := account.CreateBucketIfNotExists(allotmentsBucket)
	if err != nil {
		return err
	}
	if r.known != nil && len(r.changed) == 0 {
		return nil
	}
	r.next.Last, r.next.periods = r.from, map[string]report.AllotmentPeriod{}
	maps.Copy(r.next.periods, r.known)
	for _, key := range r.changed {
		if err := r.change(o, valid, key); err != nil {
			return err
		}
	}
	v, err := json.Marshal(r.next.readingRecord)
	if err != nil {
		return err
	}
	return account.Put(readingKey, v)
}

// change ends the period of an allotment, if there is one, and starts the next, if there is one.
func (r *revision) change(o *outbox, valid *bolt.Bucket, key string) error {
	a, listed := r.latest[key]
	ended, known := r.known[key]
	// A period that started within this second has the same identity as its successor, which
	// replaces it.
	if known && !(listed && ended.ValidFrom.Equal(r.from)) {
		ended.ValidTo, ended.Version = r.from, o.version
		if err := o.put(allotmentEntry, newPeriodRecord(ended)); err != nil {
			return err
		}
	}
	if !listed {
		delete(r.next.periods, key)
		return valid.Delete([]byte(key))
	}
	p := report.AllotmentPeriod{Allotment: a, At: r.at, ValidFrom: r.from, Version: o.version}
	r.next.periods[key] = p
	v, err := json.Marshal(newPeriodRecord(p))
	if err != nil {
		return err
	}
	if err := valid.Put([]byte(key), v); err != nil {
		return err
	}
	return o.put(allotmentEntry, newPeriodRecord(p))
}

// allotmentRecord is a report.Allotment on disk, periodRecord a report.AllotmentPeriod, and
// markRecord a report.SnapshotMark. The JSON names are part of the file format.
type (
	allotmentRecord struct {
		Vendor    string               `json:"vendor"`
		Account   string               `json:"account"`
		Customer  string               `json:"customer"`
		Resource  string               `json:"resource,omitempty"`
		Allotted  sql.Null[float64]    `json:"allotted,omitzero"`
		Utilized  sql.Null[float64]    `json:"utilized,omitzero"`
		Unit      string               `json:"unit,omitempty"`
		Active    sql.Null[bool]       `json:"active,omitzero"`
		CreatedOn sql.Null[report.Day] `json:"created_on,omitzero"`
		Raw       string               `json:"raw,omitempty"`
	}
	periodRecord struct {
		allotmentRecord
		At        time.Time `json:"at"`
		ValidFrom time.Time `json:"valid_from"`
		ValidTo   time.Time `json:"valid_to,omitzero"`
		Version   uint64    `json:"version"`
	}
	markRecord struct {
		Vendor    string    `json:"vendor"`
		Account   string    `json:"account"`
		At        time.Time `json:"at"`
		Since     time.Time `json:"since,omitzero"`
		Customers uint64    `json:"customers"`
		Version   uint64    `json:"version"`
	}
)

func newPeriodRecord(p report.AllotmentPeriod) periodRecord {
	return periodRecord{allotmentRecord(p.Allotment), p.At, p.ValidFrom, p.ValidTo, p.Version}
}

func decodePeriod(v []byte) (report.AllotmentPeriod, error) {
	p, err := decodeJSON[periodRecord](v)
	return report.AllotmentPeriod{
		Allotment: report.Allotment(p.allotmentRecord), At: p.At, ValidFrom: p.ValidFrom, ValidTo: p.ValidTo, Version: p.Version,
	}, err
}
