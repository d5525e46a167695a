package sink

import (
	"database/sql"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"alpemix-collector/report"
)

// column describes how to fill one column of a table from rows of T.
type column[T any] struct {
	name string
	// wire is the type in Native blocks sent over HTTP. Enumerations and dictionaries are sent as
	// plain strings: the server converts them with less work than the client would need.
	wire   string
	encode func(b []byte, rows []T) []byte // appends the values in the form of a Native block
	values func(rows []T) any              // the values in the form that clickhouse-go needs for the native protocol
}

// table is a base table and how its rows are written.
type table[T any] struct {
	name    string
	columns []column[T]
}

func gather[T, V any](rows []T, value func(*T) V) []V {
	values := make([]V, len(rows))
	for i := range rows {
		values[i] = value(&rows[i])
	}
	return values
}

// columnOf returns a column whose values follow one another, each written by put.
func columnOf[T, V any](name, wire string, value func(*T) V, put func([]byte, V) []byte) column[T] {
	return column[T]{
		name: name, wire: wire,
		encode: func(b []byte, rows []T) []byte {
			for i := range rows {
				b = put(b, value(&rows[i]))
			}
			return b
		},
		values: func(rows []T) any { return gather(rows, value) },
	}
}

func text[T any](name string, value func(*T) string) column[T] {
	return columnOf(name, "String", value, putText)
}

func number8[T any](name string, value func(*T) uint8) column[T] {
	return columnOf(name, "UInt8", value, func(b []byte, v uint8) []byte { return append(b, v) })
}

func number32[T any](name string, value func(*T) uint32) column[T] {
	return columnOf(name, "UInt32", value, binary.LittleEndian.AppendUint32)
}

func number64[T any](name string, value func(*T) uint64) column[T] {
	return columnOf(name, "UInt64", value, binary.LittleEndian.AppendUint64)
}

func second[T any](name string, value func(*T) time.Time) column[T] {
	return columnOf(name, "DateTime('UTC')", value, putSecond)
}

func microsecond[T any](name string, value func(*T) time.Time) column[T] {
	return columnOf(name, "DateTime64(6, 'UTC')", value, func(b []byte, v time.Time) []byte {
		return binary.LittleEndian.AppendUint64(b, uint64(v.UnixMicro()))
	})
}

func day[T any](name string, value func(*T) report.Day) column[T] {
	return columnOf(name, "Date", func(r *T) time.Time { return value(r).UTC() }, putDay)
}

// orNull returns a column whose values may be unknown, which is NULL.
func orNull[T, V any](name, wire string, value func(*T) sql.Null[V], put func([]byte, V) []byte) column[T] {
	return column[T]{
		name: name, wire: "Nullable(" + wire + ")",
		encode: func(b []byte, rows []T) []byte {
			for i := range rows {
				b = append(b, flag(!value(&rows[i]).Valid))
			}
			var none V
			for i := range rows {
				if v := value(&rows[i]); v.Valid {
					b = put(b, v.V)
				} else {
					b = put(b, none)
				}
			}
			return b
		},
		values: func(rows []T) any {
			return gather(rows, func(r *T) *V {
				if v := value(r); v.Valid {
					return &v.V
				}
				return nil
			})
		},
	}
}

// secondOrNull stores the zero time as NULL.
func secondOrNull[T any](name string, value func(*T) time.Time) column[T] {
	return orNull(name, "DateTime('UTC')", func(r *T) sql.Null[time.Time] {
		t := value(r)
		return sql.Null[time.Time]{V: t, Valid: !t.IsZero()}
	}, putSecond)
}

func dayOrNull[T any](name string, value func(*T) sql.Null[report.Day]) column[T] {
	return orNull(name, "Date", func(r *T) sql.Null[time.Time] {
		d := value(r)
		return sql.Null[time.Time]{V: d.V.UTC(), Valid: d.Valid}
	}, putDay)
}

func putText(b []byte, v string) []byte { return append(binary.AppendUvarint(b, uint64(len(v))), v...) }

func putSecond(b []byte, v time.Time) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(v.Unix()))
}

func putDay(b []byte, v time.Time) []byte {
	return binary.LittleEndian.AppendUint16(b, uint16(v.Unix()/86400))
}

func putFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func flag(v bool) uint8 {
	if v {
		return 1
	}
	return 0
}

type conn = report.Connection

func connectionTexts() (all []column[conn]) {
	for i, c := range report.TextColumns {
		all = append(all, text(c.Name, func(row *conn) string { return *row.Texts()[i] }))
	}
	return all
}

var connectionTable = table[conn]{"connection_rows", slices.Concat([]column[conn]{
	text("account", func(c *conn) string { return c.Account }),
	text("uid", func(c *conn) string { return c.UID }),
	second("started_at", func(c *conn) time.Time { return c.StartedAt }),
	number32("duration_seconds", func(c *conn) uint32 { return uint32(c.Duration / time.Second) }),
	text("mode", func(c *conn) string { return c.Mode.String() }),
}, connectionTexts(), []column[conn]{
	day("local_day", func(c *conn) report.Day { return c.LocalDay }),
	second("first_seen_at", func(c *conn) time.Time { return c.FirstSeenAt }),
	second("fetched_at", func(c *conn) time.Time { return c.FetchedAt }),
	text("raw", func(c *conn) string { return c.Raw }),
	number64("hash", func(c *conn) uint64 { return c.Hash }),
	number64("version", func(c *conn) uint64 { return c.Version }),
	number8("deleted", func(c *conn) uint8 { return flag(c.Deleted) }),
	text("charset", func(c *conn) string { return c.Charset }),
})}

var rejectTable = table[report.Reject]{"quarantine_rows", []column[report.Reject]{
	second("at", func(r *report.Reject) time.Time { return r.At }),
	text("vendor", func(r *report.Reject) string { return r.Vendor }),
	text("account", func(r *report.Reject) string { return r.Account }),
	text("reason", func(r *report.Reject) string { return r.Reason }),
	text("detail", func(r *report.Reject) string { return r.Detail }),
	text("raw", func(r *report.Reject) string { return r.Raw }),
	number64("hash", recordKey),
	secondOrNull("resolved_at", func(r *report.Reject) time.Time { return r.ResolvedAt }),
	number64("version", func(r *report.Reject) uint64 { return r.Version }),
	text("uid", UID),
	text("charset", func(r *report.Reject) string { return r.Charset }),
}}

var dayTable = table[report.DayStatus]{"day_rows", []column[report.DayStatus]{
	text("account", func(d *report.DayStatus) string { return d.Account }),
	day("day", func(d *report.DayStatus) report.Day { return d.Day }),
	text("state", func(d *report.DayStatus) string { return string(d.State) }),
	number64("rows", func(d *report.DayStatus) uint64 { return d.Rows }),
	secondOrNull("sealed_at", func(d *report.DayStatus) time.Time { return d.SealedAt }),
	number64("version", func(d *report.DayStatus) uint64 { return d.Version }),
	text("doubt", func(d *report.DayStatus) string { return d.Doubt }),
}}

var fetchTable = table[report.Fetch]{"fetch_rows", []column[report.Fetch]{
	microsecond("at", func(f *report.Fetch) time.Time { return f.At }),
	text("vendor", func(f *report.Fetch) string { return f.Vendor }),
	text("account", func(f *report.Fetch) string { return f.Account }),
	text("job", func(f *report.Fetch) string { return f.Job }),
	text("outcome", func(f *report.Fetch) string { return f.Outcome }),
	columnOf("code", "Int32", func(f *report.Fetch) int32 { return int32(f.Code) }, func(b []byte, v int32) []byte {
		return binary.LittleEndian.AppendUint32(b, uint32(v))
	}),
	number64("rows", func(f *report.Fetch) uint64 { return f.Rows }),
	number64("new_rows", func(f *report.Fetch) uint64 { return f.New }),
	number64("changed_rows", func(f *report.Fetch) uint64 { return f.Changed }),
	number64("quarantined_rows", func(f *report.Fetch) uint64 { return f.Quarantined }),
	number64("bytes", func(f *report.Fetch) uint64 { return f.Bytes }),
	columnOf("seconds", "Float64", func(f *report.Fetch) float64 { return f.Seconds }, putFloat),
}}
