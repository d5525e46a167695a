package collector

import (
	"context"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// parse decodes a record; a variable so that a test can count.
var parse = parser.Parse

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
	doubt       string // why a complete answer for yesterday does not seal that day, empty if it may
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

// fetch is the cycle's row in the table fetches.
func (out *outcome) fetch() report.Fetch {
	f := report.Fetch{
		At: out.body.AskedAt, Vendor: "alpemix", Account: out.account.Name, Job: string(out.window.Kind), Outcome: "ok",
		Rows: uint64(out.rows), New: uint64(out.new), Changed: uint64(out.changed), Quarantined: uint64(out.quarantined),
		Bytes: uint64(len(out.body.Bytes)), Seconds: out.body.FetchedAt.Sub(out.body.AskedAt).Seconds(),
	}
	if out.failure != nil {
		f.Outcome, f.Code = out.failure.Reason, out.failure.Code
	}
	if f.At.IsZero() {
		f.At = time.Now()
	}
	return f
}
