package sink

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Reasons why ClickHouse did not acknowledge an insert, the label of sink_insert_failures_total.
// Whatever the reason, the rows stay queued until it passes.
const (
	ReasonAuth           = "auth"            // wrong user or password, or a missing grant
	ReasonMissingTable   = "missing_table"   // the table or the database does not exist
	ReasonSchemaMismatch = "schema_mismatch" // a column is missing or of another type
	ReasonTimeout        = "timeout"         // no answer in time: the rows may be stored or not
	ReasonUnreachable    = "unreachable"     // no connection, or it broke: the rows may be stored or not
	ReasonTooManyParts   = "too_many_parts"  // merges are too slow
	ReasonReadOnly       = "read_only"       // the server, the table or the user is read-only
	ReasonMemory         = "memory"          // the query or the server is at its memory limit
	ReasonDisk           = "disk"            // the server's disk is full or fails
	ReasonDamaged        = "damaged"         // stored data is damaged or a file of it is missing
	ReasonBusy           = "busy"            // too many queries at once
	ReasonKeeper         = "keeper"          // Keeper does not answer in time
	ReasonCanceled       = "canceled"        // the collector is stopping
	ReasonInvalidRow     = "invalid_row"     // a row that ClickHouse cannot hold, see RowError
	ReasonOther          = "other"
)

// byCode maps ClickHouse's error codes (ErrorCodes.cpp) that an insert can get to reasons.
var byCode = map[int32]string{
	192: ReasonAuth, 193: ReasonAuth, 194: ReasonAuth, 195: ReasonAuth, 497: ReasonAuth, 516: ReasonAuth,
	60: ReasonMissingTable, 81: ReasonMissingTable, 218: ReasonMissingTable,
	6: ReasonSchemaMismatch, 8: ReasonSchemaMismatch, 10: ReasonSchemaMismatch, 16: ReasonSchemaMismatch, 20: ReasonSchemaMismatch,
	44: ReasonSchemaMismatch, 47: ReasonSchemaMismatch, 50: ReasonSchemaMismatch, 53: ReasonSchemaMismatch, 70: ReasonSchemaMismatch,
	117: ReasonSchemaMismatch, 171: ReasonSchemaMismatch, 691: ReasonSchemaMismatch,
	159: ReasonTimeout, 209: ReasonTimeout, 394: ReasonTimeout,
	210: ReasonUnreachable, 279: ReasonUnreachable,
	252: ReasonTooManyParts,
	164: ReasonReadOnly, 242: ReasonReadOnly, 389: ReasonReadOnly,
	173: ReasonMemory, 241: ReasonMemory,
	74: ReasonDisk, 75: ReasonDisk, 76: ReasonDisk, 243: ReasonDisk, 1001: ReasonDisk,
	33: ReasonDamaged, 40: ReasonDamaged, 107: ReasonDamaged, 226: ReasonDamaged, 227: ReasonDamaged, 228: ReasonDamaged,
	231: ReasonDamaged, 246: ReasonDamaged, 271: ReasonDamaged, 432: ReasonDamaged,
	201: ReasonBusy, 202: ReasonBusy,
	225: ReasonKeeper, 244: ReasonKeeper, 254: ReasonKeeper, 285: ReasonKeeper, 319: ReasonKeeper, 999: ReasonKeeper,
}

// Reasons returns all results of Reason, sorted.
func Reasons() []string {
	all := []string{ReasonUnreachable, ReasonCanceled, ReasonInvalidRow, ReasonOther}
	for _, r := range byCode {
		all = append(all, r)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Reason maps an error of this package to one of Reasons.
func Reason(err error) string {
	if _, ok := errors.AsType[*RowError](err); ok {
		return ReasonInvalidRow
	}
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		if r, known := byCode[ex.Code]; known {
			return r
		}
		return ReasonOther
	}
	if h, ok := errors.AsType[*clickhouse.HTTPError](err); ok { // not ClickHouse's own answer but a proxy's
		switch {
		case h.StatusCode == http.StatusUnauthorized || h.StatusCode == http.StatusForbidden:
			return ReasonAuth
		case h.StatusCode == http.StatusGatewayTimeout || h.StatusCode == http.StatusRequestTimeout:
			return ReasonTimeout
		case h.StatusCode == http.StatusTooManyRequests:
			return ReasonBusy
		case h.StatusCode >= 500:
			return ReasonUnreachable
		}
		return ReasonOther
	}
	switch {
	case errors.Is(err, context.Canceled):
		return ReasonCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, clickhouse.ErrAcquireConnTimeout):
		return ReasonTimeout
	}
	if n, ok := errors.AsType[net.Error](err); ok {
		if n.Timeout() {
			return ReasonTimeout
		}
		return ReasonUnreachable
	}
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
		clickhouse.ErrAcquireConnNoAddress, clickhouse.ErrConnectionClosed} {
		if errors.Is(err, broken) {
			return ReasonUnreachable
		}
	}
	return ReasonOther
}

// Answered reports whether err is an answer of ClickHouse: it is running, but cannot or will not do
// what it was asked to.
func Answered(err error) bool {
	_, ok := errors.AsType[*clickhouse.Exception](err)
	return ok
}
