package report

import (
	"fmt"
	"time"
)

// Day is a calendar date without a zone, counted in days since 1970-01-01.
type Day int32

// DayOf returns the date that t shows in its own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay parses YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date of the form YYYY-MM-DD", s)
	}
	return DayOf(t), nil
}

// UTC returns midnight of d in UTC, the form that databases accept for dates.
func (d Day) UTC() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Start returns the first instant of d in loc. That is midnight or, where a clock change skips
// midnight, the instant of the change.
func (d Day) Start(loc *time.Location) time.Time {
	y, m, day := d.UTC().Date()
	t := time.Date(y, m, day, 0, 0, 0, 0, loc)
	if DayOf(t) < d { // midnight does not exist and Go chose the offset before the change
		_, end := t.ZoneBounds()
		return end
	}
	// Where midnight happens twice, Go may have chosen the second.
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		if earlier := t.Add(-24 * time.Hour); earlier.Before(start) {
			_, before := start.Add(-time.Second).Zone()
			_, after := t.Zone()
			if first := t.Add(time.Duration(after-before) * time.Second); first.Before(start) && DayOf(first) == d {
				return first
			}
		}
	}
	return t
}

func (d Day) String() string { return d.UTC().Format(time.DateOnly) }

// MarshalText writes YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDay(string(b))
	return err
}
