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

// revision is a new state of an account's allotments on its way to the disk.
type revision struct {
	key   resellerKey
	at    time.Time                         // when it was told
	from  time.Time                         // from when it is valid, in whole seconds
	known map[string]report.AllotmentPeriod // what is valid so far
	told  map[string]report.Allotment       // what is valid from now on
	next  reseller

	changed []string // keys, in their order: bbolt takes keys in random order much slower
}

// clean makes a an allotment of the account with nothing in it that cannot be kept: a number that is none, and a date that
// ClickHouse cannot hold, are not known. Raw still tells them.
func (r *revision) clean(a report.Allotment) report.Allotment {
	a.Vendor, a.Account = r.key.vendor, r.key.account
	for _, text := range []*string{&a.Customer, &a.Resource, &a.Unit, &a.Raw} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
	}
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	a.Allotted, a.Utilized = only(a.Allotted, finite), only(a.Utilized, finite)
	a.Active = only(a.Active, func(bool) bool { return true })
	a.CreatedOn = only(a.CreatedOn, func(d report.Day) bool { return d >= 0 && d <= math.MaxUint16 })
	return a
}

// only is v if it is known and good, else the one unknown value.
func only[T any](v sql.Null[T], good func(T) bool) sql.Null[T] {
	if v.Valid && good(v.V) {
		return v
	}
	return sql.Null[T]{}
}

// keepLimits adds the limits that were set through us to what a vendor told that does not know of them: those of customers that
// are still there.
func (r *revision) keepLimits(customers map[string]report.Allotment) {
	for key, p := range r.known {
		customer, here := customers[p.Customer]
		if !here || !p.Allotted.Valid {
			continue
		}
		a, told := r.told[key]
		switch {
		case !told:
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
		r.told[key] = a
	}
}

// compare finds what differs from what is known, and counts it.
func (r *revision) compare() int {
	for key, p := range r.known {
		if a, told := r.told[key]; !told || !same(a, p.Allotment) {
			r.changed = append(r.changed, key)
		}
	}
	for key := range r.told {
		if _, known := r.known[key]; !known {
			r.changed = append(r.changed, key)
		}
	}
	slices.Sort(r.changed)
	return len(r.changed)
}

// same tells whether two states are one, however the vendor wrote them.
func same(a, b report.Allotment) bool {
	a.Raw = b.Raw
	return a == b
}

// store writes what is valid now and queues the periods that begin and end.
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

// change ends the period of one allotment, if there is one, and begins the next, if there is one.
func (r *revision) change(o *outbox, valid *bolt.Bucket, key string) error {
	a, told := r.told[key]
	ended, known := r.known[key]
	// One that began within this very second has the identity of its successor, which replaces it.
	if known && !(told && ended.ValidFrom.Equal(r.from)) {
		ended.ValidTo, ended.Version = r.from, o.version
		if err := o.put(allotmentEntry, newPeriodRecord(ended)); err != nil {
			return err
		}
	}
	if !told {
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

// allotmentRecord is a report.Allotment on disk, periodRecord a report.AllotmentPeriod, and markRecord a report.SnapshotMark.
// Their names are part of the format.
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
