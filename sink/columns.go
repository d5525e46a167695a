package sink

import (
	"time"

	"alpemix-collector/report"
)

// column is one column of a table as rows of T fill it.
type column[T any] struct {
	name string
	// wire is the type in Native blocks sent over HTTP. Enumerations and dictionaries go as plain strings: the server turns them
	// into the table's type with less work than the client has in building them.
	wire   string
	values func(s *scratch, rows []T) any // a slice with one value per row
}

// table is what an INSERT names.
type table[T any] struct {
	name    string
	columns []column[T]
}

// scratch keeps the slices that columns are gathered in, from block to block.
type scratch struct {
	strings []string
	times   []time.Time
	nulls   []*time.Time
	u8      []uint8
	i32     []int32
	u32     []uint32
	u64     []uint64
	f64     []float64
}

func gather[T, V any](buf *[]V, rows []T, value func(*T) V) []V {
	*buf = (*buf)[:0]
	for i := range rows {
		*buf = append(*buf, value(&rows[i]))
	}
	return *buf
}

func text[T any](name string, value func(*T) string) column[T] {
	return column[T]{name, "String", func(s *scratch, rows []T) any { return gather(&s.strings, rows, value) }}
}

func instant[T any](name, wire string, value func(*T) time.Time) column[T] {
	return column[T]{name, wire, func(s *scratch, rows []T) any { return gather(&s.times, rows, value) }}
}

// instantOrNull stores the zero time as NULL.
func instantOrNull[T any](name string, value func(*T) time.Time) column[T] {
	return column[T]{name, "Nullable(" + seconds + ")", func(s *scratch, rows []T) any {
		return gather(&s.nulls, rows, func(r *T) *time.Time {
			if t := value(r); !t.IsZero() {
				return &t
			}
			return nil
		})
	}}
}

func number8[T any](name string, value func(*T) uint8) column[T] {
	return column[T]{name, "UInt8", func(s *scratch, rows []T) any { return gather(&s.u8, rows, value) }}
}

func number32[T any](name string, value func(*T) uint32) column[T] {
	return column[T]{name, "UInt32", func(s *scratch, rows []T) any { return gather(&s.u32, rows, value) }}
}

func number64[T any](name string, value func(*T) uint64) column[T] {
	return column[T]{name, "UInt64", func(s *scratch, rows []T) any { return gather(&s.u64, rows, value) }}
}

const (
	seconds      = "DateTime('UTC')"
	microseconds = "DateTime64(6, 'UTC')"
)

type conn = report.Connection

var connectionTable = table[conn]{"connection_rows", []column[conn]{
	text("account", func(c *conn) string { return c.Account }),
	text("uid", func(c *conn) string { return c.UID }),
	instant("started_at", seconds, func(c *conn) time.Time { return c.StartedAt }),
	number32("duration_seconds", func(c *conn) uint32 { return uint32(c.Duration / time.Second) }),
	text("mode", func(c *conn) string { return c.Mode.String() }),
	text("explanation", func(c *conn) string { return c.Explanation }),
	text("support_number", func(c *conn) string { return c.SupportNumber }),
	text("staff_name", func(c *conn) string { return c.Staff.Name }),
	text("staff_ip", func(c *conn) string { return c.Staff.IP }),
	text("staff_local_ip", func(c *conn) string { return c.Staff.LocalIP }),
	text("staff_device", func(c *conn) string { return c.Staff.Device }),
	text("staff_alpemix_id", func(c *conn) string { return c.Staff.AlpemixID }),
	text("target_name", func(c *conn) string { return c.Target.Name }),
	text("target_ip", func(c *conn) string { return c.Target.IP }),
	text("target_local_ip", func(c *conn) string { return c.Target.LocalIP }),
	text("target_device", func(c *conn) string { return c.Target.Device }),
	text("target_alpemix_id", func(c *conn) string { return c.Target.AlpemixID }),
	instant("local_day", "Date", func(c *conn) time.Time { return c.LocalDay.UTC() }),
	instant("first_seen_at", seconds, func(c *conn) time.Time { return c.FirstSeenAt }),
	instant("fetched_at", seconds, func(c *conn) time.Time { return c.FetchedAt }),
	text("raw", func(c *conn) string { return c.Raw }),
	number64("hash", func(c *conn) uint64 { return c.Hash }),
	number64("version", func(c *conn) uint64 { return c.Version }),
	number8("deleted", func(c *conn) uint8 {
		if c.Deleted {
			return 1
		}
		return 0
	}),
}}

var rejectTable = table[report.Reject]{"quarantine_rows", []column[report.Reject]{
	instant("at", seconds, func(r *report.Reject) time.Time { return r.At }),
	text("vendor", func(r *report.Reject) string { return r.Vendor }),
	text("account", func(r *report.Reject) string { return r.Account }),
	text("reason", func(r *report.Reject) string { return r.Reason }),
	text("detail", func(r *report.Reject) string { return r.Detail }),
	text("raw", func(r *report.Reject) string { return r.Raw }),
	number64("hash", func(r *report.Reject) uint64 { return r.Hash }),
	instantOrNull("resolved_at", func(r *report.Reject) time.Time { return r.ResolvedAt }),
	number64("version", func(r *report.Reject) uint64 { return r.Version }),
}}

var dayTable = table[report.DayStatus]{"day_rows", []column[report.DayStatus]{
	text("account", func(d *report.DayStatus) string { return d.Account }),
	instant("day", "Date", func(d *report.DayStatus) time.Time { return d.Day.UTC() }),
	text("state", func(d *report.DayStatus) string { return string(d.State) }),
	number64("rows", func(d *report.DayStatus) uint64 { return d.Rows }),
	instantOrNull("sealed_at", func(d *report.DayStatus) time.Time { return d.SealedAt }),
	number64("version", func(d *report.DayStatus) uint64 { return d.Version }),
}}

var fetchTable = table[report.Fetch]{"fetch_rows", []column[report.Fetch]{
	instant("at", microseconds, func(f *report.Fetch) time.Time { return f.At }),
	text("vendor", func(f *report.Fetch) string { return f.Vendor }),
	text("account", func(f *report.Fetch) string { return f.Account }),
	text("job", func(f *report.Fetch) string { return f.Job }),
	text("outcome", func(f *report.Fetch) string { return f.Outcome }),
	{"code", "Int32", func(s *scratch, rows []report.Fetch) any {
		return gather(&s.i32, rows, func(f *report.Fetch) int32 { return int32(f.Code) })
	}},
	number64("rows", func(f *report.Fetch) uint64 { return f.Rows }),
	number64("new_rows", func(f *report.Fetch) uint64 { return f.New }),
	number64("changed_rows", func(f *report.Fetch) uint64 { return f.Changed }),
	number64("quarantined_rows", func(f *report.Fetch) uint64 { return f.Quarantined }),
	number64("bytes", func(f *report.Fetch) uint64 { return f.Bytes }),
	{"seconds", "Float64", func(s *scratch, rows []report.Fetch) any {
		return gather(&s.f64, rows, func(f *report.Fetch) float64 { return f.Seconds })
	}},
}}
