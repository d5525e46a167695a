package collector

import (
	"context"
	"fmt"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// parse is a variable so that a test can count, and break it.
var parse = parser.Parse

// decode reads a record. A record that a defect of ours stumbles over is rejected like any other that cannot be read: it
// shall not keep its neighbours from being stored.
func decode(rec report.Record, src parser.Source) (conn report.Connection, reject *report.Reject) {
	defer func() {
		if r := recover(); r != nil {
			raw := string(rec.Raw)
			conn, reject = report.Connection{}, &report.Reject{
				Vendor: parser.Vendor, Account: src.Account, Reason: "defect", Detail: fmt.Sprintf("a defect in the parser: %v; please report it with the record", r),
				Raw: raw, Hash: parser.Hash(rec.Raw), At: src.FetchedAt,
			}
		}
	}()
	return parse(rec, src)
}

// outcome is all that one cycle did. observe is its only reader for metrics and logs.
type outcome struct {
	job
	body        report.Body
	failure     *report.Failure
	rows        int // records in the answer
	fresh       int // of these, decoded because they were not known before
	new         int
	changed     int
	quarantined int
	shadowed    int  // records whose UID the answer lists another time with other content
	overlaps    bool // the oldest record of the answer was known before
	tally       parser.Tally
	ahead       time.Duration // how far in the future the newest connection starts, 0 if that is nothing strange
	doubt       string        // why a complete answer for yesterday does not seal that day, empty if it may
}

// read makes the request, finds what is new in its answer and commits it.
func (c *Collector) read(ctx context.Context, out *outcome) {
	a := out.account
	body, err := a.Fetcher.Fetch(ctx, out.window)
	out.body = body
	if err != nil {
		out.failure = report.AsFailure(err)
	}
	if len(body.Sent) == 0 {
		return // the limits forbade it: nothing happened
	}
	r := newReading(c, out)
	if len(body.Bytes) > 0 {
		if err := r.split(); err != nil && out.failure == nil {
			out.failure = unreadable(out, err)
		}
	}
	if err := r.finish(); err != nil {
		// What was not committed is not marked as seen, so the next answer brings it again.
		out.failure = report.Fail(report.Local, "state", "account %s: an answer could not be recorded, it is asked for again: %w", a.Name, err)
		return
	}
	if out.failure == nil && out.window.Kind == report.Yesterday {
		out.doubt = c.considerSeal(out, r.hashes)
	}
}

// held tells that our own count of the vendor's limits ended the cycle, which is no failure of a request.
func (out *outcome) held() bool {
	return out.failure != nil && out.failure.Class == report.Throttle && out.failure.Code == 0
}

// fetch is the row of the cycle's last request in the table fetches; the body has those of earlier ones.
func (out *outcome) fetch() report.Fetch {
	f := report.Fetch{
		At: out.body.AskedAt, Vendor: "alpemix", Account: out.account.Name, Job: string(out.body.Sent[len(out.body.Sent)-1]), Outcome: "ok",
		Rows: uint64(out.rows), New: uint64(out.new), Changed: uint64(out.changed), Quarantined: uint64(out.quarantined),
		Bytes: uint64(len(out.body.Bytes)), Seconds: out.body.FetchedAt.Sub(out.body.AskedAt).Seconds(),
	}
	if out.failure != nil && !out.held() {
		f.Outcome, f.Code = out.failure.Reason, out.failure.Code
	}
	return f
}
