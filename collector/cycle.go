package collector

import (
	"context"
	"fmt"
	"slices"
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
			conn, reject = report.Connection{}, &report.Reject{
				Vendor: parser.Vendor, Account: src.Account, Reason: "defect", Detail: fmt.Sprintf("a defect in the parser: %v; please report it with the record", r),
				Raw: string(rec.Raw), Hash: parser.Hash(rec.Raw), At: src.FetchedAt,
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
	twins       []string // UIDs that the answer lists several times with different content, as far as that is new
	overlaps    bool     // the oldest record of the answer was known before
	tally       parser.Tally
	ahead       time.Duration // how far in the future the newest connection starts, 0 if that is nothing strange
	doubt       string        // why a complete answer is not believed to describe its day, empty if nothing speaks against it
	accepted    bool          // it is taken in spite of the doubt: the day can hardly be asked for again
}

// read makes the request, finds what is new in its answer and commits it.
func (c *Collector) read(ctx context.Context, out *outcome) {
	a := out.account
	body, err := a.Fetcher.Fetch(ctx, out.window)
	out.body = body
	if err != nil {
		out.failure = report.AsFailure(err)
	}
	if len(body.Requests) == 0 {
		return // the limits forbade it: nothing happened
	}
	r := newReading(c, out)
	if body.Content != nil {
		defer func() { _ = body.Content.Close() }() // it was only read
		if err := r.split(); err != nil && out.failure == nil {
			out.failure = unreadable(out, err)
		}
	}
	err = r.finish()
	if err == nil && out.failure == nil {
		err = r.consider()
	}
	if err != nil {
		// What was not committed is not marked as seen, so the next answer brings it again.
		out.failure = report.Fail(report.Local, "state", "account %s: an answer could not be recorded, it is asked for again: %w", a.Name, err)
	}
}

// consider asks what a complete answer says of its day.
func (r *reading) consider() error {
	switch r.out.window.Kind {
	case report.Yesterday:
		return r.c.considerSeal(r)
	case report.Today:
		return r.c.considerToday(r)
	}
	return nil
}

// held reports that nothing failed but that our own count of the vendor's limits, or its block, ended
// the cycle early. What the vendor itself says of its limits is a failure.
func (out *outcome) held() bool {
	f := out.failure
	return f != nil && (f.Reason == report.OwnLimit || f.Class == report.Blocked && len(out.body.Requests) == 0)
}

// fetches are the rows of the cycle's requests in the table fetches. The last one is the report's, with what it brought,
// unless the cycle ended before; a report that arrived and could not be cut into records is its failure.
func (out *outcome) fetches() []report.Fetch {
	all := slices.Clone(out.body.Requests)
	if last := len(all) - 1; last >= 0 && all[last].Job == string(out.window.Kind) {
		all[last].Rows, all[last].New, all[last].Changed = uint64(out.rows), uint64(out.new), uint64(out.changed)
		all[last].Quarantined = uint64(out.quarantined)
		if out.failure != nil && all[last].Outcome == "ok" && !out.held() {
			all[last].Outcome, all[last].Code = out.failure.Reason, out.failure.Code
		}
	}
	return all
}
