package sink

import (
	"fmt"
	"math"
	"time"

	"alpemix-collector/report"
)

// ClickHouse's DateTime counts seconds in 32 bits and its Date days in 16. Values beyond that wrap
// without an error, and one value that the client rejects spoils the whole batch. So every row is
// checked before the first is sent.
const (
	lastSecond = math.MaxUint32
	lastDay    = math.MaxUint16
)

// validate returns an error for the first row of b that ClickHouse cannot hold.
func validate(b *report.Batch) error {
	for i := range b.Connections {
		if err := validateConnection(&b.Connections[i]); err != nil {
			return err
		}
	}
	for i := range b.Rejects {
		r := &b.Rejects[i]
		if !inRange(r.At) || !r.ResolvedAt.IsZero() && !inRange(r.ResolvedAt) {
			return &RowError{rejectTable.name, r.Account, fmt.Sprintf("record %x", r.Hash), fmt.Sprintf("at %v, resolved at %v", r.At, r.ResolvedAt)}
		}
	}
	for i := range b.Days {
		d := &b.Days[i]
		if !dayInRange(d.Day) || !d.SealedAt.IsZero() && !inRange(d.SealedAt) {
			return &RowError{dayTable.name, d.Account, "day " + d.Day.String(), fmt.Sprintf("sealed at %v", d.SealedAt)}
		}
		switch d.State {
		case report.DayOpen, report.DaySealed, report.DayGap:
		default:
			return &RowError{dayTable.name, d.Account, "day " + d.Day.String(), fmt.Sprintf("state %q", d.State)}
		}
	}
	for i := range b.Fetches {
		f := &b.Fetches[i]
		if !inRange(f.At) || f.Code != int(int32(f.Code)) {
			return &RowError{fetchTable.name, f.Account, "request " + f.Job, fmt.Sprintf("at %v, code %d", f.At, f.Code)}
		}
	}
	return validateAllotments(b)
}

func validateConnection(c *report.Connection) error {
	what := ""
	switch {
	case !inRange(c.StartedAt):
		what = fmt.Sprintf("started_at %v", c.StartedAt)
	case !inRange(c.FirstSeenAt):
		what = fmt.Sprintf("first_seen_at %v", c.FirstSeenAt)
	case !inRange(c.FetchedAt):
		what = fmt.Sprintf("fetched_at %v", c.FetchedAt)
	case c.Duration < 0 || c.Duration/time.Second > math.MaxUint32:
		what = fmt.Sprintf("duration %v", c.Duration)
	case !dayInRange(c.LocalDay):
		what = "local_day " + c.LocalDay.String()
	default:
		return nil
	}
	return &RowError{connectionTable.name, c.Account, "connection " + c.UID, what}
}

func inRange(t time.Time) bool { return t.Unix() >= 0 && t.Unix() <= lastSecond }

func dayInRange(d report.Day) bool { return d >= 0 && d <= lastDay }

// RowError is a row that ClickHouse cannot hold. It is a bug in the code that created the row:
// retrying does not help.
type RowError struct{ Table, Account, Row, Value string }

func (e *RowError) Error() string {
	return fmt.Sprintf("%s, account %s, %s: %s is outside what ClickHouse can hold", e.Table, e.Account, e.Row, e.Value)
}
