package store

import (
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"

	"alpemix-collector/report"
)

// eventDays is for how many days after the start of its month an event is remembered. Nothing asks
// for events of past months.
const eventDays = 400

// eventRecord is a report.Event on disk. The JSON names are part of the file format.
type eventRecord struct {
	At       time.Time  `json:"at"`
	Month    report.Day `json:"month"`
	Vendor   string     `json:"vendor"`
	Account  string     `json:"account"`
	Customer string     `json:"customer"`
	MappedTo string     `json:"mapped_to,omitempty"`
	Resource string     `json:"resource"`
	Percent  int        `json:"percent"`
	Allotted float64    `json:"allotted"`
	Utilized float64    `json:"utilized"`
	Unit     string     `json:"unit,omitempty"`
}

func decodeEvent(v []byte) (report.Event, error) {
	e, err := decodeJSON[eventRecord](v)
	return report.Event(e), err
}

// Raise stores that an event happened and, if deliver is set, queues it for delivery in the same
// transaction. For an event that was raised before, it changes nothing and returns false.
func (s *Store) Raise(e report.Event, deliver bool) (first bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	key := append(dayKey(e.Month), e.ID()...)
	err = s.db.View(func(tx *bolt.Tx) error {
		first = tx.Bucket(eventsBucket).Get(key) == nil
		return nil
	})
	if err != nil {
		return false, s.explain(err)
	}
	if !first {
		return false, nil
	}
	err = s.updateLocked(func(tx *bolt.Tx) error {
		if err := forgetEvents(tx.Bucket(eventsBucket), e.Month-eventDays); err != nil {
			return err
		}
		if err := tx.Bucket(eventsBucket).Put(key, present); err != nil || !deliver {
			return err
		}
		v, err := json.Marshal(eventRecord(e))
		if err != nil {
			return err
		}
		return enqueue(tx.Bucket(deliveriesBucket), v)
	})
	return err == nil, err
}

// forgetEvents deletes the events of months before the given one.
func forgetEvents(events *bolt.Bucket, before report.Day) error {
	c := events.Cursor()
	for key, _ := c.First(); key != nil && dayOfKey(key[:4]) < before; key, _ = c.First() {
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// Undelivered returns the events that wait for delivery, oldest first.
func (s *Store) Undelivered() (events []report.Event, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(deliveriesBucket).ForEach(func(_, v []byte) error {
			e, err := decodeEvent(v)
			events = append(events, e)
			return err
		})
	})
	if err != nil {
		return nil, s.explain(err)
	}
	return events, nil
}

// Delivered removes an event from those that wait for delivery.
func (s *Store) Delivered(id string) error {
	return s.update(func(tx *bolt.Tx) error {
		c := tx.Bucket(deliveriesBucket).Cursor()
		for key, v := c.First(); key != nil; key, v = c.Next() {
			e, err := decodeEvent(v)
			if err != nil {
				return err
			}
			if e.ID() == id {
				return c.Delete()
			}
		}
		return nil
	})
}
